/** Which differences of a plane are as they should be, and why. Everything else is residue. */
import { matchesGlob } from "../../metadata/index.ts";
import type { Changes } from "./snapshot.ts";

export interface Rule {
  /** Glob over names of a snapshot: `plane/…`, `home/…` or `tmp/…`. */
  readonly path: string;
  readonly why: string;
}

/**
 * What moves with every command, whether it succeeds or not. Folders of changes under way are not among it: they are empty when
 * no command runs.
 */
export const ALWAYS_MOVING: readonly Rule[] = [
  { path: "plane/ledger/**", why: "ledgers are only ever appended to" },
  { path: "plane/planes/ho?/ledger/**", why: "ledgers are only ever appended to" },
  { path: "plane/.holdfast/cache/**", why: "derived, and made again when it is missing" },
  { path: "plane/.holdfast/state/*", why: "records and locks of the plane itself" },
  { path: "plane/.holdfast/state/generations/**", why: "what a rollback puts back" },
  { path: "plane/.holdfast/state/kept/**", why: "copies of edited files are kept" },
  { path: "plane/.holdfast/state/plugins/**", why: "what was granted and configured is remembered" },
  { path: "plane/.holdfast/state/run/**", why: "slots and logs of runs" },
  { path: "plane/.holdfast/state/environments/**", why: "environments stay until pkg gc" },
  { path: "home/.cache", why: "compiled code of the program is kept for its user" },
  { path: "home/.cache/holdfast", why: "compiled code of the program is kept for its user" },
  { path: "home/.cache/holdfast/**", why: "compiled code of the program is kept for its user" },
  { path: "home/.holdfast/**", why: "keys, and heads of ledgers, lie outside the plane" },
];

/**
 * What a command that was killed, or could not clean up, may leave: folders that are too young for others to take away. They are
 * swept later; whether anything of them is in force is what the checks of the plane say.
 */
export const AFTER_FAILURE: readonly Rule[] = [
  ...ALWAYS_MOVING,
  { path: "plane/.holdfast/**", why: "what was being prepared is swept once it is old enough" },
  { path: "tmp/**", why: "private temporary folders are swept once their owner is gone for sure" },
];

/** What a whole life of packages leaves behind on purpose. */
export const LEFT_ON_PURPOSE: readonly Rule[] = [
  ...ALWAYS_MOVING,
  { path: "plane/ledger", why: "the first entry makes the folder" },
  { path: "plane/.holdfast", why: "the first change makes the folder" },
  { path: "plane/.holdfast/*", why: "the first change makes the folder" },
  { path: "plane/installed", why: "the folder of receipts stays when the last one goes" },
  { path: "plane/planes", why: "tiers keep their folders" },
  { path: "plane/planes/ho?", why: "tiers keep their folders" },
  { path: "plane/planes/ho?/ledger", why: "tiers keep their folders" },
  { path: "plane/planes/ho?/sessions", why: "tiers keep their folders" },
  { path: "plane/planes/ho?/sessions/**", why: "a session and its ledger are evidence of what was done" },
];

/** What no rule explains, each as `+ path`, `- path` or `~ path`. */
export function unexplained(changes: Changes, rules: readonly Rule[]): string[] {
  const left = (names: readonly string[], sign: string): string[] =>
    names
      .filter((name) => !rules.some(({ path }) => matchesGlob(name, path)))
      .map((name) => `${sign} ${name}`);
  return [...left(changes.added, "+"), ...left(changes.removed, "-"), ...left(changes.changed, "~")];
}
