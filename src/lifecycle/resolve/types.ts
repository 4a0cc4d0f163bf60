/** The question and the answer of dependency resolution. Pure data. */
import type { Dependency, PackageTier } from "../../contracts/index.ts";

export interface Available {
  readonly id: string;
  readonly version: string;
  readonly tier: PackageTier;
  readonly dependencies: readonly Dependency[];
  readonly conflicts: readonly string[];
}

export type InstalledPackage = Omit<Available, "id">;

export interface Problem {
  /** What the user asked for: semver ranges. */
  readonly wanted: readonly { readonly id: string; readonly range: string }[];
  /** Present packages, kept as they are where that satisfies everything. */
  readonly installed: ReadonlyMap<string, InstalledPackage>;
  /** Versions that could be taken, in any order. Called lazily, once for each id. */
  readonly versionsOf: (id: string) => readonly Available[];
  /** Whether an installed package may be replaced by a lower version. */
  readonly allow_downgrade: boolean;
}

/** Who wants what. `chain` leads from the request to `by`, oldest first. */
export interface Clause {
  readonly by: string;
  /** Null for the request itself. */
  readonly version: string | null;
  readonly range: string;
  readonly chain: readonly string[];
}

export interface Choice {
  readonly id: string;
  readonly version: string;
  /** Sentences from the request down to this package. */
  readonly why: readonly string[];
}

export interface Conflict {
  readonly kind: "conflict";
  /** The package nobody can agree on. */
  readonly package_id: string;
  /** No version of it exists at all. */
  readonly missing: boolean;
  readonly clauses: readonly Clause[];
  readonly available: readonly string[];
  /** The chain in plain sentences, the last one says what there is. */
  readonly lines: readonly string[];
}

/** Only what is to be installed or replaced, in the order it enters. */
export interface Resolution {
  readonly kind: "resolution";
  readonly chosen: readonly Choice[];
}

export type Outcome = Resolution | Conflict;
