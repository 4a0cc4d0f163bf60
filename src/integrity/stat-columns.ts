/** From what a check looked at to the columns of the cache. */
import { FILE_STATE, type SeenFiles, STAMP_WIDTH, type Stamp } from "../effects/index.ts";
import type { FileReader } from "./file-reader.ts";
import type { CacheColumns } from "./stat-cache-form.ts";

export function columnsOf(
  seen: SeenFiles,
  reader: FileReader,
  began_ns: bigint,
): Omit<CacheColumns, "note"> & { readonly is_steady: boolean } {
  const others = new Map(seen.stamps);
  const count_max = reader.tables.reduce((sum, { paths }) => sum + paths.length, others.size);
  const columns = new Columns(count_max, began_ns);
  let is_steady = seen.is_steady;
  for (const { paths, table, digests } of reader.tables) {
    for (const [index, path] of paths.entries()) {
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
  }
  for (const [path, stamp] of others) columns.add(path, stamp, undefined);
  return { ...columns.cut(), is_steady: is_steady && !columns.is_racy };
}

class Columns {
  /** Something changed as late as the check began. */
  is_racy = false;
  #count = 0;
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
    this.#ends[this.#count] = this.#length;
    this.#stamps.set(stamp, this.#count * STAMP_WIDTH);
    if (digest !== undefined) this.#digests.set(digest, this.#count * 32);
    this.#count += 1;
  }

  cut(): Omit<CacheColumns, "note"> {
    return {
      paths: this.#paths.subarray(0, this.#length),
      ends: this.#ends.subarray(0, this.#count),
      stamps: this.#stamps.subarray(0, this.#count * STAMP_WIDTH),
      digests: this.#digests.subarray(0, this.#count * 32),
    };
  }
}
