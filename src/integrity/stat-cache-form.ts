/**
 * The bytes of what a check remembers: magic, nonce and code over all that follows, the length of each column, then the columns. A
 * key that lies outside the plane makes the code, so that whoever can write the plane still cannot make the check believe anything.
 */
import { timingSafeEqual } from "node:crypto";
import type { Random } from "../effects/index.ts";
import { MAC_BYTES, macKey, macOf, newNonce } from "./mac.ts";

const MAGIC = Buffer.from("holdfast stat 2\n");
const NONCE_AT = 16;
const CODE_AT = 32;
const LENGTHS_AT = 48;
/** Each column begins where its numbers can be read without a copy. */
const ALIGNED = 8;
const PURPOSE = "holdfast stat cache";

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
  note: Uint8Array,
} as const;
const NAMES = Object.keys(COLUMNS) as (keyof CacheColumns)[];
const BODY_AT = LENGTHS_AT + NAMES.length * 8;

export function encodeCache(random: Random, columns: CacheColumns, key: string): Buffer[] {
  const lengths = Buffer.alloc(NAMES.length * 8);
  const body: Buffer[] = [lengths];
  for (const [index, name] of NAMES.entries()) {
    const { buffer, byteOffset, byteLength } = columns[name];
    lengths.writeDoubleLE(byteLength, index * 8);
    body.push(Buffer.from(buffer, byteOffset, byteLength), Buffer.alloc(paddingOf(byteLength)));
  }
  const nonce = newNonce(random);
  const header = Buffer.alloc(LENGTHS_AT);
  MAGIC.copy(header);
  nonce.copy(header, NONCE_AT);
  macOf(macKey(key, PURPOSE), nonce, body).copy(header, CODE_AT);
  return [header, ...body];
}

/** Undefined for whatever was not written by `encodeCache` with this key, to the last byte. */
export function decodeCache(bytes: Buffer, key: string): CacheColumns | undefined {
  if (bytes.length < BODY_AT || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const nonce = bytes.subarray(NONCE_AT, NONCE_AT + 12);
  const code = macOf(macKey(key, PURPOSE), nonce, [bytes.subarray(LENGTHS_AT)]);
  if (!bytes.subarray(NONCE_AT + 12, CODE_AT).equals(Buffer.alloc(CODE_AT - NONCE_AT - 12))) return undefined;
  if (!timingSafeEqual(bytes.subarray(CODE_AT, CODE_AT + MAC_BYTES), code)) return undefined;
  const columns: Partial<Record<keyof CacheColumns, unknown>> = {};
  let at = BODY_AT;
  for (const [index, name] of NAMES.entries()) {
    const length = bytes.readDoubleLE(LENGTHS_AT + index * 8);
    const Column = COLUMNS[name];
    columns[name] = viewed(bytes, at, length, Column);
    at += length + paddingOf(length);
  }
  return columns as unknown as CacheColumns;
}

function viewed(
  { buffer, byteOffset }: Buffer,
  at: number,
  length: number,
  Column: (typeof COLUMNS)[keyof typeof COLUMNS],
): unknown {
  const start = byteOffset + at;
  const count = length / Column.BYTES_PER_ELEMENT;
  const memory = buffer as ArrayBuffer;
  if (start % ALIGNED === 0) return new Column(memory, start, count);
  return new Column(memory.slice(start, start + length));
}

const paddingOf = (length: number): number => (ALIGNED - (length % ALIGNED)) % ALIGNED;
