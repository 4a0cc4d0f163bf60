/** What the last check saw, and which of it is still as it was. */
import type { IntegrityReport } from "../contracts/index.ts";
import {
  type DirectoryEntry,
  type Effects,
  type FileKind,
  type FileStat,
  type FileSystem,
  KnownStat,
  STAMP_WIDTH,
} from "../effects/index.ts";
import type { KeptReceipt } from "./file-columns.ts";
import type { Believed, Memory } from "./file-reader.ts";
import type { Note } from "./note.ts";
import { type CacheColumns, PAYLOAD } from "./stat-cache-form.ts";

interface Standing {
  readonly report: IntegrityReport;
}

/** Characters of a listing that is kept to be used again. */
const LISTING_MAX = 200;
const KIND_OF: Readonly<Record<string, FileKind>> = { f: "file", d: "directory", l: "symlink", o: "other" };

export class LastCheck implements Memory {
  readonly columns: CacheColumns;
  readonly owned_count: number;
  /** Rows with another stamp now, ascending; undefined until somebody looked, or where there are too many to say. */
  changed_rows: readonly number[] | undefined;
  readonly #names: Buffer;
  readonly #payloads: Buffer;
  readonly #listings = new Map<string, DirectoryEntry[]>();
  #note: Note | undefined;
  #receipts: readonly (KeptReceipt | null)[] | undefined;
  /** Path to row: of everything else than owned files that is as it was. */
  #same: Map<string, number> | undefined;
  #known: Map<string, number> | undefined;

  constructor(columns: CacheColumns) {
    this.columns = columns;
    this.owned_count = columns.owners.length;
    this.#names = bufferOf(columns.paths);
    this.#payloads = bufferOf(columns.payloads);
  }

  get note(): Note {
    this.#note ??= JSON.parse(bufferOf(this.columns.note).toString("utf8")) as Note;
    return this.#note;
  }

  /** By owner; null for those that are to be read again. */
  get receipts(): readonly (KeptReceipt | null)[] {
    this.#receipts ??= JSON.parse(bufferOf(this.columns.receipts).toString("utf8")) as (KeptReceipt | null)[];
    return this.#receipts;
  }

  /** What that check kept, where nothing but files has ended its report. */
  standing(
    { clock }: Pick<Effects, "clock">,
    depends_on: string,
    day: string,
  ): (Note & Standing) | undefined {
    const { note } = this;
    if (note.report === null || note.depends_on !== depends_on || note.day !== day) return undefined;
    const now_ms = clock.now_ms();
    // A clock that was set back makes valid again what had expired.
    if (now_ms < note.made_ms || now_ms >= (note.expires_ms ?? Number.POSITIVE_INFINITY)) return undefined;
    return { ...note, report: note.report };
  }

  /** `rows`: those with another stamp now. */
  compared(rows: readonly number[]): void {
    this.changed_rows = rows;
    const changed = new Set(rows);
    this.#same = new Map();
    const { ends } = this.columns;
    for (let row = this.owned_count; row < ends.length; row++)
      if (!changed.has(row)) this.#same.set(this.pathAt(row), row);
  }

  /** Nothing is known to be as it was. */
  forget(): void {
    this.changed_rows = undefined;
    this.#same = undefined;
    this.#known = undefined;
  }

  /** Absolute. */
  pathAt(row: number): string {
    const { ends } = this.columns;
    return this.#names.toString("utf8", row === 0 ? 0 : ends[row - 1], ends[row]);
  }

  /** The row of something else than an owned file, where it is known to be as it was. */
  sameRow(path: string): number | undefined {
    return this.#same?.get(path);
  }

  isSame(path: string): boolean {
    return this.#same?.has(path) === true;
  }

  /** Hex. */
  digestAt(row: number): string {
    return bufferOf(this.columns.digests).toString("hex", row * 32, row * 32 + 32);
  }

