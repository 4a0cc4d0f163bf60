/** Holds every owned path against what was recorded: bytes, executable bit, and that it is a plain file in plain folders. */
import type { Effects, FileDigest, FileSystem } from "../effects/index.ts";
import { bare, prefixed } from "../kernel/index.ts";
import type { Expected } from "./expected.ts";
import { driftSeverity, type Outcome } from "./outcome.ts";
import { shellWord, shown } from "./shown.ts";

type Needs = Pick<Effects, "fs" | "workers">;
/** `undefined`: absent or no regular file. A text: the error code with which reading failed. */
export type Reading = FileDigest | undefined | string;

/**
 * Starts reading at once, on other threads where there are any; `judge` waits for the digests and gives the verdicts. What the
 * caller does in between costs no time of its own.
 */
export function startOwned(
  effects: Needs,
  root: string,
  expected: readonly Expected[],
): { readonly judge: (outcome: Outcome) => Promise<void> } {
  const isPlainFolder = folderJudge(effects.fs, root);
  const reachable = expected.filter(({ path }) => isPlainFolder(parentOf(path)));
  // Never rejects, so that it may be left alone when something else fails first.
  const reading = readAll(
    effects,
    reachable.map(({ path }) => `${root}/${path}`),
  );
  return {
    async judge(outcome) {
      const readings = await reading;
      for (const [index, one] of reachable.entries())
        judgeOne(effects.fs, root, one, readings[index], outcome);
      if (reachable.length === expected.length) return;
      const reached = new Set(reachable);
      for (const one of expected) {
        if (reached.has(one)) continue;
        const is_gone = effects.fs.stat(`${root}/${one.path}`) === undefined;
        if (is_gone) report(one, "missing", null, outcome);
        else report(one, "drift", "behind a symlink", outcome);
      }
    },
  };
}

/** Digests in the order given. One unreadable file does not hide the others. */
export async function readAll({ workers }: Needs, paths: readonly string[]): Promise<Reading[]> {
  try {
    return await workers.digestFiles(paths);
  } catch {
    const readings: Reading[] = [];
    for (const path of paths) {
      try {
        readings.push((await workers.digestFiles([path]))[0]);
      } catch (error) {
        readings.push((error as NodeJS.ErrnoException).code ?? String(error));
      }
    }
    return readings;
  }
}

function judgeOne(fs: FileSystem, root: string, one: Expected, reading: Reading, outcome: Outcome): void {
  if (typeof reading === "string") return unreadable(one, reading, outcome);
  if (reading === undefined) {
    const kind = fs.stat(`${root}/${one.path}`)?.kind;
    return kind === undefined ? report(one, "missing", null, outcome) : report(one, "drift", kind, outcome);
  }
  const { sha256, executable } = reading;
  outcome.leaves.push({ path: one.path, sha256, executable });
  if (prefixed(sha256) === one.sha256 && (one.executable === undefined || one.executable === executable)) {
    outcome.judge(one.path, "match");
    return;
  }
  report(one, "drift", written(sha256, one.executable === undefined ? false : executable), outcome);
}

function report(one: Expected, verdict: "drift" | "missing", actual: string | null, outcome: Outcome): void {
  const { path, owner, classification } = one;
  const expected = written(bare(one.sha256), one.executable ?? false);
  outcome.judge(path, verdict, { owner, classification, expected, actual });
  const code = verdict === "drift" ? "FILE_DRIFT" : "FILE_MISSING";
  outcome.find(code, `${shown(path)} of ${owner} ${problemOf(one, verdict, actual)}`, nextStep(one), {
    severity: driftSeverity(classification),
    path,
    package_id: one.kind === "package" ? owner : undefined,
    expected,
    actual: actual ?? undefined,
  });
}

function problemOf(one: Expected, verdict: "drift" | "missing", actual: string | null): string {
  if (verdict === "missing") return "is missing";
  if (actual === null || !/^[0-9a-f]{64}/.test(actual)) return `is no plain file any more (${actual ?? "?"})`;
  if (actual.slice(0, 64) !== bare(one.sha256)) return "does not hold the bytes that were recorded";
  return one.executable === true ? "is not executable any more" : "has become executable";
}

function unreadable(one: Expected, problem: string, outcome: Outcome): void {
  const { path, owner, classification } = one;
  outcome.judge(path, "not_verifiable", {
    owner,
    classification,
    expected: written(bare(one.sha256), one.executable ?? false),
  });
  const step = `Make it readable with "chmod u+r ${shellWord(path)}", then run "integrity-check".`;
  outcome.find("FILE_UNREADABLE", `${shown(path)} of ${owner} cannot be read (${problem})`, step, {
    path,
    actual: problem,
  });
}

function nextStep({ path, classification, kind, owner }: Expected): string {
  if (kind === "launcher") return `Run "integrity-check --fix" to restore it from the installed program.`;
  if (kind === "artifact")
    return `Correct content_hash of ${owner} in registries/control_plane_registry.csv, or restore the file.`;
  if (classification === "config" || classification === "state")
    return `Run "trace --explain ${shellWord(path)}" to see what it was; edits of ${classification} files are yours.`;
  return `Run "integrity-check --fix" to restore it from the store.`;
}

const written = (sha256: string, executable: boolean): string =>
  executable ? `${sha256} executable` : sha256;
const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** Whether each folder from the root down to this one is a folder and no link. Remembers its answers. */
export function folderJudge(fs: FileSystem, root: string): (folder: string) => boolean {
  const known = new Map<string, boolean>([["", true]]);
  const judge = (folder: string): boolean => {
    let answer = known.get(folder);
    if (answer === undefined) {
      answer = judge(parentOf(folder)) && fs.stat(`${root}/${folder}`)?.kind === "directory";
      known.set(folder, answer);
    }
    return answer;
  };
  return judge;
}
