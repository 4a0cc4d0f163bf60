/** The same for Node, as far as Node can try. */
export const NODE_ATTEMPTS = String.raw`
import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import dns from "node:dns/promises";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import { Worker } from "node:worker_threads";

const told = JSON.parse(fs.readFileSync(0, "utf8"));
const { plane, plugin, data, outside } = told;
const scratch = data || "/tmp";
const own = plugin + "/own";
const answers = {};
const attempt = async (name, action) => {
  try {
    await action();
    answers[name] = "done";
  } catch (error) {
    answers[name] = error.info?.code ?? error.code ?? "no denial: " + error;
  }
};
const fail = (code) => {
  throw Object.assign(new Error(code), { code });
};
const read = (path) => {
  if (fs.readFileSync(path).length === 0) fail("ENODATA");
};
const put = (path, harm = "harm") => fs.appendFileSync(path, harm);
const opened = (path) => fs.closeSync(fs.openSync(path, "a"));
const spawn = (path, ...args) => {
  const { error } = spawnSync(path, args);
  if (error) throw error;
};
const connect = (options) =>
  new Promise((resolve, reject) => {
    const socket = net.connect(options, () => {
      socket.end("harm");
      resolve();
    });
    socket.on("error", reject);
    socket.setTimeout(1000, () => reject(Object.assign(new Error("silent"), { code: "ETIMEDOUT" })));
  });
const send = (type, port, host) =>
  new Promise((resolve, reject) => {
    const socket = createSocket(type);
    socket.on("error", reject);
    socket.send("harm", port, host, (error) => {
      socket.close();
      if (error) reject(error);
      else resolve();
    });
  });
const withSecret = (texts) => texts.some((text) => text.includes(told.secret)) || fail("ENOENT");
const through = (to) => {
  const link = scratch + "/way-" + Object.keys(answers).length;
  fs.symlinkSync(to, link);
  try {
    read(link);
  } finally {
    fs.unlinkSync(link);
  }
};
const ofAll = (file) =>
  fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map((pid) => {
    try {
      return fs.readFileSync("/proc/" + pid + "/" + file, "utf8");
    } catch {
      return "";
    }
  });
const copied = (where) => {
  const path = where + "/program";
  fs.writeFileSync(path, "#!/bin/sh\nexit 0\n", { mode: 0o755 });
  try {
    spawn(path);
  } finally {
    fs.unlinkSync(path);
  }
};
const ATTEMPTS = {
  "file-outside": () => read(outside + "/file"),
  "file-outside-dotdot": () => read(plugin + "/../../outside/file"),
  "file-other-plugin": () => read(plane + "/other/file"),
  "file-plane-truth": () => read(plane + "/.holdfast/file"),
  "file-forbidden": () => read(plugin + "/secret/file"),
  "file-passwd": () => read("/etc/passwd"),
  "file-shadow": () => read("/etc/shadow"),
  "file-hostname": () => read("/etc/hostname"),
  "list-outside": () => fs.readdirSync(outside),
  "list-sys": () => fs.readdirSync("/sys/kernel"),
  "link-there": () => read(plugin + "/way-out"),
  "link-made": () => through(outside + "/file"),
  "link-hard-out": () => fs.linkSync(outside + "/file", scratch + "/hard"),
  "link-hard-own": () => fs.linkSync(own, plugin + "/hard"),
  "proc-root": () => read("/proc/1/root/etc/passwd"),
  "proc-cwd": () => fs.readdirSync("/proc/1/cwd"),
  "proc-environ": () => read("/proc/1/environ"),
  "proc-host-environ": () => read("/proc/" + told.pid + "/environ"),
  "proc-memory": () => fs.closeSync(fs.openSync("/proc/1/mem")),
  "proc-descriptors": () => fs.readdirSync("/proc/1/fd"),
  "proc-core-pattern": () => opened("/proc/sys/kernel/core_pattern"),
  "proc-sysrq": () => opened("/proc/sysrq-trigger"),
  "proc-oom": () => put("/proc/self/oom_score_adj", "500"),
  "own-append": () => put(own),
  "own-truncate": () => fs.truncateSync(own, 0),
  "own-unlink": () => fs.unlinkSync(own),
  "own-rename": () => fs.renameSync(own, plugin + "/renamed"),
  "own-replace": () => fs.renameSync(plugin + "/second", own),
  "own-chmod": () => fs.chmodSync(own, 0o777),
  "own-chown": () => fs.chownSync(own, process.getuid(), process.getgid()),
  "own-utime": () => fs.utimesSync(own, 1, 1),
  "own-folder": () => fs.mkdirSync(plugin + "/new"),
  "own-copy": () => fs.copyFileSync(process.execPath, plugin + "/node"),
  "write-outside": () => put(outside + "/harm"),
  "write-other": () => put(plane + "/other/harm"),
  "write-truth": () => put(plane + "/.holdfast/harm"),
  "write-plane": () => put(plane + "/harm"),
  "write-system": () => put("/usr/lib/harm"),
  "write-root": () => put("/harm"),
  "write-etc": () => put("/etc/ld.so.preload"),
  "device-memory": () => fs.openSync("/dev/mem"),
  "device-disk": () => fs.openSync(told.disk),
  "program-shell": () => spawn("/bin/sh", "-c", "true"),
  "program-perl": () => spawn("/usr/bin/perl", "-e", "1"),
  "program-copied": () => copied("/tmp"),
  "program-copied-shm": () => copied("/dev/shm"),
  "program-setuid": () => spawn("/usr/bin/su", "--version"),
  tcp: () => connect({ host: "127.0.0.1", port: told.tcp }),
  "tcp-mapped": () => connect({ host: "::ffff:127.0.0.1", port: told.tcp }),
  "tcp-away": () => connect({ host: "192.0.2.1", port: 80 }),
  "tcp-metadata": () => connect({ host: "169.254.169.254", port: 80 }),
  "udp-away": () => send("udp4", 53, "192.0.2.1"),
  "udp-six": () => send("udp6", 53, "2001:db8::1"),
  dns: () => dns.lookup("example.org"),
  "unix-path": () => connect({ path: plugin + "/daemon.sock" }),
  "unix-abstract": () => connect({ path: "\0" + told.abstract }),
  "signal-host": () => process.kill(told.pid, 0),
  priority: () => os.setPriority(told.victim, 19),
  "become-root": () => process.setuid(0),
  "become-group": () => process.setgid(0),
  groups: () => process.setgroups([0]),
  environment: () => withSecret([JSON.stringify(process.env), fs.readFileSync("/proc/self/environ", "utf8")]),
  "environment-others": () => withSecret(ofAll("environ")),
  "command-lines": () => withSecret(ofAll("cmdline")),
  terminal: () => fs.openSync("/dev/tty", "r+"),
  "shared-memory": () => fs.readdirSync("/dev/shm").length > 0 || fail("ENOENT"),
  "processes-seen": () => fs.statSync("/proc/" + told.pid),
  // The last: others need it alive.
  "signal-victim": () => process.kill(told.victim, "SIGKILL"),
};
for (const [name, action] of Object.entries(ATTEMPTS)) {
  if (told.left_out.includes(name)) continue;
  // Where attempts succeed, one must not take from the next what it needs.
  if (told.is_control) for (const file of [own, plugin + "/second"]) fs.writeFileSync(file, "own");
  await attempt(name, action);
}

const allowed = {};
const allow = async (name, action) => {
  try {
    await action();
    allowed[name] = true;
  } catch (error) {
    allowed[name] = String(error);
  }
};
const used = (path) => {
  fs.writeFileSync(path, "kept");
  if (fs.readFileSync(path, "utf8") !== "kept") fail("EIO");
};
await allow("read-own", () => fs.readFileSync(own, "utf8") === "own" || fail("EIO"));
await allow("temp", () => used("/tmp/kept"));
await allow("shared-memory", () => used("/dev/shm/kept"));
await allow("threads", () => new Promise((resolve, reject) => {
  const worker = new Worker("1", { eval: true });
  worker.on("exit", resolve);
  worker.on("error", reject);
}));
await allow("clock", () => Date.now() > 1.6e12 || fail("EIO"));
if (data) await allow("write-data", () => used(data + "/kept"));
if (told.kind === "quality_gate") await allow("read-wide", () => read(plane + "/other/file"));
console.log(JSON.stringify({ answers, allowed }));
process.exit(0);
`;