  /** The file system, but what is as it was is not looked at once more. */
  recalling(fs: FileSystem): FileSystem {
    const stat = (path: string): FileStat | undefined => {
      const row = this.sameRow(path);
      if (row === undefined) return fs.stat(path);
      const known = new KnownStat(this.columns.stamps, row, () => fs.stat(path));
      return known.is_there ? known : undefined;
    };
    return {
      ...fs,
      stat,
      list: (path) => this.#listingOf(path) ?? fs.list(path),
      read: (path) => this.#contentsOf(path) ?? fs.read(path),
    };
  }

  #payloadOf(path: string, kind: number): Buffer | undefined {
    const row = this.sameRow(path);
    if (row === undefined) return undefined;
    const at = row - this.owned_count;
    if (this.columns.payload_kinds[at] !== kind) return undefined;
    const { payload_ends } = this.columns;
    return this.#payloads.subarray(at === 0 ? 0 : payload_ends[at - 1], payload_ends[at]);
  }

  #listingOf(path: string): DirectoryEntry[] | undefined {
    const text = this.#payloadOf(path, PAYLOAD.listing)?.toString("utf8");
    if (text === undefined) return undefined;
    // Thousands of folders hold the same names.
    let entries = this.#listings.get(text);
    if (entries === undefined) {
      entries = text
        .split("\0")
        .slice(0, -1)
        .map((entry) => ({ name: entry.slice(1), kind: KIND_OF[entry[0] ?? ""] ?? "other" }));
      if (text.length < LISTING_MAX) this.#listings.set(text, entries);
    }
    return [...entries];
  }

  #contentsOf(path: string): Buffer | undefined {
    const bytes = this.#payloadOf(path, PAYLOAD.contents);
    return bytes === undefined ? undefined : Buffer.from(bytes);
  }

  get recalls(): boolean {
    return this.#same !== undefined;
  }

  believed(path: string): Believed | undefined {
    const row = this.sameRow(path);
    const { stamps, digests } = this.columns;
    if (row === undefined || isZero(digests, row * 32)) return undefined;
    const digest = digests.subarray(row * 32, row * 32 + 32);
    return { stamp: stamps.subarray(row * STAMP_WIDTH, (row + 1) * STAMP_WIDTH), digest };
  }

  knownFor(paths: readonly string[]): { readonly stamps: BigUint64Array; readonly digests: Uint8Array } {
    this.#known ??= this.#digested();
    const columns = this.columns;
    const stamps = new BigUint64Array(new SharedArrayBuffer(paths.length * STAMP_WIDTH * 8));
    const digests = new Uint8Array(paths.length * 32);
    for (const [index, path] of paths.entries()) {
      const at = this.#known.get(path);
      if (at === undefined) continue;
      stamps.set(columns.stamps.subarray(at * STAMP_WIDTH, (at + 1) * STAMP_WIDTH), index * STAMP_WIDTH);
      digests.set(columns.digests.subarray(at * 32, (at + 1) * 32), index * 32);
    }
    return { stamps, digests };
  }

  /** Rows with a digest. Where it is known what changed, few paths are ever asked for: changed ones, which are read again. */
  #digested(): Map<string, number> {
    const found = new Map<string, number>();
    if (this.changed_rows !== undefined) return found;
    const { ends, digests } = this.columns;
    for (let row = 0; row < ends.length; row++)
      if (digests.subarray(row * 32, row * 32 + 32).some((byte) => byte !== 0))
        found.set(this.pathAt(row), row);
    return found;
  }
}

function isZero(digests: Uint8Array, at: number): boolean {
  for (let byte = at; byte < at + 32; byte++) if (digests[byte] !== 0) return false;
  return true;
}

export const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

/** The entries of a folder as a payload. */
export function listingBytes(entries: readonly DirectoryEntry[]): Buffer {
  return Buffer.from(entries.map(({ name, kind }) => `${kind[0] === "s" ? "l" : kind[0]}${name}\0`).join(""));
}
