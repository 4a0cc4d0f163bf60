/** Streams a registry file as rows of bytes, flaws included: the one reader under scan, rewrite and check. */
import { isUtf8 } from "node:buffer";
import { REGISTRY_COLUMNS, type RegistryName } from "../contracts/index.ts";
import type { Effects, ReadHandle } from "../effects/index.ts";
import { raise } from "./faults.ts";
import { RowSpans, splitRow } from "./split-row.ts";

const CHUNK_BYTES = 1 << 20;
/** Longest row read. An unclosed quote would otherwise pull the rest of a huge file into memory. */
const ROW_BYTES_MAX = 1 << 20;
const BOM = [0xef, 0xbb, 0xbf];
const LF = 0x0a;

/** One row as it lies in `bytes`; the object is reused, so it is valid until the next one is asked for. */
export class RawRow extends RowSpans {
  bytes: Buffer = Buffer.alloc(0);
  /** Physical line on which the row starts, from 1. */
  line = 1;
  /** Bytes of a byte order mark before the first row: 3 or 0. */
  bom_bytes = 0;
}

/** File name of a registry inside `registries/`. */
export const registryFile = (name: RegistryName): string => `${name}.csv`;
/** Plane-relative path, as findings and faults name it. */
export const registryPath = (name: RegistryName): string => `registries/${registryFile(name)}`;
export const knownColumns = (name: RegistryName): readonly string[] => REGISTRY_COLUMNS[name];

/**
 * Rows in file order, blank lines included; the header is the first.
 * The buffers behind the rows are never written again, so slices of them may be kept.
 * @throws REGISTRY_MISSING, REGISTRY_UNREADABLE
 */
export function* readRawRows(
  fs: Pick<Effects["fs"], "stat" | "openRead">,
  path: string,
  name: RegistryName,
): Generator<RawRow, void, void> {
  const handle = open(fs, path, name);
  try {
    const row = new RawRow();
    let carried = Buffer.alloc(0);
    for (let is_first = true; ; is_first = false) {
      const window = Buffer.allocUnsafeSlow(carried.length + CHUNK_BYTES);
      carried.copy(window);
      const limit = fill(handle, window, carried.length);
      const is_last = limit < window.length;
      let at = 0;
      if (is_first) {
        row.bom_bytes = BOM.every((byte, i) => i < limit && window[i] === byte) ? BOM.length : 0;
        at = row.bom_bytes;
      }
      at = yield* rowsOf(window, { start: at, limit, is_last }, row);
      if (is_last) return;
      carried = window.subarray(at, limit);
      if (carried.length > ROW_BYTES_MAX) {
        yield tooLong(carried, row);
        return;
      }
    }
  } finally {
    handle.close();
  }
}

/** Yields the complete rows of one window; returns where the first incomplete one starts. */
function* rowsOf(
  window: Buffer,
  { start, limit, is_last }: { start: number; limit: number; is_last: boolean },
  row: RawRow,
): Generator<RawRow, number, void> {
  // A line feed is never part of a longer UTF-8 sequence, so everything before the last one can be judged now.
  const judged = is_last ? limit : window.lastIndexOf(LF, limit - 1) + 1;
  const is_valid = isUtf8(window.subarray(start, Math.max(start, judged)));
  let at = start;
  while (at < limit && splitRow(window, { start: at, limit, is_last }, row)) {
    row.bytes = window;
    if (!is_valid && !isUtf8(window.subarray(row.start, row.end))) flagEncoding(row);
    at = row.end;
    yield row;
    row.line += row.line_feeds;
  }
  return at;
}

function flagEncoding(row: RawRow): void {
  for (let i = 0; i < row.cell_count; i++) {
    const start = row.cellStart(i);
    if (!isUtf8(row.bytes.subarray(start, row.cellEnd(i)))) row.addFlaw("encoding", start);
  }
}

/** The start of a row that has no end within the limit, as one flawed row. */
function tooLong(bytes: Buffer, row: RawRow): RawRow {
  splitRow(bytes, { start: 0, limit: bytes.length, is_last: true }, row);
  row.bytes = bytes;
  if (!row.flaws.some((flaw) => flaw.kind === "open_quote")) row.addFlaw("too_long", 0);
  return row;
}

function open(fs: Pick<Effects["fs"], "stat" | "openRead">, path: string, name: RegistryName): ReadHandle {
  const shown = registryPath(name);
  const found = fs.stat(path);
  if (found === undefined) return raise("REGISTRY_MISSING", `${shown} does not exist`, { path: shown });
  if (found.kind !== "file") {
    const what = found.kind === "other" ? "device, pipe or socket" : found.kind;
    return raise("REGISTRY_UNREADABLE", `${shown} is a ${what}, not a regular file`, { path: shown });
  }
  try {
    return fs.openRead(path);
  } catch (error) {
    return raise("REGISTRY_UNREADABLE", `${shown} cannot be opened`, { path: shown }, error);
  }
}

function fill(handle: ReadHandle, window: Buffer, from: number): number {
  let at = from;
  while (at < window.length) {
    const count = handle.read(window.subarray(at));
    if (count === 0) break;
    at += count;
  }
  return at;
}
