/** A file system that remembers the stamp of everything that was looked at, so that a later check can ask whether any changed. */
import { hash } from "node:crypto";
import { type DirectoryEntry, type FileStat, type FileSystem, STAMP_WIDTH } from "./ports.ts";

export type Stamp = readonly bigint[];
const KIND_BITS = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const;
const NOTHING: Stamp = Array.from({ length: STAMP_WIDTH }, () => 0n);

export class SeenFiles {
  readonly stamps = new Map<string, Stamp>();
  /** Of folders that were listed: what lay in them. */
  readonly listings = new Map<string, Uint8Array>();
  /** False when something cannot be held against a later state: it changed meanwhile, or has no stamp of its own. */
  is_steady = true;
  readonly fs: FileSystem;

  constructor(fs: FileSystem) {
    const look = (path: string): FileStat | undefined => {
      const stat = fs.stat(path);
      this.#remember(path, stat);
      return stat;
    };
    this.fs = {
      ...fs,
      stat: look,
      list: (path) => {
        look(path);
        const entries = fs.list(path);
        this.listings.set(path, listingDigest(entries));
        return entries;
      },
      read: (path) => {
        look(path);
        return fs.read(path);
      },
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

/** 32 bytes over names and kinds. */
export const listingDigest = (entries: readonly DirectoryEntry[]): Uint8Array =>
  hash("sha256", entries.map(({ name, kind }) => `${kind} ${name}\0`).join(""), "buffer");

export function seenStamp(stat: FileStat | undefined): Stamp {
  if (stat === undefined || stat.kind === "other") return NOTHING;
  const { size_bytes, kind, mode, mtime_ns, ctime_ns, inode, device } = stat;
  return [BigInt(size_bytes), BigInt(KIND_BITS[kind] | mode), mtime_ns, ctime_ns, inode, device];
}
