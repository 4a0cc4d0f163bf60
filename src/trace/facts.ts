/**
 * What a trace asks a plane that is dear to find in its files: an index may answer instead, with the same answers.
 * `undefined` means "look into the files"; every answer is checked against the receipt, row or line it leads to.
 */
import type { PlaneTier, RegistryName, Row } from "../contracts/index.ts";
import type { PackageChange } from "../index-db/index.ts";
import type { RowsByBytes } from "../registry/index.ts";

/** A stored ledger line. */
export interface FactLine {
  /** Plane-relative. */
  readonly stream: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

/** An entry that changed what is in force, and the byte its line begins at. */
export interface FactChange extends PackageChange {
  /** From 1. */
  readonly line: number;
  readonly offset: number;
}

/** One dependency that an installed manifest declares. */
export interface FactEdge {
  readonly from: string;
  readonly plane_id: PlaneTier;
  readonly to: string;
  readonly range: string;
}

export interface FactManifest {
  /** Package tier. */
  readonly tier: string;
  readonly spec_id: string | null;
  readonly framework_id: string | null;
  readonly dependencies: readonly { readonly id: string; readonly range: string }[];
}

/** One package in one plane tier, as its receipt and manifest have it. */
export interface FactInstalled {
  readonly plane_id: PlaneTier;
  readonly version: string;
  /** Package tier. */
  readonly tier: string;
}

/** What is asked of the paths of the ownership registry. */
export interface OwnedNames {
  readonly folders: () => readonly string[];
  /** Names of files right in a folder. */
  readonly namesIn: (folder: string) => readonly string[];
  /** Names of files anywhere that begin with one of two characters and have a length within bounds. */
  readonly namesLike: (
    initials: readonly [string, string],
    length_min: number,
    length_max: number,
  ) => readonly string[];
  /** The first paths, by code point, whose last segment is this. */
  readonly pathsNamed: (name: string, count_max: number) => readonly string[];
  /** The first paths, by code point, that end with a slash and this text. */
  readonly pathsEnding: (text: string, count_max: number) => readonly string[];
}

export interface TraceFacts {
  installedIds(): readonly string[] | undefined;
  /** Highest plane tier first; empty when it is not installed. */
  installed(package_id: string): readonly FactInstalled[] | undefined;
  /** Of everything installed; in any order. */
  edges(): readonly FactEdge[] | undefined;
  edgesFrom(package_id: string): readonly FactEdge[] | undefined;
  edgesTo(package_id: string): readonly FactEdge[] | undefined;
  /** What an installed manifest with this hash says. Undefined also where no such one is installed. */
  declared(package_id: string, manifest_hash: string): FactManifest | undefined;
  /** Ids of the packages whose installed manifests name this spec or framework. */
  governedBy(id: string): readonly string[] | undefined;
  /** As `edgesTo`, as the index has it: `areCurrent` is to be asked about the packages that are told of. */
  likelyEdgesTo(package_id: string): readonly FactEdge[] | undefined;
  /** How many files below a folder the receipts of each package hold, by id, as the index has it. */
  likelyBelow(folder: string): ReadonlyMap<string, number> | undefined;
  /** Whether the index has of these packages what their receipts say. False: it read them anew, so ask it again. */
  areCurrent(ids: readonly string[]): boolean | undefined;
  /** Ids of the packages whose receipts hold the first files below a folder, by code point of their paths. */
  ownersOfFirst(folder: string, count_max: number): readonly string[] | undefined;
  /** Paths below a folder that the ownership registry has and no receipt holds, by code point. */
  strays(folder: string): readonly string[] | undefined;
  /** Ids of the packages whose receipts hold this plane-relative path. */
  ownersOf(path: string): readonly string[] | undefined;
  /** Ids of the packages whose receipts hold this digest (bare hex) of an archive, manifest, content or file. */
  packagesWith(digest: string): readonly string[] | undefined;
  /** Ids of the packages whose receipts name this transaction. */
  packagesOf(transaction_id: string): readonly string[] | undefined;
  /** The first row with this key, one text for each key column. `null`: there is none. */
  row(
    name: RegistryName,
    key: readonly string[],
  ): { readonly row: Row; readonly line: number } | null | undefined;
  /** A registry that is known to be sound. */
  rows(name: RegistryName): RowsByBytes | undefined;
  /** Rows of the ownership registry with a text anywhere in them, in file order. */
  ownershipRows(text: string): readonly Row[] | undefined;
  /** Of the paths in the ownership registry, where it has any. */
  ownedNames(): OwnedNames | undefined;
  /** Plane-relative paths of stored archives whose names begin so. */
  archivesNamed(beginning: string): readonly string[] | undefined;
  /** Plane-relative paths of stored archives beside which this digest (bare hex) is noted. */
  archivesNoted(digest: string): readonly string[] | undefined;
  /** Stored lines that hold a text as a word or value, stream by stream, oldest first. */
  lines(text: string): Iterable<FactLine> | undefined;
  /** The same from the newest to the oldest, each stream for itself; read no further than asked for. */
  newestLines(text: string): Iterable<Iterable<FactLine>> | undefined;
  /** What entries of the package ledger brought into force or took away, oldest first. */
  packageChanges(): readonly FactChange[] | undefined;
  /** Lines of the package ledger that begin at these bytes. */
  packageTexts(offsets: readonly number[]): readonly (string | undefined)[];
  /** The manifest hash in force of each package, by `<plane tier>/<id>`. */
  manifestHashes(): ReadonlyMap<string, string> | undefined;
}

/** Where the files are all there is. */
export const NO_FACTS: TraceFacts = {
  installedIds: () => undefined,
  installed: () => undefined,
  edges: () => undefined,
  edgesFrom: () => undefined,
  edgesTo: () => undefined,
  declared: () => undefined,
  governedBy: () => undefined,
  likelyEdgesTo: () => undefined,
  likelyBelow: () => undefined,
  areCurrent: () => undefined,
  ownersOfFirst: () => undefined,
  strays: () => undefined,
  ownersOf: () => undefined,
  packagesWith: () => undefined,
  packagesOf: () => undefined,
  row: () => undefined,
  rows: () => undefined,
  ownershipRows: () => undefined,
  ownedNames: () => undefined,
  archivesNamed: () => undefined,
  archivesNoted: () => undefined,
  lines: () => undefined,
  newestLines: () => undefined,
  packageChanges: () => undefined,
  packageTexts: () => [],
  manifestHashes: () => undefined,
};
