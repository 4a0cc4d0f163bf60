/** Permission bits that give away more than an install ever does. */
import type { Finding } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { modeCure } from "./cures.ts";
import type { Outcome } from "./outcome.ts";
import { shown } from "./shown.ts";

const SET_ID = 0o6000;
const WORLD = 0o002;
const GROUP = 0o020;
const STICKY = 0o1000;

export const octal = (mode: number): string => mode.toString(8).padStart(4, "0");

/** The mode a file should have; undefined when nothing is wrong with the one it has. */
export function narrowed(mode: number, executable: boolean, is_created: boolean): number | undefined {
  // A file that was there before keeps the group that its owner gave it.
  const widened = mode & (SET_ID | WORLD | (is_created ? GROUP : 0));
  return widened === 0 ? undefined : executable ? 0o755 : 0o644;
}

/** Group write alone is told; anybody's write and a set user id are a way in. */
export const modeSeverity = (mode: number): Finding["severity"] =>
  (mode & (SET_ID | WORLD)) === 0 ? "note" : "error";

export function modeProblem(mode: number): string {
  if ((mode & SET_ID) !== 0) return "runs with the rights of its owner, whoever starts it";
  return (mode & WORLD) === 0 ? "can be written by its group" : "can be written by anybody";
}

/** Of a file nobody owns: only what is dangerous in itself. */
export function judgeLooseMode(path: string, mode: number, outcome: Outcome): void {
  if ((mode & SET_ID) === 0) return;
  const { sentence } = modeCure(path, octal(mode & 0o777));
  outcome.find("FILE_MODE_WIDENED", `${shown(path)} ${modeProblem(mode)}`, sentence, {
    path,
    expected: octal(mode & 0o777),
    actual: octal(mode),
  });
}

/** A folder in which anybody can add and rename. `path`: plane-relative, empty for the root. */
export function judgeFolderMode(path: string, mode: number, outcome: Outcome): void {
  if ((mode & WORLD) === 0 || (mode & STICKY) !== 0) return;
  const name = path === "" ? "." : path;
  const { sentence } = modeCure(name, "o-w");
  const message = `anybody can add, rename and remove files in ${shown(name)}`;
  outcome.find("FOLDER_MODE_WIDENED", message, sentence, {
    path: name,
    expected: octal(mode & ~WORLD),
    actual: octal(mode),
  });
}

const OWN_FOLDERS = [
  "",
  "config",
  "registries",
  "ledger",
  "packages_store",
  "installed",
  "planes",
  ".holdfast",
  ".holdfast/state",
];

/** The plane's own folders, which nobody but its owner may write. */
export function judgeOwnFolders(fs: FileSystem, root: string, outcome: Outcome): void {
  for (const path of OWN_FOLDERS) {
    const stat = fs.stat(path === "" ? root : `${root}/${path}`);
    if (stat?.kind === "directory") judgeFolderMode(path, stat.mode, outcome);
  }
}

const EXECUTABLE = 0o111;

/** Of the plane's own files, none of which is a program or anybody's to write. @returns whether there is nothing to say */
export function judgeRecordMode(path: string, mode: number, outcome: Outcome): boolean {
  const widened = mode & (SET_ID | WORLD | EXECUTABLE);
  if (widened === 0) return true;
  const should_be = octal(mode & 0o664);
  const { sentence } = modeCure(path, should_be);
  const says = (widened & (SET_ID | WORLD)) === 0 ? "is no program and may be run" : modeProblem(mode);
  outcome.find("FILE_MODE_WIDENED", `${shown(path)} ${says}`, sentence, {
    path,
    expected: should_be,
    actual: octal(mode),
  });
  return false;
}
