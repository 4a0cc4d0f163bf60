/** Which differences of a plane are as they should be, and why. Everything else is residue. */
import { matchesGlob } from "../../metadata/index.ts";
import type { Changes } from "./snapshot.ts";

export interface Rule {
  /** Glob over names of a snapshot: `plane/…` or `home/…`. */
  readonly path: string;
  readonly why: string;
}

/** What moves with every command, whether it succeeds or not. */
export const ALWAYS_MOVING: readonly Rule[] = [
  { path: "plane/ledger/**", why: "ledgers are only ever appended to" },
  { path: "plane/planes/*/ledger/**", why: "ledgers are only ever appended to" },
  { path: "plane/.holdfast/**", why: "records, locks and memory of the plane itself" },
  { path: "home/**", why: "heads of ledgers are kept beside the keys" },
];

/** What a whole life of packages leaves behind on purpose. */
export const LEFT_ON_PURPOSE: readonly Rule[] = [
  ...ALWAYS_MOVING,
  { path: "plane/ledger", why: "the first entry makes the folder" },
  { path: "plane/planes/*/sessions/**", why: "a session and its ledger are evidence of what was done" },
  { path: "plane/.holdfast", why: "the first change makes the folder" },
  { path: "plane/installed", why: "the folder of receipts stays when the last one goes" },
  { path: "plane/planes", why: "tiers keep their folders" },
  { path: "plane/planes/*", why: "tiers keep their folders" },
  { path: "plane/planes/*/*", why: "tiers keep their folders" },
];

/** What no rule explains, each as `+ path`, `- path` or `~ path`. */
export function unexplained(changes: Changes, rules: readonly Rule[]): string[] {
  const left = (names: readonly string[], sign: string): string[] =>
    names
      .filter((name) => !rules.some(({ path }) => matchesGlob(name, path)))
      .map((name) => `${sign} ${name}`);
  return [...left(changes.added, "+"), ...left(changes.removed, "-"), ...left(changes.changed, "~")];
}
