/** Finds a newer Node and runs the same program there. Same syntax rule as launch.cjs. */
"use strict";

var childProcess = require("child_process");
var fs = require("fs");
var os = require("os");
var path = require("path");
var launcher = require("./launch.cjs");
var takeToken = require("./take-token.cjs").takeToken;

var PROBE_MS_MAX = 5000;
/** The first descriptor after stdin, stdout and stderr. */
var TOKEN_FD = 3;

exports.relaunch = function relaunch(program, args) {
  var taken = takeToken(args, process.env);
  var tried = [];
  var node = findNode(taken.env, tried);
  if (node === undefined) {
    launcher.refuse(args, {
      code: "NODE_TOO_OLD",
      message:
        "this is Node " +
        process.versions.node +
        ", 22.18 or newer is needed, and none was found on this machine",
      next_step:
        "Run `npm install --prefix " +
        quoted(ownNodeFolder(taken.env)) +
        " node@24`, then the same command again.",
      details: { node_version: process.versions.node, tried: tried },
    });
    return;
  }
  var running = {};
  // First of all, so that no signal falls between the start and the listening.
  passSignalsTo(running);
  running.child = start(node, program, taken);
  endAs(running.child);
};

function start(node, program, taken) {
  var argv = [path.join(__dirname, program + ".cjs")].concat(taken.args);
  var stdio = ["inherit", "inherit", "inherit"];
  if (taken.token !== undefined) stdio[TOKEN_FD] = "pipe";
  else if (taken.token_fd !== undefined) stdio[TOKEN_FD] = taken.token_fd;
  if (stdio.length > TOKEN_FD) {
    var end = argv.indexOf("--");
    argv.splice(end < 0 ? argv.length : end, 0, "--token-fd", String(TOKEN_FD));
  }
  var child = childProcess.spawn(node, argv, { stdio: stdio, env: taken.env });
  if (taken.token !== undefined) {
    // A command that never asks for the token closes its end unread.
    child.stdio[TOKEN_FD].on("error", function () {});
    child.stdio[TOKEN_FD].end(taken.token);
  }
  return child;
}

function passSignalsTo(running) {
  var onTerminal = process.stdin.isTTY;
  ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"].forEach(function (name) {
    process.on(name, function () {
      // A terminal sends Ctrl-C and Ctrl-\ to the child by itself; twice would mean "stop at once".
      if (!onTerminal || (name !== "SIGINT" && name !== "SIGQUIT")) running.child.kill(name);
    });
  });
}

function endAs(child) {
  child.on("error", function (error) {
    process.stderr.write("NODE_TOO_OLD: the newer Node did not start: " + error.message + "\n");
    process.exitCode = 5;
  });
  child.on("exit", function (exit_code, signal) {
    if (!signal) process.exit(exit_code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** The first candidate that says it is new enough; every other lands in `tried`. */
function findNode(env, tried) {
  var names = candidates(env);
  for (var i = 0; i < names.length; i += 1) {
    var said = versionOf(names[i]);
    if (said !== undefined && launcher.isNewEnough(said)) return names[i];
    if (said !== undefined) tried.push({ path: names[i], version: said });
  }
  return undefined;
}

function versionOf(node) {
  if (!fs.existsSync(node)) return undefined;
  var probe = childProcess.spawnSync(node, ["--version"], {
    encoding: "utf8",
    env: {},
    timeout: PROBE_MS_MAX,
  });
  return probe.status === 0 ? probe.stdout.trim() : "does not run";
}

function candidates(env) {
  var inPackage = path.join("node", "bin", "node");
  var list = [];
  if (env.HOLDFAST_NODE) list.push(path.resolve(env.HOLDFAST_NODE));
  list.push(path.join(__dirname, "..", "node_modules", inPackage));
  // Beside this package, where the package manager put it for the same project.
  list.push(path.join(__dirname, "..", "..", inPackage));
  list.push(path.join(ownNodeFolder(env), "node_modules", inPackage));
  var names = ["node", "nodejs", "node24", "node22"];
  (env.PATH || "").split(path.delimiter).forEach(function (folder) {
    if (path.isAbsolute(folder)) {
      names.forEach(function (name) {
        list.push(path.join(folder, name));
      });
    }
  });
  list = list.concat(nvmNodes(env));
  list.push("/usr/local/bin/node", "/opt/homebrew/bin/node");
  return list.filter(function (name, index) {
    return list.indexOf(name) === index;
  });
}

/** Where the next step of NODE_TOO_OLD installs one. */
function ownNodeFolder(env) {
  return path.join(env.HOLDFAST_HOME || path.join(os.homedir(), ".holdfast"), "node");
}

function quoted(word) {
  return /^[\w/.@-]+$/.test(word) ? word : "'" + word.replace(/'/g, "'\\''") + "'";
}

/** Newest first. */
function nvmNodes(env) {
  var versions = path.join(env.NVM_DIR || path.join(os.homedir(), ".nvm"), "versions", "node");
  var names = fs.existsSync(versions) ? fs.readdirSync(versions) : [];
  var major = function (name) {
    return Number((/^v(\d+)\./.exec(name) || [])[1] || 0);
  };
  names.sort(function (a, b) {
    return major(b) - major(a);
  });
  return names.map(function (name) {
    return path.join(versions, name, "bin", "node");
  });
}
