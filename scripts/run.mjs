/**
 * The only entry of `npm run <task>` and `npm test`. It needs no dependency and runs on any Node from 20 on: it installs what
 * is missing and hands the task to the Node this repository pins.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureDependencies } from "./dependencies.mjs";
import { orStop, Stop } from "./stop.mjs";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const TASKS = [
  "build",
  "generate",
  "check",
  "test",
  "quickstart",
  "plane",
  "bench",
  "crash",
  "proofs",
  "plugin-preflight",
];
const TASKS_WITH_PYTHON = ["check", "test", "proofs", "quickstart", "plane", "bench"];
const PYTHON_MIN = [3, 9];
/** The lowest Node that runs our TypeScript sources without a flag. */
const NODE_MIN = [22, 18];

await orStop(async () => {
  const [task, ...args] = process.argv.slice(2);
  const script = join(ROOT, "scripts", `${task}.mjs`);
  if (!TASKS.includes(task)) {
    throw new Stop("TASK_UNKNOWN", `no task is called "${task}"`, `Run one of: ${TASKS.join(", ")}.`, 2);
  }
  if (!existsSync(script)) {
    throw new Stop(
      "TASK_MISSING",
      `scripts/${task}.mjs does not exist`,
      `Run another of: ${TASKS.join(", ")}.`,
    );
  }
  if (TASKS_WITH_PYTHON.includes(task)) requirePython();
  ensureDependencies(ROOT);
  await handOver(pinnedNode(), [script, ...args]);
});

function pinnedNode() {
  const pinned = join(ROOT, "node_modules", "node", "bin", "node");
  if (existsSync(pinned)) return pinned;
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return process.execPath;
  throw new Stop(
    "NODE_TOO_OLD",
    `this is Node ${process.versions.node}, ${NODE_MIN.join(".")} or newer is needed, and node_modules/node/bin/node is missing`,
    'Run "npm ci --ignore-scripts=false", which fetches the pinned Node, then the same command again.',
  );
}

function requirePython() {
  const probe = spawnSync("python3", ["-c", "import sys; print('%d %d' % sys.version_info[:2])"], {
    encoding: "utf8",
  });
  if (probe.error || probe.status !== 0) {
    throw new Stop(
      "PYTHON_MISSING",
      "python3 does not run",
      "Install Python 3.9 or newer and put python3 on PATH.",
    );
  }
  const [major, minor] = probe.stdout.split(" ").map(Number);
  if (major < PYTHON_MIN[0] || (major === PYTHON_MIN[0] && minor < PYTHON_MIN[1])) {
    throw new Stop(
      "PYTHON_TOO_OLD",
      `python3 is ${major}.${minor}`,
      "Put a python3 of 3.9 or newer first on PATH.",
    );
  }
}

/** Runs the task with the pinned Node first on PATH, passes signals on and ends the way it ended. */
function handOver(node, argv) {
  const first = [dirname(node), join(ROOT, "node_modules", ".bin")];
  const PATH = [...first, process.env.PATH ?? ""].join(delimiter);
  const child = spawn(node, argv, { cwd: ROOT, env: { ...process.env, PATH }, stdio: "inherit" });
  // Ctrl-C reaches the child by itself: both stand in the terminal's foreground group.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (exit_code, signal) => {
      process.exitCode = exit_code ?? 128 + constants.signals[signal];
      resolve();
    });
  });
}
