/** A file system that remembers the stamp of everything that was looked at, so that a later check can ask whether any changed. */
import { type DirectoryEntry, type FileStat, type FileSystem, STAMP_WIDTH } from "./ports.ts";

export type Stamp = readonly bigint[];
const KIND_BITS = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const;
const NOTHING: Stamp = Array.from({ length: STAMP_WIDTH }, () => 0n);
/** What a longer file holds is not remembered. */
const CONTENTS_BYTES_MAX = 256;

export class SeenFiles {
  readonly stamps = new Map<string, Stamp>();
  /** Of folders that were listed: what lay in them. */
  readonly listings = new Map<string, readonly DirectoryEntry[]>();
  /** Of small files that were read: what they held. */
  readonly contents = new Map<string, Uint8Array>();
  /** False when something cannot be held against a later state: it changed meanwhile, or has no stamp of its own. */
  is_steady = true;
  readonly fs: FileSystem;

  constructor(fs: FileSystem) {
    const look = (path: string): FileStat | undefined => {
      const stat = fs.stat(path);
      this.#remember(path, stat);
      return stat;
    };
    const read = (path: string): Buffer => {
      look(path);
      const bytes = fs.read(path);
      if (bytes.length <= CONTENTS_BYTES_MAX) this.contents.set(path, bytes);
      return bytes;
    };
    this.fs = {
      ...fs,
      stat: look,
      list: (path) => {
        look(path);
        const entries = fs.list(path);
        this.listings.set(path, entries);
        return entries;
      },
      read,
      readText: (path) => {
        look(path);
        return fs.readText(path);
      },
      openRead: (path) => {
        look(path);
        return fs.openRead(path);
      },
    };
  }

  #remember(path: string, stat: FileStat | undefined): void {
    if (stat?.kind === "other") this.is_steady = false;
    this.#keep(path, seenStamp(stat));
  }

  /** What somebody else looked at, perhaps on another thread. */
  add({
    stamps,
    is_steady,
  }: Pick<SeenFiles, "is_steady"> & { readonly stamps: Iterable<[string, Stamp]> }): void {
    this.is_steady &&= is_steady;
    for (const [path, stamp] of stamps) this.#keep(path, stamp);
  }

  #keep(path: string, stamp: Stamp): void {
    const before = this.stamps.get(path);
    if (before === undefined) this.stamps.set(path, stamp);
    else if (before.some((value, index) => value !== stamp[index])) this.is_steady = false;
  }
}

export function seenStamp(stat: FileStat | undefined): Stamp {
  if (stat === undefined || stat.kind === "other") return NOTHING;
  const { size_bytes, kind, mode, mtime_ns, ctime_ns, inode, device } = stat;
  return [BigInt(size_bytes), BigInt(KIND_BITS[kind] | mode), mtime_ns, ctime_ns, inode, device];
}

/** What a stamp of `seenStamp` says of a path. Numbers are made when they are asked for. */
export class KnownStat implements FileStat {
  readonly #stamps: BigUint64Array;
  readonly #at: number;
  readonly #mode: number;
  readonly #look: () => FileStat | undefined;

  /** `look`: for what is in no stamp. */
  constructor(stamps: BigUint64Array, index: number, look: () => FileStat | undefined) {
    this.#stamps = stamps;
    this.#at = index * STAMP_WIDTH;
    this.#mode = this.#lower(1);
    this.#look = look;
  }

  /** The lower half of a number. */
  #lower(field: number): number {
    return Number(BigInt.asUintN(32, this.#stamps[this.#at + field] ?? 0n));
  }

  get is_there(): boolean {
    return this.#mode !== 0;
  }
  get kind(): FileStat["kind"] {
    return KINDS.get(this.#mode & 0o170000) ?? "other";
  }
  get mode(): number {
    return this.#mode & 0o7777;
  }
  get executable(): boolean {
    return (this.#mode & 0o100) !== 0;
  }
  get size_bytes(): number {
    return Number(this.#stamps[this.#at]);
  }
  get mtime_ns(): bigint {
    return this.#stamps[this.#at + 2] ?? 0n;
  }
  get ctime_ns(): bigint {
    return this.#stamps[this.#at + 3] ?? 0n;
  }
  get inode(): bigint {
    return this.#stamps[this.#at + 4] ?? 0n;
  }
  get device(): bigint {
    return this.#stamps[this.#at + 5] ?? 0n;
  }
  get uid(): number {
    return this.#look()?.uid ?? -1;
  }
  get born_ns(): bigint {
    return this.#look()?.born_ns ?? 0n;
  }
  get links(): number {
    return this.#look()?.links ?? 0;
  }
}

const KINDS = new Map<number, FileStat["kind"]>([
  [KIND_BITS.file, "file"],
  [KIND_BITS.directory, "directory"],
  [KIND_BITS.symlink, "symlink"],
]);
