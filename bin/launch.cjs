/**
 * Starts a program in this process when Node is new enough, else in the best Node it can find.
 * Whatever Node the user has parses this file, so it keeps to the syntax of 2009: var, function, no import().
 */
"use strict";

var path = require("path");

var NODE_MIN = [22, 18];
var PACKAGE = path.dirname(__dirname);

exports.launch = function launch(program) {
  var args = process.argv.slice(2);
  if (args.length === 1 && args[0] === "--version") {
    process.stdout.write("holdfast " + require("../package.json").version + "\n");
  } else if (exports.isNewEnough(process.versions.node)) {
    runHere(program, args);
  } else {
    require("./relaunch.cjs").relaunch(program, args);
  }
};

/** "22.18.0" or "v22.18.0" against NODE_MIN. */
exports.isNewEnough = function isNewEnough(version) {
  var found = /^v?(\d+)\.(\d+)\./.exec(version);
  if (!found) return false;
  var major = Number(found[1]);
  return major > NODE_MIN[0] || (major === NODE_MIN[0] && Number(found[2]) >= NODE_MIN[1]);
};

/**
 * Writes a fault as the products's own commands do: prose on stderr, with --json one document on stdout.
 * The exit code is always 5, a fault of the environment.
 */
exports.refuse = function refuse(args, fault) {
  var end = args.indexOf("--");
  if ((end < 0 ? args : args.slice(0, end)).indexOf("--json") >= 0) {
    process.stdout.write(JSON.stringify({ error: fault }) + "\n");
  }
  process.stderr.write(fault.code + ": " + fault.message + "\nnext: " + fault.next_step + "\n");
  process.exitCode = 5;
};

function runHere(program, args) {
  var exists = require("fs").existsSync;
  // Some programs have a bundle of their own, which holds nothing that others need and so starts sooner.
  var main = path.join(PACKAGE, "dist", "cli", program + ".js");
  if (!exists(main)) main = path.join(PACKAGE, "dist", "cli", "main.js");
  if (!exists(main)) {
    exports.refuse(args, {
      code: "PROGRAM_NOT_BUILT",
      message: "dist/cli/main.js is missing from this copy of holdfast",
      next_step: 'Run "npm run build" in ' + PACKAGE + ".",
      details: { path: "dist/cli/main.js" },
    });
    return;
  }
  // A literal import() would be a syntax error to the old Node this file must speak to.
  var load = new Function("url", "return import(url)");
  load(require("url").pathToFileURL(main).href)
    .then(function (loaded) {
      return loaded.main(args, { program: program });
    })
    .catch(function (error) {
      process.stderr.write((error && error.stack ? error.stack : String(error)) + "\n");
      process.exitCode = 70;
    });
}
