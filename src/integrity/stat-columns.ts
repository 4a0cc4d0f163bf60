/** From what a check looked at to the columns of the cache. */
import { FILE_STATE, type SeenFiles, STAMP_WIDTH, type Stamp } from "../effects/index.ts";
import type { FileReader, ReadTable } from "./file-reader.ts";
import type { CacheColumns } from "./stat-cache-form.ts";

export interface KeptColumns extends Omit<CacheColumns, "note"> {
  readonly is_steady: boolean;
  /** The first so many rows are owned files on which nothing but their own verdict depends. */
  readonly alone_count: number;
  /** The first so many rows are all owned files that were read. */
  readonly owned_count: number;
}

/** `diffed`: paths that were looked at again only to show what changed in them. */
export function columnsOf(
  seen: SeenFiles,
  reader: FileReader,
  began_ns: bigint,
  diffed: ReadonlySet<string>,
): KeptColumns {
  const others = new Map(seen.stamps);
  const count_max = reader.tables.reduce((sum, { paths }) => sum + paths.length, others.size);
  const columns = new Columns(count_max, began_ns);
  let is_steady = seen.is_steady;
  const take = (read: ReadTable, isWanted: (path: string) => boolean): void => {
    const { paths, table, digests } = read;
    for (const [index, path] of paths.entries()) {
      if (!isWanted(path)) continue;
      const state = table.states[index];
      if (state !== FILE_STATE.hashed && state !== FILE_STATE.trusted) {
        // Absent, special or unreadable: it stands only where the file system was asked as well.
        if (!seen.stamps.has(path)) is_steady = false;
        continue;
      }
      const stamp = table.stamps.subarray(index * STAMP_WIDTH, (index + 1) * STAMP_WIDTH);
      const other = others.get(path);
      if (other?.every((value, at) => value === stamp[at]) === false) is_steady = false;
      others.delete(path);
      columns.add(path, stamp, digests.subarray(index * 32, index * 32 + 32));
    }
  };
  const [owned, read_otherwise] = [true, false].map((is_owned) =>
    reader.tables.filter((one) => one.is_owned === is_owned),
  ) as [ReadTable[], ReadTable[]];
  const elsewhere = new Set(read_otherwise.flatMap(({ paths }) => paths));
  const isAlone = (path: string): boolean =>
    !elsewhere.has(path) && (!seen.stamps.has(path) || diffed.has(path));
  for (const read of owned) take(read, isAlone);
  const alone_count = columns.count;
  for (const read of owned) take(read, (path) => !isAlone(path));
  const owned_count = columns.count;
  for (const read of read_otherwise) take(read, () => true);
  for (const [path, stamp] of others) columns.add(path, stamp, seen.listings.get(path));
  return { ...columns.cut(), alone_count, owned_count, is_steady: is_steady && !columns.is_racy };
}

class Columns {
  count = 0;
  /** Something changed as late as the check began. */
  is_racy = false;
  #length = 0;
  readonly #began_ns: bigint;
  readonly #ends: Uint32Array;
  readonly #stamps: BigUint64Array;
  readonly #digests: Uint8Array;
  #paths: Buffer;

  constructor(count_max: number, began_ns: bigint) {
    this.#began_ns = began_ns;
    this.#ends = new Uint32Array(count_max);
    this.#stamps = new BigUint64Array(count_max * STAMP_WIDTH);
    this.#digests = new Uint8Array(count_max * 32);
    this.#paths = Buffer.allocUnsafe(Math.max(1024, count_max * 96));
  }

  add(path: string, stamp: BigUint64Array | Stamp, digest: Uint8Array | undefined): void {
    if ((stamp[3] ?? 0n) >= this.#began_ns) {
      this.is_racy = true;
      return;
    }
    const space = path.length * 3;
    if (this.#length + space > this.#paths.length)
      this.#paths = Buffer.concat([this.#paths], this.#paths.length * 2 + space);
    this.#length += this.#paths.write(path, this.#length);
    this.#ends[this.count] = this.#length;
    this.#stamps.set(stamp, this.count * STAMP_WIDTH);
    if (digest !== undefined) this.#digests.set(digest, this.count * 32);
    this.count += 1;
  }

  cut(): Omit<CacheColumns, "note"> {
    return {
      paths: this.#paths.subarray(0, this.#length),
      ends: this.#ends.subarray(0, this.count),
      stamps: this.#stamps.subarray(0, this.count * STAMP_WIDTH),
      digests: this.#digests.subarray(0, this.count * 32),
    };
  }
}
