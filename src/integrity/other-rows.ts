/** Rows of everything but owned files that are as recorded: what was looked at, and what has not changed since the last check. */
import { FILE_STATE, type SeenFiles, STAMP_WIDTH } from "../effects/index.ts";
import { type ColumnsWriter, GrowingBytes } from "./columns-writer.ts";
import type { FileReader } from "./file-reader.ts";
import { type LastCheck, listingBytes } from "./last-check.ts";
import type { IsKept } from "./owned-rows.ts";
import type { Recall } from "./recall.ts";
import { type CacheColumns, PAYLOAD } from "./stat-cache-form.ts";

interface Looked {
  readonly seen: SeenFiles;
  readonly reader: FileReader;
  readonly recall: Recall | undefined;
}

/** Everything else that was looked at, and what is known from before and has not changed. */
export function writeOthers(
  writer: ColumnsWriter,
  { seen, reader, recall }: Looked,
  isKept: IsKept,
): {
  readonly columns: Pick<CacheColumns, "payload_kinds" | "payload_ends" | "payloads">;
  readonly is_steady: boolean;
} {
  const payloads = new Payloads();
  const last = recall?.last;
  if (last !== undefined) copyUnchanged(writer, payloads, last);
  const isAsked = (path: string): boolean => seen.stamps.has(path) || last?.isSame(path) === true;
  const read = writeRead(writer, payloads, reader, { isKept, isAsked });
  let { is_steady } = read;
  for (const [path, stamp] of seen.stamps) {
    const known = read.stamps.get(path);
    if (known !== undefined && !known.every((value, field) => value === stamp[field])) is_steady = false;
    if (last?.isSame(path) === true || known !== undefined) continue;
    if (writer.add(path, stamp, 0)) payloads.add(seen, path);
  }
  return { columns: payloads.cut(), is_steady };
}

/** Files that were read and have no row yet. */
function writeRead(
  writer: ColumnsWriter,
  payloads: Payloads,
  { tables }: FileReader,
  { isKept, isAsked }: { readonly isKept: IsKept; readonly isAsked: (path: string) => boolean },
): { readonly stamps: ReadonlyMap<string, readonly bigint[]>; readonly is_steady: boolean } {
  const stamps = new Map<string, bigint[]>();
  let is_steady = true;
  for (const read of tables) {
    const { paths, table, digests } = read;
    for (const [at, path] of paths.entries()) {
      if (read.is_owned && isKept(read, at, path)) continue;
      const state = table.states[at];
      if (state !== FILE_STATE.hashed && state !== FILE_STATE.trusted) {
        // Absent, special or unreadable: it stands only where the file system was asked as well.
        is_steady &&= isAsked(path);
        continue;
      }
      stamps.set(path, [...table.stamps.subarray(at * STAMP_WIDTH, (at + 1) * STAMP_WIDTH)]);
      if (writer.add(path, table.stamps, at, digests.subarray(at * 32, at * 32 + 32))) payloads.none();
    }
  }
  return { stamps, is_steady };
}

function copyUnchanged(writer: ColumnsWriter, payloads: Payloads, last: LastCheck): void {
  const { columns, owned_count } = last;
  let start = owned_count;
  const upTo = (end: number): void => {
    writer.copy(columns, start, end);
    payloads.copy(columns, start - owned_count, end - owned_count);
    start = end + 1;
  };
  for (const row of last.changed_rows ?? []) if (row >= owned_count) upTo(row);
  upTo(columns.ends.length);
}

class Payloads {
  readonly #kinds: number[] = [];
  readonly #ends: number[] = [];
  readonly #bytes = new GrowingBytes(1 << 20);

  none(): void {
    this.#push(PAYLOAD.none);
  }

  #push(kind: number): void {
    this.#kinds.push(kind);
    this.#ends.push(this.#bytes.length);
  }

  add({ listings, contents }: SeenFiles, path: string): void {
    const [listing, bytes] = [listings.get(path), contents.get(path)];
    const payload = listing === undefined ? bytes : listingBytes(listing);
    if (payload !== undefined) this.#bytes.add(payload);
    this.#push(
      payload === undefined ? PAYLOAD.none : listing === undefined ? PAYLOAD.contents : PAYLOAD.listing,
    );
  }

  copy({ payload_kinds, payload_ends, payloads }: CacheColumns, start: number, end: number): void {
    if (start >= end) return;
    const first = start === 0 ? 0 : (payload_ends[start - 1] ?? 0);
    const moved = this.#bytes.length - first;
    this.#bytes.add(payloads.subarray(first, payload_ends[end - 1]));
    for (let at = start; at < end; at++) {
      this.#kinds.push(payload_kinds[at] ?? 0);
      this.#ends.push((payload_ends[at] ?? 0) + moved);
    }
  }

  cut(): Pick<CacheColumns, "payload_kinds" | "payload_ends" | "payloads"> {
    return {
      payload_kinds: Uint8Array.from(this.#kinds),
      payload_ends: Uint32Array.from(this.#ends),
      payloads: this.#bytes.cut(),
    };
  }
}
