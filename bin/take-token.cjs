/** Takes the token out of what a child process would show to everybody. Same syntax rule as launch.cjs. */
"use strict";

var ENVIRONMENT_NAMES = ["HOLDFAST_TOKEN", "CONTROL_PLANE_TOKEN"];

/**
 * Returns { args, env } without the token and, where there is one, `token` (text) or `token_fd` (a descriptor the caller
 * inherited from its own parent). The order is the one of the commands: argument, file, HOLDFAST_TOKEN, CONTROL_PLANE_TOKEN;
 * --token-file names a file and shows nothing, so it stays. Arguments after "--" belong to somebody else.
 */
exports.takeToken = function takeToken(args, environment) {
  var taken = { args: [], env: {}, token: undefined, token_fd: undefined };
  var hasFile = false;
  for (var i = 0; i < args.length; i += 1) {
    var arg = args[i];
    if (arg === "--") {
      taken.args = taken.args.concat(args.slice(i));
      break;
    }
    if (arg === "--token" && i + 1 < args.length) taken.token = args[(i += 1)];
    else if (arg.indexOf("--token=") === 0) taken.token = arg.slice("--token=".length);
    else if (arg === "--token-fd" && /^\d+$/.test(args[i + 1] || "")) taken.token_fd = Number(args[(i += 1)]);
    else if (/^--token-fd=\d+$/.test(arg)) taken.token_fd = Number(arg.slice("--token-fd=".length));
    else {
      hasFile = hasFile || arg === "--token-file" || arg.indexOf("--token-file=") === 0;
      taken.args.push(arg);
    }
  }
  Object.keys(environment).forEach(function (name) {
    if (ENVIRONMENT_NAMES.indexOf(name) < 0) taken.env[name] = environment[name];
  });
  ENVIRONMENT_NAMES.forEach(function (name) {
    if (taken.token === undefined && taken.token_fd === undefined && !hasFile && environment[name]) {
      taken.token = environment[name];
    }
  });
  return taken;
};
