/** Holds every owned path against what was recorded: bytes, mode, and that it is a plain file in plain folders. */
import { type Effects, FILE_STATE, type FileSystem } from "../effects/index.ts";
import { bare, DIGEST_BYTES } from "../kernel/index.ts";
import { type Cure, modeCure, readableCure, restoreCure } from "./cures.ts";
import type { Expected, ExpectedPaths } from "./expected.ts";
import { executableOf, isCreated } from "./file-columns.ts";
import {
  type FileReader,
  type FileReading,
  modeAt,
  type Reading,
  type ReadTable,
  readingAt,
} from "./file-reader.ts";
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

/** Paths that are read together: enough that a thread has work while the next ones are gathered. */
const BATCH = 4_096;

interface Batch {
  /** Of the expected paths. */
  readonly indexes: readonly number[];
  readonly reading: { readonly finish: () => Promise<ReadTable> };
}

/** Files that were read together. */
export interface JudgedBatch {
  /** Of the expected paths, in the order of the table. */
  readonly indexes: readonly number[];
  readonly read: ReadTable;
  /** 1 where it is as it was installed. */
  readonly matches: Uint8Array;
}

/**
 * Owned files are read on other threads, where there are any, from the moment they are known; `judge` takes part in that and
 * gives the verdicts. What the caller does in between costs no time of its own.
 */
export class OwnedFiles {
  readonly #fs: FileSystem;
  readonly #reader: FileReader;
  readonly #keeps: boolean;
  readonly #root: string;
  readonly #expected: ExpectedPaths;
  readonly isPlainFolder: (folder: string) => boolean;
  /** After `judge`, where it is to be kept. */
  readonly judged: JudgedBatch[] = [];
  readonly #batches: Batch[] = [];
  readonly #unreachable: number[] = [];
  #next = 0;

  constructor(
    { fs }: Needs,
    { reader, keeps }: { readonly reader: FileReader; readonly keeps: boolean },
    root: string,
    expected: ExpectedPaths,
  ) {
    this.#fs = fs;
    this.#reader = reader;
    this.#keeps = keeps;
    this.#root = root;
    this.#expected = expected;
    this.isPlainFolder = folderJudge(fs, root);
  }

  /** Starts reading what is expected by now, where it is worth while or there is no more to come. */
  read({ is_all }: { readonly is_all: boolean }): void {
    while (this.#expected.size - this.#next >= (is_all ? 1 : BATCH)) {
      const indexes: number[] = [];
      const end = Math.min(this.#expected.size, this.#next + BATCH);
      for (let index = this.#next; index < end; index++) {
        const is_reachable = this.isPlainFolder(parentOf(this.#expected.paths[index] ?? ""));
        (is_reachable ? indexes : this.#unreachable).push(index);
      }
      this.#next = end;
      const paths = indexes.map((index) => this.#expected.paths[index] ?? "");
      const reading = this.#reader.start(paths, { is_owned: true, folder: `${this.#root}/` });
      this.#batches.push({ indexes, reading });
    }
  }

  async judge(outcome: Outcome, isStored: IsStored): Promise<void> {
    const place = { fs: this.#fs, root: this.#root, isStored, outcome };
    for (const { indexes, reading } of this.#batches.splice(0)) {
      const read = await reading.finish();
      const matches = new Uint8Array(indexes.length);
      if (this.#keeps) this.judged.push({ indexes, read, matches });
      for (const [at, index] of indexes.entries()) {
        if (isAsExpected(this.#expected, index, { read, at }, outcome)) matches[at] = 1;
        else judgeOne(place, this.#expected.at(index), readingAt(read, at));
      }
    }
    for (const index of this.#unreachable) judgeUnreachable(place, this.#expected.at(index));
  }
}

/** Counts a file that is as it was installed, which nearly all are, without an object for it. */
function isAsExpected(
  expected: ExpectedPaths,
  index: number,
  { read, at }: { readonly read: ReadTable; readonly at: number },
  outcome: Outcome,
): boolean {
  const state = read.table.states[at];
  if (state !== FILE_STATE.hashed && state !== FILE_STATE.trusted) return false;
  if (!expected.hasDigest(index, read.digests, at * DIGEST_BYTES)) return false;
  const mode = modeAt(read.table, at);
  const executable = (mode & 0o100) !== 0;
  const flags = expected.flagsAt(index);
  const recorded = executableOf(flags);
  if (recorded !== undefined && recorded !== executable) return false;
  if (narrowed(mode, executable, isCreated(flags)) !== undefined) return false;
  const path = expected.paths[index] ?? "";
  outcome.leaves.addDigest(path, read.digests, at * DIGEST_BYTES, executable);
  outcome.judge(path, "match");
  return true;
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
  outcome.leaves.add(one.path, sha256, executable);
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
