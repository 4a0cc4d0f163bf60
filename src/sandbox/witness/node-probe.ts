/** The same as the Python probe for a Node program, as far as Node can try: it makes no system calls of its own choice. */
export const NODE_PROBE = String.raw`
import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import fs from "node:fs";
import net from "node:net";

const told = JSON.parse(fs.readFileSync(0, "utf8"));
const { plugin, outside } = told;
const seen = (action) => {
  try {
    action();
    return "done";
  } catch (error) {
    return error.code ?? String(error);
  }
};
const verdict = (answers) =>
  (answers.includes("done") ? "broken " : "held ") + [...new Set(answers)].sort().join(" ");
const allDenied = (actions) => verdict(actions.map(seen));
/** Only these are a refusal: any other says that nobody listens there, and that one could. */
const refused = (answers, codes) =>
  (answers.every((answer) => codes.includes(answer)) ? "held " : "broken ") + [...new Set(answers)].sort().join(" ");
const put = (path) => fs.writeFileSync(path, "x");
const connecting = (options) =>
  new Promise((resolve) => {
    const socket = net.connect(options);
    socket.setTimeout(1000, () => socket.destroy(Object.assign(new Error("silent"), { code: "ETIMEDOUT" })));
    socket.on("connect", () => {
      socket.destroy();
      resolve("done");
    });
    socket.on("error", (error) => resolve(error.code));
  });
const askedProxy = () =>
  new Promise((resolve) => {
    const socket = net.connect({ host: "127.0.0.1", port: told.relay_port });
    socket.setTimeout(5000, () => resolve("nothing"));
    socket.on("data", (bytes) => resolve(bytes.toString("latin1").split("\r")[0]));
    socket.on("error", (error) => resolve(error.code));
    socket.write("CONNECT not-granted.invalid:443 HTTP/1.1\r\n\r\n");
  });
const udp = () =>
  new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.on("error", (error) => resolve(error.code));
    try {
      socket.bind(0, "127.0.0.1", () => {
        socket.close();
        resolve("done");
      });
    } catch (error) {
      resolve(error.code);
    }
  });
const status = (name) =>
  fs.readFileSync("/proc/self/status", "utf8").split("\n").find((line) => line.startsWith(name + ":")).split(/\s+/)[1];
const shared = Object.entries(told.spaces).filter(([name, other]) => fs.readlinkSync("/proc/self/ns/" + name) === other);
const users = fs.readFileSync("/proc/self/uid_map", "utf8").trim().split(/\s+/)[1];
const fill = () => {
  for (let i = 0; i <= told.temp_bytes_max / 262144 + 1; i++) fs.writeFileSync("/tmp/fill-" + i, Buffer.alloc(262144));
};
const filled = seen(fill);
for (const name of fs.readdirSync("/tmp")) if (name.startsWith("fill-")) fs.unlinkSync("/tmp/" + name);
const works = seen(() => {
  if (fs.readFileSync(plugin + "/own", "utf8") !== "own") throw new Error("own");
  for (const folder of told.written) put(folder + "/made-inside");
  for (const folder of ["/tmp", "/dev/shm"]) {
    put(folder + "/scratch-" + told.late);
    fs.unlinkSync(folder + "/scratch-" + told.late);
  }
});
const open = fs.readdirSync("/proc/self/fd").map(Number).filter((fd) => fd > 2);
const strangers = open.filter((fd) => {
  try {
    return /^(\/(?!dev\/null)|socket:)/.test(fs.readlinkSync("/proc/self/fd/" + fd)) && !told.descriptors.includes(fd);
  } catch {
    return false;
  }
});
const followed = (path) => {
  const link = told.link_in + "/link-" + told.late;
  fs.symlinkSync(path, link);
  try {
    fs.openSync(link);
  } finally {
    fs.unlinkSync(link);
  }
};
const answers = {
  "files.outside": allDenied(told.unread.map((path) => () => (path.endsWith("/") ? fs.readdirSync(path) : fs.openSync(path)))),
  "files.hidden": allDenied(told.hidden.map((path) => () => {
    if (fs.readFileSync(path).length === 0) fs.statSync("/gone");
  })),
  "files.own": allDenied([
    () => put(plugin + "/new"),
    () => put(plugin + "/own"),
    () => fs.truncateSync(plugin + "/own", 0),
    () => fs.unlinkSync(plugin + "/own"),
    () => fs.renameSync(plugin + "/own", plugin + "/other"),
    () => fs.chmodSync(plugin + "/own", 0o777),
    () => fs.utimesSync(plugin + "/own", 1, 1),
    () => fs.symlinkSync("/", plugin + "/link"),
    () => fs.mkdirSync(plugin + "/folder"),
  ]),
  "files.system": allDenied(
    ["/usr/lib/new", "/etc/new", "/new", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", outside + "/new"].map(
      (path) => () => put(path),
    ),
  ),
  "files.link": allDenied([outside + "/file", "/etc/shadow", "/proc/1/root"].map((path) => () => followed(path))),
  "network.space": shared.length === 0 ? "held" : "broken shares " + shared.join(" "),
  "network.tcp": verdict([
    await connecting({ host: "127.0.0.1", port: told.port }),
    await connecting({ host: "192.0.2.1", port: 9 }),
  ]),
  "network.socket": verdict([await udp()]),
  "network.unix": refused(
    [await connecting({ path: "/run/none.sock" }), await connecting({ path: "\0none" })],
    ["EACCES", "EPERM", "EAFNOSUPPORT"],
  ),
  "processes.hidden": allDenied([
    () => process.kill(told.pid, 0),
    () => fs.statSync("/proc/" + told.pid),
    () => fs.readdirSync("/proc/1/fd"),
    () => fs.readFileSync("/proc/1/environ"),
  ]),
  "programs.none": verdict(told.programs.map((path) => spawnSync(path, []).error?.code ?? "done")),
  "rights.user": process.getuid() !== 0 && users !== "0" && /^0+$/.test(status("CapEff")) ? "held" : "broken " + users,
  "rights.gain": status("NoNewPrivs") === "1" && status("Seccomp") === "2" ? "held" : "broken",
  environment:
    JSON.stringify(Object.keys(process.env).sort()) === JSON.stringify(told.environment)
      ? "held"
      : "broken " + Object.keys(process.env),
  descriptors: strangers.length === 0 ? "held" : "broken " + strangers,
  terminal: allDenied([() => fs.openSync("/dev/tty", "r+")]),
  "temp.size": (filled === "ENOSPC" ? "held " : "broken ") + filled,
  allowed: works === "done" ? "held" : "broken " + works,
};
if (told.relay_port) {
  const said = await askedProxy();
  answers["network.domain"] = (said.includes(" 403 ") ? "held " : "broken ") + said;
}
console.log(JSON.stringify(answers));
`;
