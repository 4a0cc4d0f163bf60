/** What an unmanaged folder holds, as `pkg adopt DIR` tells it. Paths are relative to the folder unless said otherwise. */
import type { Finding } from "../../contracts/index.ts";
import type { FileStat } from "../../effects/index.ts";

export type EntryKind = "python" | "node" | "plugin";

/** One file that the metadata of a package names. */
export interface Claim {
  readonly path: string;
  /** Bare hex, where the metadata gives a digest we can check. */
  readonly sha256?: string | undefined;
  readonly size_bytes?: number | undefined;
  /** Line of the file that claims it, from 1. */
  readonly line?: number | undefined;
}

/** A package as it was recognised, before it was held against what lies there. */
export interface Recognised {
  readonly kind: EntryKind;
  /** As its metadata says, else by its folder. */
  readonly name: string;
  readonly version: string | null;
  readonly license: string | null;
  /** Folder or metadata folder it was recognised by; "" for the folder itself. */
  readonly place: string;
  readonly claims: readonly Claim[];
}

/** One package of the inventory. */
export interface InventoryEntry {
  readonly kind: EntryKind;
  readonly name: string;
  readonly version: string | null;
  readonly license: string | null;
  readonly place: string;
  /** Regular files it claims that are there, without bytecode; sorted. */
  readonly files: readonly string[];
  readonly size_bytes: number;
  /** Files whose bytes were read and equal the digest its metadata gives. */
  readonly verified_count: number;
  /** Files for which the metadata gives no digest. */
  readonly unverified_count: number;
  readonly mismatched: readonly string[];
  /** Claimed and not there. */
  readonly phantom: readonly string[];
  /** Id of the package of the plane that owns them already; null when none does. */
  readonly governed_by: string | null;
}

export interface Inventory {
  /** Absolute, links resolved. */
  readonly folder: string;
  readonly entries: readonly InventoryEntry[];
  /** Files no package claims, bytecode left out; sorted. */
  readonly unclaimed: readonly string[];
  readonly totals: {
    readonly files: number;
    readonly size_bytes: number;
    readonly claimed: number;
    readonly unclaimed: number;
    /** Bytecode in `__pycache__`, which Python writes by itself. */
    readonly cache: number;
    readonly phantom: number;
    readonly mismatched: number;
    readonly links: number;
    readonly special: number;
  };
  /** Errors first, then by path and code. */
  readonly findings: readonly Finding[];
}

/** Everything below a folder; nothing was followed, nothing opened. */
export interface Walked {
  readonly folder: string;
  readonly files: ReadonlyMap<string, FileStat>;
  readonly folders: ReadonlyMap<string, FileStat>;
  readonly links: ReadonlyMap<string, FileStat>;
  /** Pipes, sockets, devices. */
  readonly special: ReadonlyMap<string, FileStat>;
  /** Files with names no archive can hold. */
  readonly refused: ReadonlySet<string>;
}
