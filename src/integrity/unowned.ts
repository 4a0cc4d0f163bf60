/** The other direction: everything in the governed roots that no record speaks of. */
import type { PlaneConfig } from "../contracts/index.ts";
import type { FileKind, FileSystem } from "../effects/index.ts";
import { type BytecodeItem, bytecodeName } from "../python/index.ts";
import { readableCure, removeCure } from "./cures.ts";
import { judgeFolderMode, judgeLooseMode } from "./modes.ts";
import type { Outcome } from "./outcome.ts";
import type { LostPath } from "./ownership.ts";
import { type FolderWalk, parentOf, type Recall } from "./recall.ts";
import { shellWord, shown } from "./shown.ts";
import { walkGoverned } from "./walk.ts";

export interface Owners {
  /** Whether a record of its own speaks of this path: it is judged elsewhere. */
  readonly isOwned: (path: string) => boolean;
  /** Whether a registered folder with a matching digest holds this path. */
  readonly isInArtifact: (path: string) => boolean;
  /** The package that left or laid it, where there is a good reason for it. */
  readonly leftBy: (path: string) => string | undefined;
  /** What is known of a file of a package whose receipt is lost, which is a finding of its own. */
  readonly lostBy: (path: string) => LostPath | undefined;
}

/** What is known of folders from the last check, and is to be known in the next one. */
export interface Walks {
  readonly recall: Pick<Recall, "walkOf"> | undefined;
  readonly folders: Map<string, FolderWalk | undefined>;
}

/** Judges all but bytecode that may be a cache, which is returned to be compared with its source. */
export function judgeUnowned(
  fs: FileSystem,
  root: string,
  config: PlaneConfig,
  { isOwned, isInArtifact, leftBy, lostBy }: Owners,
  outcome: Outcome,
  walks?: Walks,
): BytecodeItem[] {
  const items: BytecodeItem[] = [];
  const kept = new KeptWalks(walks);
  const bytecode = (path: string, is_source: boolean): void => {
    const source = sourceOf(path);
    const is_known = source !== undefined && (isOwned(source) || is_source || isInArtifact(source));
    if (is_known && fs.stat(`${root}/${source}`)?.kind === "file") items.push({ pyc: path, source });
    else looseBytecode(path, outcome);
  };
  const judge = (path: string, kind: FileKind, is_source: boolean): void => {
    if (isOwned(path)) return;
    const is_bytecode = /\.py[co]$/.test(path);
    kept.file(path, kind === "file" && is_source && !is_bytecode && !isInArtifact(path));
    if (kind !== "file") return special(path, kind, outcome);
    const lost = lostBy(path);
    if (lost !== undefined) return outcome.judge(path, "not_verifiable", lost);
    judgeLooseMode(path, fs.stat(`${root}/${path}`)?.mode ?? 0, outcome);
    if (is_bytecode) bytecode(path, is_source);
    else if (isInArtifact(path)) outcome.judge(path, "match");
    else if (is_source) outcome.judge(path, "source");
    else unowned(path, leftBy(path), outcome);
  };
  walkGoverned(fs, root, config, {
    onFile: judge,
    onFolder(path) {
      kept.folder(path);
      judgeFolderMode(path, fs.stat(`${root}/${path}`)?.mode ?? 0, outcome);
    },
    passes(path) {
      const walk = kept.recalled(path);
      outcome.counts.source += walk?.sources_count ?? 0;
      return walk;
    },
    onNoText(path, kind) {
      kept.file(path, false);
      noText(path, kind, outcome);
    },
    onUnreadable(path, problem) {
      kept.forget(path);
      const { command, sentence } = readableCure(path, "u+rx");
      outcome.judge(path, "not_verifiable", { actual: problem, cure: command });
      outcome.find("FOLDER_UNREADABLE", `${shown(path)} cannot be listed (${problem})`, sentence, { path });
    },
  });
  return items;
}

/** Remembers folders in which there is nothing but owned files, plain sources and folders. */
class KeptWalks {
  readonly #walks: Walks | undefined;

