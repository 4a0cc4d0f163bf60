/** The columns of what a check remembers. */
import type { Random } from "../effects/index.ts";
import { openParts, sealParts } from "./sealed-parts.ts";

const FORM = { magic: "holdfast stat 2\n", purpose: "holdfast stat cache" };

/** Row by row: first the owned files that are as recorded, folder by folder; then everything else that was looked at. */
export interface CacheColumns {
  readonly stamps: BigUint64Array;
  /** 32 bytes each; zeros where the path is no file that was digested. */
  readonly digests: Uint8Array;
  /** Absolute paths in UTF-8, one after another, and where each ends. */
  readonly ends: Uint32Array;
  readonly paths: Uint8Array;
  /** Of owned files: which receipt, and `flagsOf`. */
  readonly owners: Uint32Array;
  readonly flags: Uint8Array;
  /** Of the other rows: see `PAYLOAD`; where each payload ends, and all of them. */
  readonly payload_kinds: Uint8Array;
  readonly payload_ends: Uint32Array;
  readonly payloads: Uint8Array;
  /** Of folders: how many owned files of the table lie in it; `walk` of it. In the order of the rows. */
  readonly folder_counts: Uint32Array;
  readonly folder_walks: Uint32Array;
  /** 32 bytes each: the leaf of the tree over these files; zeros where there are none. */
  readonly folder_leaves: Uint8Array;
  /** Plane-relative, one after another with a NUL after each. */
  readonly folder_names: Uint8Array;
  /** JSON: see `KeptReceipt`. */
  readonly receipts: Uint8Array;
  /** JSON: the rows of packages_registry. */
  readonly packages: Uint8Array;
  /** JSON: the report of that check and what it depended on besides files. */
  readonly note: Uint8Array;
}

export const PAYLOAD = { none: 0, listing: 1, contents: 2 } as const;

const COLUMNS = {
  stamps: BigUint64Array,
  digests: Uint8Array,
  ends: Uint32Array,
  paths: Uint8Array,
  owners: Uint32Array,
  flags: Uint8Array,
  payload_kinds: Uint8Array,
  payload_ends: Uint32Array,
  payloads: Uint8Array,
  folder_counts: Uint32Array,
  folder_walks: Uint32Array,
  folder_leaves: Uint8Array,
  folder_names: Uint8Array,
  receipts: Uint8Array,
  packages: Uint8Array,
  note: Uint8Array,
} as const;
const NAMES = Object.keys(COLUMNS) as (keyof CacheColumns)[];

export const encodeCache = (random: Random, columns: CacheColumns, key: string): Buffer[] =>
  sealParts(
    random,
    key,
    FORM,
    NAMES.map((name) => columns[name]),
  );

/** Undefined for whatever was not written by `encodeCache` with this key, to the last byte. */
export function decodeCache(bytes: Buffer, key: string): CacheColumns | undefined {
  const parts = openParts(bytes, key, FORM);
  if (parts?.length !== NAMES.length) return undefined;
  const columns = NAMES.map((name, index) => {
    const { buffer, byteOffset, byteLength } = parts[index] as Buffer;
    const Column = COLUMNS[name];
    return [name, new Column(buffer as ArrayBuffer, byteOffset, byteLength / Column.BYTES_PER_ELEMENT)];
  });
  return Object.fromEntries(columns) as CacheColumns;
}
