/**
 * What the last check saw: for each path its stamp (size, mode, times, inode, device) and, of files it read, the digest. A file
 * with the same stamp is believed to have the same bytes. Wrong only where a ctime was forged, which takes the clock of the
 * machine or its raw disk. Git's racy rule: what changed as late as the check began is not remembered at all, so a later change
 * within the same tick of the clock cannot hide behind it.
 */
import { createHmac } from "node:crypto";
import type { IntegrityReport } from "../contracts/index.ts";
import type { Effects, SeenFiles } from "../effects/index.ts";
import { STAMP_WIDTH } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { type Plane, secretOf } from "../plane/index.ts";
import type { FileReader, Memory } from "./file-reader.ts";
import type { LedgerNote } from "./remembered-ledgers.ts";
import { type CacheColumns, decodeCache, encodeCache } from "./stat-cache-form.ts";
import { columnsOf } from "./stat-columns.ts";

const DIRECTORY = ".holdfast/cache";
const FILE = `${DIRECTORY}/stat.bin`;
const BYTES_MAX = 1 << 30;
/** Longer than the clock of any file system we stand on waits. */
const TICK_MS = 20;

interface Standing {
  readonly report: IntegrityReport;
}

export interface Note {
  /** What the report depends on besides files. */
  readonly depends_on: string;
  readonly report: IntegrityReport | null;
  /** The report stands from when it was made until something that it rests on expires; null where nothing does. */
  readonly made_ms: number;
  readonly expires_ms: number | null;
  readonly ledgers: LedgerNote | null;
  /** See `KeptColumns`. */
  readonly alone_count: number;
  readonly owned_count: number;
}

/** Undefined where this user cannot read the plane's secret: then nothing is believed and nothing is kept. */
export function cacheKey(effects: Effects, plane: Plane): string | undefined {
  try {
    const { secret } = secretOf(effects, plane);
    return createHmac("sha256", secret).update(`holdfast stat cache 3\0${plane.root}`).digest("hex");
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

export class StatCache implements Memory {
  readonly #columns: CacheColumns;
  #index: Map<string, number> | undefined;
  #parsed: Note | undefined;

  private constructor(columns: CacheColumns) {
    this.#columns = columns;
  }

  /** Undefined when there is none, or none of ours. */
  static read({ fs }: Pick<Effects, "fs">, root: string, key: string): StatCache | undefined {
    try {
      const size = fs.stat(`${root}/${FILE}`)?.size_bytes ?? 0;
      const columns = size > BYTES_MAX ? undefined : decodeCache(fs.read(`${root}/${FILE}`), key);
      return columns === undefined ? undefined : new StatCache(columns);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      return undefined;
    }
  }

  get #note(): Note {
    this.#parsed ??= JSON.parse(Buffer.from(this.#columns.note).toString("utf8")) as Note;
    return this.#parsed;
  }

  /** What that check said of the ledgers. */
  ledgers(depends_on: string): LedgerNote | null {
    return this.#note.depends_on === depends_on ? this.#note.ledgers : null;
  }

  /** What that check kept, where nothing but files has ended its report. */
  standing({ clock }: Pick<Effects, "clock">, depends_on: string): (Note & Standing) | undefined {
    const note = this.#note;
    if (note.report === null || note.depends_on !== depends_on) return undefined;
    const now_ms = clock.now_ms();
    // A clock that was set back makes valid again what had expired.
    if (now_ms < note.made_ms || now_ms >= (note.expires_ms ?? Number.POSITIVE_INFINITY)) return undefined;
    return { ...note, report: note.report };
  }

  get columns(): CacheColumns {
    return this.#columns;
  }

  /** Stamps and digests for these paths, in this order; zeros for a path without a digest. */
  knownFor(paths: readonly string[]): { readonly stamps: BigUint64Array; readonly digests: Uint8Array } {
    this.#index ??= this.#indexed();
    const columns = this.#columns;
    const stamps = new BigUint64Array(new SharedArrayBuffer(paths.length * STAMP_WIDTH * 8));
    const digests = new Uint8Array(paths.length * 32);
    for (const [index, path] of paths.entries()) {
      const at = this.#index.get(path);
      if (at === undefined) continue;
      stamps.set(columns.stamps.subarray(at * STAMP_WIDTH, (at + 1) * STAMP_WIDTH), index * STAMP_WIDTH);
      digests.set(columns.digests.subarray(at * 32, (at + 1) * 32), index * 32);
    }
    return { stamps, digests };
  }

  #indexed(): Map<string, number> {
    const { paths, ends, digests } = this.#columns;
    const names = Buffer.from(paths.buffer);
    const index = new Map<string, number>();
    for (let at = 0, start = 0; at < ends.length; at++) {
      const end = ends[at] ?? start;
      if (digests.subarray(at * 32, at * 32 + 32).some((byte) => byte !== 0))
        index.set(names.toString("utf8", start, end), at);
      start = end;
    }
    return index;
  }
}