  constructor(walks: Walks | undefined) {
    this.#walks = walks;
  }

  folder(path: string): void {
    this.#walks?.folders.set(path, { sources_count: 0, has_folders: false });
    const above = parentOf(path);
    const walk = this.#walks?.folders.get(above);
    if (walk?.has_folders === false) this.#walks?.folders.set(above, { ...walk, has_folders: true });
  }

  file(path: string, is_plain: boolean): void {
    const above = parentOf(path);
    const walk = this.#walks?.folders.get(above);
    if (walk === undefined) return;
    const sources_count = walk.sources_count + 1;
    this.#walks?.folders.set(above, is_plain ? { ...walk, sources_count } : undefined);
  }

  forget(path: string): void {
    if (this.#walks?.folders.has(path)) this.#walks.folders.set(path, undefined);
  }

  recalled(path: string): FolderWalk | undefined {
    const walk = this.#walks?.recall?.walkOf(path);
    if (walk !== undefined) this.#walks?.folders.set(path, walk);
    return walk;
  }
}

/** The source Python would hold the bytecode against; undefined outside `__pycache__` or for another form of name. */
function sourceOf(path: string): string | undefined {
  const [, folder, name] = /^(.*\/|)__pycache__\/([^/]+)$/s.exec(path) ?? [];
  const stem = name === undefined ? undefined : bytecodeName(name)?.stem;
  return stem === undefined ? undefined : `${folder}${stem}.py`;
}

const REMOVE = (path: string): string => removeCure(path).sentence;

function looseBytecode(path: string, outcome: Outcome): void {
  const in_cache = /(^|\/)__pycache__\/[^/]+$/.test(path);
  if (in_cache && bytecodeName(path.slice(path.lastIndexOf("/") + 1)) === undefined) {
    outcome.judge(path, "not_verifiable", { cure: removeCure(path).command });
    const message = `${shown(path)} is bytecode that no import reads and nothing here can check`;
    outcome.find("BYTECODE_NOT_VERIFIABLE", message, REMOVE(path), { path });
    return;
  }
  outcome.judge(path, "unowned", { cure: removeCure(path).command });
  const why = in_cache
    ? "has no source beside it that is owned or declared"
    : "lies where Python runs it without a source";
  outcome.find(in_cache ? "BYTECODE_UNOWNED" : "PLANTED_BYTECODE", `${shown(path)} ${why}`, REMOVE(path), {
    path,
  });
}

function noText(path: string, kind: FileKind, outcome: Outcome): void {
  const { command, sentence } = removeCure(path, kind);
  outcome.judge(path, "unowned", { actual: kind === "file" ? null : kind, cure: command });
  const message = `${shown(path)} has a name that is no UTF-8 text, so no package can own it`;
  outcome.find("FILE_UNOWNED", message, sentence, { path });
}

function special(path: string, kind: FileKind, outcome: Outcome): void {
  const what = kind === "symlink" ? "a symlink" : "a device, pipe or socket";
  outcome.judge(path, "unowned", { actual: kind, cure: removeCure(path).command });
  const code = kind === "symlink" ? "SYMLINK_UNOWNED" : "SPECIAL_FILE_UNOWNED";
  outcome.find(code, `${shown(path)} is ${what}; governed folders hold plain files`, REMOVE(path), {
    path,
    actual: kind,
  });
}

function unowned(path: string, left_by: string | undefined, outcome: Outcome): void {
  outcome.judge(path, "unowned", { cure: removeCure(path).command });
  if (left_by !== undefined) {
    const message = `${shown(path)} was left by ${shown(left_by)}, since it or the file beside it was edited`;
    outcome.find("FILE_LEFT", message, REMOVE(path), { severity: "note", path, package_id: left_by });
    return;
  }
  const step = `Remove it with "rm ${shellWord(path)}", or add its folder to sources in config/plane.toml.`;
  outcome.find("FILE_UNOWNED", `${shown(path)} is in a governed folder and no package owns it`, step, {
    path,
  });
}
