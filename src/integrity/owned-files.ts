/** Holds every owned path against what was recorded: bytes, mode, and that it is a plain file in plain folders. */
import type { Effects, FileSystem } from "../effects/index.ts";
import { bare } from "../kernel/index.ts";
import { type Cure, modeCure, readableCure, restoreCure } from "./cures.ts";
import type { Expected } from "./expected.ts";
import type { FileReader, FileReading, Reading } from "./file-reader.ts";
import { modeProblem, modeSeverity, narrowed, octal } from "./modes.ts";
import { driftSeverity, type Outcome } from "./outcome.ts";
import { shown } from "./shown.ts";

type Needs = Pick<Effects, "fs">;
/** Whether the store can give back what this package installed. */
export type IsStored = (package_id: string, version: string) => boolean;

interface Place {
  readonly fs: FileSystem;
  readonly root: string;
  readonly isStored: IsStored;
  readonly outcome: Outcome;
}

/**
 * Starts reading at once, on other threads where there are any; `judge` waits for the digests and gives the verdicts. What the
 * caller does in between costs no time of its own.
 */
export function startOwned(
  { fs }: Needs,
  reader: FileReader,
  root: string,
  expected: readonly Expected[],
): { readonly judge: (outcome: Outcome, isStored: IsStored) => Promise<void> } {
  const isPlainFolder = folderJudge(fs, root);
  const reachable = expected.filter(({ path }) => isPlainFolder(parentOf(path)));
  const reading = reader.readAll(reachable.map(({ path }) => `${root}/${path}`));
  // Left alone when something else fails first.
  reading.catch(() => undefined);
  return {
    async judge(outcome, isStored) {
      const place = { fs, root, isStored, outcome };
      const readings = await reading;
      for (const [index, one] of reachable.entries()) judgeOne(place, one, readings[index]);
      if (reachable.length === expected.length) return;
      const reached = new Set(reachable);
      for (const one of expected) if (!reached.has(one)) judgeUnreachable(place, one);
    },
  };
}

function judgeUnreachable(place: Place, one: Expected): void {
  const { fs, root } = place;
  if (fs.stat(`${root}/${one.path}`) === undefined) return report(place, one, "missing", null);
  const parts = one.path.split("/");
  const above = parts.map((_, index) => parts.slice(0, index + 1).join("/"));
  const link = above.find((path) => fs.stat(`${root}/${path}`)?.kind !== "directory") ?? one.path;
  report(place, one, "drift", "behind a symlink", { path: link, is_folder: false });
}

function judgeOne(place: Place, one: Expected, reading: Reading): void {
  const { fs, root, outcome } = place;
  if (typeof reading === "string") return unreadable(one, reading, outcome);
  if (reading === undefined) {
    const kind = fs.stat(`${root}/${one.path}`)?.kind;
    if (kind === undefined) return report(place, one, "missing", null);
    return report(place, one, "drift", kind === "other" ? "a device, pipe or socket" : kind, {
      path: one.path,
      is_folder: kind === "directory",
    });
  }
  const { sha256, executable, mode } = reading;
  outcome.leaves.push({ path: one.path, sha256, executable });
  const is_same_bit = one.executable === undefined || one.executable === executable;
  const should_be = narrowed(mode, one.executable ?? executable, one.is_created);
  if (sha256 === bare(one.sha256) && is_same_bit) {
    if (should_be === undefined) outcome.judge(one.path, "match");
    else widened(one, reading, should_be, outcome);
    return;
  }
  report(place, one, "drift", written(sha256, one.executable === undefined ? false : executable));
  if (should_be !== undefined) findMode(one, mode, should_be, outcome);
}

/** The bytes are right, the permissions are not. */
function widened(one: Expected, { sha256, mode }: FileReading, should_be: number, outcome: Outcome): void {
  const { path, owner, classification } = one;
  const { command } = modeCure(path, octal(should_be));
  outcome.judge(path, "drift", {
    owner,
    classification,
    expected: `${sha256} mode ${octal(should_be)}`,
    actual: `${sha256} mode ${octal(mode)}`,
    cure: command,
  });
  findMode(one, mode, should_be, outcome);
}

function findMode({ path, owner, kind }: Expected, mode: number, should_be: number, outcome: Outcome): void {
  const { sentence } = modeCure(path, octal(should_be));
  outcome.find("FILE_MODE_WIDENED", `${shown(path)} of ${owner} ${modeProblem(mode)}`, sentence, {
    severity: modeSeverity(mode),
    path,
    package_id: kind === "package" ? owner : undefined,
    expected: octal(should_be),
    actual: octal(mode),
  });
}

function report(
  { isStored, outcome }: Place,
  one: Expected,
  verdict: "drift" | "missing",
  actual: string | null,
  in_the_way?: { readonly path: string; readonly is_folder: boolean },
): void {
  const { path, owner, classification, receipt } = one;
  const expected = written(bare(one.sha256), one.executable ?? false);
  const is_stored = receipt !== undefined && isStored(receipt.package_id, receipt.version);
  const { command, sentence }: Cure = restoreCure(
    path,
    { owner, classification, receipt, is_stored },
    in_the_way,
  );
  outcome.judge(path, verdict, { owner, classification, expected, actual, cure: command });
  const code = verdict === "drift" ? "FILE_DRIFT" : "FILE_MISSING";
  outcome.find(code, `${shown(path)} of ${owner} ${problemOf(one, verdict, actual)}`, sentence, {
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
  const { command, sentence } = readableCure(path, "u+r");
  const expected = written(bare(one.sha256), one.executable ?? false);
  outcome.judge(path, "not_verifiable", { owner, classification, expected, cure: command });
  outcome.find("FILE_UNREADABLE", `${shown(path)} of ${owner} cannot be read (${problem})`, sentence, {
    path,
    actual: problem,
  });
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