export const hasCache = ({ fs }: Pick<Effects, "fs">, root: string): boolean =>
  fs.stat(`${root}/${FILE}`) !== undefined;

/** When a check begins, by the clock that stamps its files; undefined where the cache cannot be written. */
export async function beginStamp(
  { fs, random, clock }: Pick<Effects, "fs" | "random" | "clock">,
  root: string,
): Promise<bigint | undefined> {
  try {
    for (const folder of [".holdfast", DIRECTORY]) {
      if (fs.stat(`${root}/${folder}`) !== undefined) continue;
      fs.makeDirectory(`${root}/${folder}`);
      // The folder above has changed just now; the check is to begin in a later tick than that.
      await clock.sleep(TICK_MS);
    }
    const path = `${root}/${DIRECTORY}/.clock-${random.hex(6)}`;
    fs.openWrite(path, { mode: 0o600, how: "exclusive" }).close();
    const began_ns = fs.stat(path)?.ctime_ns;
    fs.remove(path);
    return began_ns;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return undefined;
  }
}

/** What a whole check leaves behind. */
export function keepCheck(
  effects: Pick<Effects, "fs" | "random">,
  root: string,
  key: string,
  {
    seen,
    reader,
    began_ns,
    note,
  }: {
    readonly seen: SeenFiles;
    readonly reader: FileReader;
    readonly began_ns: bigint;
    readonly note: Omit<Note, "alone_count" | "owned_count">;
  },
): void {
  const diffed = new Set(
    note.report?.paths.flatMap(({ path, diff }) =>
      // Bytecode is held against its source.
      diff === undefined || path.endsWith(".py") ? [] : [`${root}/${path}`],
    ),
  );
  const { is_steady, alone_count, owned_count, ...columns } = columnsOf(seen, reader, began_ns, diffed);
  const kept = { ...note, alone_count, owned_count, report: is_steady ? note.report : null };
  keepCache(effects, root, key, { columns, note: kept });
}

/** Derived, so nothing is synced and no failure matters. */
export function keepCache(
  { fs, random }: Pick<Effects, "fs" | "random">,
  root: string,
  key: string,
  { columns, note }: { readonly columns: Omit<CacheColumns, "note">; readonly note: Note },
): void {
  const temporary = `${root}/${FILE}.${random.hex(6)}.tmp`;
  try {
    const handle = fs.openWrite(temporary, { mode: 0o600, how: "exclusive" });
    try {
      for (const part of encodeCache({ ...columns, note: Buffer.from(JSON.stringify(note)) }, key))
        handle.write(part);
    } finally {
      handle.close();
    }
    fs.rename(temporary, `${root}/${FILE}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    removeQuietly(fs, temporary);
  }
}

function removeQuietly(fs: Effects["fs"], path: string): void {
  try {
    fs.remove(path);
  } catch {
    // It was never made, or cannot be removed either.
  }
}
