/** Finds the Python interpreters of this machine that our modules support. */
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { capture } from "./capture.mjs";
import { Stop } from "./stop.mjs";

const MINORS = [9, 10, 11, 12, 13];

/**
 * `[{ path, version }]`, sorted by version: python3 and python3.9 … python3.13 from PATH, and those of pyenv. `path` is the
 * interpreter itself (sys.executable, links resolved): a version manager's shim costs four times the start-up, every time.
 */
export async function findInterpreters() {
  const candidates = ["python3", ...MINORS.map((minor) => `python3.${minor}`), ...pyenvInterpreters()];
  const found = new Map();
  for (const answer of await Promise.all(candidates.map(ask))) {
    if (answer && answer.minor >= MINORS[0]) found.set(realpathSync(answer.path), answer);
  }
  if (found.size === 0) {
    throw new Stop(
      "PYTHON_MISSING",
      "no Python 3.9 or newer runs",
      "Install Python 3.9 or newer and put python3 on PATH.",
    );
  }
  return [...found]
    .map(([path, { version, minor }]) => ({ path, version, minor }))
    .sort((a, b) => a.minor - b.minor || (a.path < b.path ? -1 : 1));
}

function pyenvInterpreters() {
  const versions = join(process.env.PYENV_ROOT ?? join(homedir(), ".pyenv"), "versions");
  if (!existsSync(versions)) return [];
  return readdirSync(versions).map((name) => join(versions, name, "bin", "python3"));
}

/** Undefined when it does not run: shims exist for versions that are not selected. */
async function ask(command) {
  const code = "import sys; print('%d.%d.%d' % sys.version_info[:3]); print(sys.executable)";
  const run = await capture(command, ["-B", "-c", code]).catch(() => undefined);
  if (run?.exit_code !== 0) return undefined;
  const [version, path] = run.stdout.trim().split("\n");
  const [major, minor] = version.split(".").map(Number);
  return major === 3 && path ? { path, version, minor } : undefined;
}
