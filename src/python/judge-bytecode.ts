/** Judges bytecode files: each equals a private compile of its source, or it was planted, or nobody here can tell. */
import type { Effects } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { bytecodeName } from "./cache-name.ts";
import { findPython, type Interpreter, PYTHON_FLAGS } from "./find-python.ts";
import { JUDGE_SCRIPT } from "./judge-script.ts";

export interface BytecodeItem {
  /** Relative to the root, as `modules/a/__pycache__/x.cpython-311.pyc`. */
  readonly pyc: string;
  /** Relative to the root, as `modules/a/x.py`. */
  readonly source: string;
}

export interface BytecodeVerdict {
  readonly verdict: "cache" | "planted" | "not_verifiable";
  /** Continues a sentence that begins with the path. */
  readonly reason: string;
}

type Needs = Pick<Effects, "fs" | "subprocess" | "host">;

/** Time for one run: a base, and for each file what a slow machine needs to compile a large module. */
const TIMEOUT_BASE_MS = 20_000;
const TIMEOUT_EACH_MS = 200;
/** After so many files that kill the interpreter the rest is left unjudged: every one costs a new process. */
const CRASHES_MAX = 16;

/**
 * Every item gets a verdict. Equal code counts as cache even when the recorded time is out of date; other code is planted
 * even then, because resetting the time of the source would make it run.
 */
export async function judgeBytecode(
  effects: Needs,
  request: { readonly root: string; readonly items: readonly BytecodeItem[] },
): Promise<Map<string, BytecodeVerdict>> {
  const verdicts = new Map<string, BytecodeVerdict>();
  const by_tag = new Map<string, BytecodeItem[]>();
  for (const item of request.items) {
    const tag = bytecodeName(nameOf(item.pyc))?.tag;
    if (tag === undefined) {
      verdicts.set(item.pyc, { verdict: "not_verifiable", reason: "has a name no import looks for" });
      continue;
    }
    const same = by_tag.get(tag) ?? [];
    same.push(item);
    by_tag.set(tag, same);
  }
  for (const [cache_tag, items] of by_tag) {
    const python = await interpreterFor(effects, cache_tag);
    if (python === undefined) {
      const reason = `cannot be checked: no interpreter for ${cache_tag} was found`;
      for (const { pyc } of items) verdicts.set(pyc, { verdict: "not_verifiable", reason });
    } else await judgeAll(effects, python, request.root, items, verdicts);
  }
  return verdicts;
}

async function interpreterFor(effects: Needs, cache_tag: string): Promise<Interpreter | undefined> {
  try {
    return await findPython(effects, { cache_tag });
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

async function judgeAll(
  effects: Needs,
  python: Interpreter,
  root: string,
  items: readonly BytecodeItem[],
  verdicts: Map<string, BytecodeVerdict>,
): Promise<void> {
  let rest = items;
  for (let crashes = 0; rest.length > 0; crashes++) {
    if (crashes > CRASHES_MAX) {
      const reason = `was not checked: ${crashes} other files broke the interpreter`;
      for (const { pyc } of rest) verdicts.set(pyc, { verdict: "not_verifiable", reason });
      return;
    }
    const { judged, timed_out } = await runJudge(effects, python, root, rest);
    for (const [index, verdict] of judged.entries()) {
      const item = rest[index];
      if (item !== undefined) verdicts.set(item.pyc, verdict);
    }
    // The process answers for a file before it looks at the next one, so the first without answer is the one that broke it.
    const culprit = rest[judged.length];
    if (culprit !== undefined) {
      const verdict = timed_out ? "not_verifiable" : "planted";
      const reason = timed_out
        ? "was not judged within the time limit"
        : "crashes the interpreter that reads it";
      verdicts.set(culprit.pyc, { verdict, reason });
    }
    rest = rest.slice(judged.length + 1);
  }
}

async function runJudge(
  { subprocess }: Needs,
  python: Interpreter,
  root: string,
  items: readonly BytecodeItem[],
): Promise<{ judged: BytecodeVerdict[]; timed_out: boolean }> {
  const argv = [python.executable, ...PYTHON_FLAGS, "-c", JUDGE_SCRIPT];
  const stdin = JSON.stringify([
    root,
    items.map(({ pyc, source }) => [pyc, source, bytecodeName(nameOf(pyc))?.optimize ?? 0]),
  ]);
  const { stdout, timed_out } = await subprocess.run({
    argv,
    cwd: "/",
    env: { LC_ALL: "C.UTF-8" },
    stdin,
    limits: { timeout_ms: TIMEOUT_BASE_MS + TIMEOUT_EACH_MS * items.length, stdout_bytes_max: 64 << 20 },
  });
  // What follows the last newline was cut off with the process.
  const lines = stdout.toString("utf8").split("\n").slice(0, -1);
  return { judged: lines.slice(0, items.length).map(readVerdict), timed_out };
}

function readVerdict(line: string): BytecodeVerdict {
  const [verdict, reason] = JSON.parse(line) as [BytecodeVerdict["verdict"], string];
  return { verdict, reason };
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
