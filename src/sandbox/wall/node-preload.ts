/** In the environment of a program that is held. */
export const HELD = "HOLDFAST_HELD";

/** Loaded before a Node program: says what the permission model of Node denied, also where the program catches the error. */
export const NODE_PRELOAD = String.raw`"use strict";
{
  const config = JSON.parse(@CONFIG@);
  const fs = require("node:fs");
  const { resolve } = require("node:path");
  const { readFileSync, readlinkSync, readSync, writeSync } = fs;
  const said = new Set();
  const is_worker = process.env.HOLDFAST_WORKER !== undefined;
  const RULES = { FileSystemRead: "files.read", FileSystemWrite: "files.write", ChildProcess: "subprocess", Net: "network" };
  const say = (rule, subject) => {
    const text = String(subject).slice(0, 400);
    // A worker cannot tell one call from the next, and each is to have its own record.
    if (!is_worker) {
      if (said.has(rule + text)) return;
      if (said.size < 1024) said.add(rule + text);
    }
    try {
      writeSync(config.denials_fd, JSON.stringify({ rule, subject: text, seen_by: "node" }) + "\n");
    } catch {}
  };
  const seen = (error, writes = false, args = []) => {
    if (error?.code === "ERR_ACCESS_DENIED") say(RULES[error.permission] ?? "files.read", error.resource || args.find((one) => typeof one === "string") || "a program");
    else if (WALL_SAYS.has(error?.code))
      for (const path of [error.path, error.dest])
        if (typeof path === "string") walled(writes || error.code === "EROFS", resolve(path));
    return error;
  };
  // What the wall denied where the permission model was silent: in the plane, what was not granted is not there.
  const WALL_SAYS = new Set(["ENOENT", "EACCES", "EPERM", "EROFS"]);
  const inside = (path, folder) => path === folder || path.startsWith(folder + "/");
  // Of a process that is not of this namespace: a number above the last that was given in it.
  const isElsewhere = (path) => {
    const [, number] = /^\/proc\/(\d+)(?:\/|$)/.exec(path) ?? [];
    return number !== undefined && Number(number) > Number(readFileSync("/proc/loadavg", "utf8").trim().split(" ").at(-1));
  };
  const ledTo = (path) => {
    try {
      return resolve(path, "..", readlinkSync(path));
    } catch {}
  };
  const walled = (writes, path) => {
    if (isElsewhere(path)) return say(writes ? "files.write" : "files.read", path);
    const to = ledTo(path);
    if (to !== undefined && ![...config.read, ...config.write].some((one) => inside(to, one))) return say(writes ? "files.write" : "files.read", to);
    const granted = writes ? config.write : [...config.read, ...config.write];
    const own = granted.filter((one) => inside(one, config.plane));
    const is_hidden = config.hidden.some((one) => inside(path, one));
    if (is_hidden || (inside(path, config.plane) && !own.some((one) => inside(path, one))))
      say(writes ? "files.write" : "files.read", path);
  };
  const WRITES = /^(?:append|write|truncate|unlink|rm|rename|l?chmod|l?chown|l?utimes|mkdir|mkdtemp|copyFile|cp|link|symlink)/;
  const watched = (call, name) => {
    const writes = WRITES.test(name);
    const watching = function (...args) {
      const last = args.at(-1);
      if (typeof last === "function")
        args[args.length - 1] = function (error, ...rest) {
          seen(error, writes, args);
          return Reflect.apply(last, this, [error, ...rest]);
        };
      try {
        const result = new.target === undefined ? Reflect.apply(call, this, args) : Reflect.construct(call, args, new.target);
        if (typeof result?.then === "function") result.then(undefined, (error) => void seen(error, writes, args));
        return result;
      } catch (error) {
        throw seen(error, writes, args);
      }
    };
    return Object.defineProperties(watching, Object.getOwnPropertyDescriptors(call));
  };
  const watch = (module) => {
    for (const [name, value] of Object.entries(module))
      if (typeof value === "function" && !/^[A-Z_]/.test(name)) module[name] = watched(value, name);
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
  if (!config.network) {
    // Where every socket is denied, the name is told that would have been asked for.
    const asked = (host) => {
      if (typeof host === "string" && ![...said].some((one) => one.startsWith("network" + host + ":"))) say("network", host);
    };
    const dns = require("node:dns");
    for (const module of [dns, dns.promises])
      for (const name of Object.keys(module).filter((one) => /^(?:lookup|resolve\w*|reverse)$/.test(one))) {
        const call = module[name];
        module[name] = function (host, ...rest) {
          asked(host);
          return Reflect.apply(call, this, [host, ...rest]);
        };
      }
    const { Socket } = require("node:dgram");
    const { send } = Socket.prototype;
    Socket.prototype.send = function (...args) {
      const at = args.findLastIndex((one, index) => index > 0 && typeof one === "string");
      say("network", at > 0 ? args[at] + ":" + args[at - 1] : "a socket");
      return Reflect.apply(send, this, args);
    };
  }
  process.on("uncaughtExceptionMonitor", (error) => void seen(error));
  require("node:module").syncBuiltinESMExports();
  // Nothing of the program is read before the word is given; without one nobody is there any more. Threads and programs of its
  // own load this too, with what its environment is then.
  if (process.env.${HELD} !== undefined) {
    delete process.env.${HELD};
    if (readSync(config.denials_fd, Buffer.alloc(1)) === 0) process.exit(1);
  }
}
`;
