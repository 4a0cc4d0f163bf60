/** Loaded before a Node program: says what the permission model of Node denied, also where the program catches the error. */
export const NODE_PRELOAD = String.raw`"use strict";
{
  const config = JSON.parse(@CONFIG@);
  const fs = require("node:fs");
  const { resolve } = require("node:path");
  const { writeSync } = fs;
  const said = new Set();
  const RULES = { FileSystemRead: "files.read", FileSystemWrite: "files.write", ChildProcess: "subprocess", Net: "network" };
  const say = (rule, subject) => {
    const text = String(subject).slice(0, 400);
    if (said.has(rule + text) || said.size > 200) return;
    said.add(rule + text);
    try {
      writeSync(config.denials_fd, JSON.stringify({ rule, subject: text, seen_by: "node" }) + "\n");
    } catch {}
  };
  const seen = (error) => {
    if (error?.code === "ERR_ACCESS_DENIED") say(RULES[error.permission] ?? "files.read", error.resource || "a program");
    else if (typeof error?.path === "string" && WALL_SAYS.has(error.code)) walled(error.code, resolve(error.path));
    return error;
  };
  // What the wall denied where the permission model was silent: in the plane, what was not granted is not there.
  const WALL_SAYS = new Set(["ENOENT", "EACCES", "EPERM", "EROFS"]);
  const inside = (path, folder) => path === folder || path.startsWith(folder + "/");
  const walled = (code, path) => {
    const rule = code === "EROFS" ? "files.write" : "files.read";
    const granted = rule === "files.write" ? config.write : [...config.read, ...config.write];
    const own = granted.filter((one) => inside(one, config.plane));
    if (inside(path, config.plane) && !own.some((one) => inside(path, one))) say(rule, path);
  };
  const watched = (call) => {
    const watching = function (...args) {
      const last = args.at(-1);
      if (typeof last === "function")
        args[args.length - 1] = function (error, ...rest) {
          seen(error);
          return Reflect.apply(last, this, [error, ...rest]);
        };
      try {
        const result = new.target === undefined ? Reflect.apply(call, this, args) : Reflect.construct(call, args, new.target);
        if (typeof result?.then === "function") result.then(undefined, seen);
        return result;
      } catch (error) {
        throw seen(error);
      }
    };
    return Object.defineProperties(watching, Object.getOwnPropertyDescriptors(call));
  };
  const watch = (module) => {
    for (const [name, value] of Object.entries(module))
      if (typeof value === "function" && !/^[A-Z_]/.test(name)) module[name] = watched(value);
  };
  watch(fs);
  watch(fs.promises);
  watch(require("node:child_process"));
  const net = require("node:net");
  const { connect } = net.Socket.prototype;
  net.Socket.prototype.connect = function (...args) {
    const to = Array.isArray(args[0]) ? args[0][0] : args[0];
    const host = typeof to === "object" && to !== null ? (to.path ?? to.host ?? "localhost") : typeof args[1] === "string" ? args[1] : "localhost";
    const port = typeof to === "object" && to !== null ? to.port : to;
    const local = host === "127.0.0.1" || host === "localhost";
    if (!(config.network && local)) say("network", port === undefined ? host : host + ":" + port);
    return Reflect.apply(connect, this, args);
  };
  process.on("uncaughtExceptionMonitor", seen);
  require("node:module").syncBuiltinESMExports();
}
`;
