/**
 * Reads a line that is written exactly as our writers (or the older Python writer) write it, straight from its bytes:
 * one pass, no tree, no strings but the three a verifier needs. Whatever is not certainly canonical is left to the
 * strict reader, so this file may give up but never judges.
 */
import { isUtf8 } from "node:buffer";
import { sha256Hex } from "../kernel/index.ts";
import { type EntryKey, kindOfMember, type LineReading, OLDER_KEYS, SORTED_KEYS } from "./line-form.ts";
import { JSON_DEPTH_MAX } from "./strict-json.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const SPACE = 0x20;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const GIVE_UP = -1;
/** 1 for bytes that stand for themselves in a string; one look-up a byte is most of this file's time. */
const PLAIN_ASCII = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= SPACE && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);

interface Layout {
  /** Bytes before each value, in the order of the line. */
  readonly lead: readonly Buffer[];
  readonly keys: readonly EntryKey[];
  /** For each key of the hashed text: its bytes and the position of its value in the line. */
  readonly hashed: readonly { readonly lead: Buffer; readonly member: number }[];
  readonly is_sorted: boolean;
  readonly id: number;
  readonly previous_hash: number;
  readonly entry_hash: number;
}

function layoutOf(keys: readonly EntryKey[]): Layout {
  const lead = (key: EntryKey, index: number): Buffer => Buffer.from(`${index === 0 ? "{" : ", "}"${key}": `);
  return {
    keys,
    lead: keys.map(lead),
    hashed: SORTED_KEYS.filter((key) => key !== "entry_hash").map((key, index) => ({
      lead: lead(key, index),
      member: keys.indexOf(key),
    })),
    is_sorted: keys === SORTED_KEYS,
    id: keys.indexOf("id"),
    previous_hash: keys.indexOf("previous_hash"),
    entry_hash: keys.indexOf("entry_hash"),
  };
}

const SORTED = layoutOf(SORTED_KEYS);
const OLDER = layoutOf(OLDER_KEYS);

// Reused for every line: a ledger of a million lines must not make a million small arrays.
const starts = new Int32Array(SORTED_KEYS.length);
const ends = new Int32Array(SORTED_KEYS.length);
let scratch = Buffer.allocUnsafe(1 << 16);
let has_high_bytes = false;

/**
 * Where the line last located has what a verifier needs, in the bytes given; the quotes are left out. `cut`: what of it is not hashed,
 * where that is one piece; else 0.
 */
export const located = {
  start: 0,
  cut: 0,
  cut_end: 0,
  id: 0,
  id_end: 0,
  previous: 0,
  previous_end: 0,
  stated: 0,
  stated_end: 0,
};
let of_located: Layout = SORTED;

const HASH_LENGTH = 64;

/** Where the bytes that stand for themselves in a string end, from a place on; there is a newline behind them. */
type PlainEnd = (at: number) => number;
/** For the bytes that are being read. */
let plainEnd: PlainEnd | undefined;

/**
 * Finds the members of a canonical line that begins there; returns where it ends, without its newline, or -1 when the strict
 * reader must decide. `plain_end`: a fast one for these bytes.
 */
export function locateLine(line: Buffer, start: number, plain_end?: PlainEnd): number {
  // Second byte of the first key tells `decision` from `event_type`.
  const layout = line[start + 2] === 0x64 ? SORTED : OLDER;
  of_located = layout;
  located.start = start;
  has_high_bytes = false;
  plainEnd = plain_end;
  const end = findMembers(line, start, layout);
  if (end < 0 || (has_high_bytes && !isUtf8(line.subarray(start, end)))) return GIVE_UP;
  const { id, previous_hash, entry_hash } = layout;
  located.id = (starts[id] as number) + 1;
  located.id_end = (ends[id] as number) - 1;
  located.previous = (starts[previous_hash] as number) + 1;
  located.previous_end = (ends[previous_hash] as number) - 1;
  located.stated = (starts[entry_hash] as number) + 1;
  located.stated_end = (ends[entry_hash] as number) - 1;
  located.cut = layout.is_sorted ? (ends[0] as number) : 0;
  located.cut_end = ends[entry_hash] as number;
  const previous_length = located.previous_end - located.previous;
  if (previous_length !== HASH_LENGTH && previous_length !== 0) return GIVE_UP;
  return located.stated_end - located.stated === HASH_LENGTH ? end : GIVE_UP;
}

/** Reading of a canonical line (without its newline); undefined when the strict reader must decide. */
export function scanLine(line: Buffer): LineReading | undefined {
  if (locateLine(line, 0) !== line.length) return undefined;
  if (scratch.length < line.length) scratch = Buffer.allocUnsafe(line.length * 2);
  const { id, id_end, previous, previous_end, stated, stated_end } = located;
  // A hash or id holds no escapes worth decoding here: an odd one only compares unequal.
  const entry_hash = line.toString("latin1", stated, stated_end);
  const computed_hash = sha256Hex(scratch.subarray(0, putHashedText(line, line.length, scratch, 0)));
  return {
    state: computed_hash === entry_hash ? "sound" : "edited",
    id: line.toString("latin1", id, id_end),
    previous_hash: line.toString("latin1", previous, previous_end),
    entry_hash,
    computed_hash,
  };
}

function findMembers(line: Buffer, start: number, layout: Layout): number {
  let at = start;
  for (let index = 0; index < layout.keys.length; index++) {
    const lead = layout.lead[index] as Buffer;
    for (let i = 0; i < lead.length; i++) if (line[at + i] !== lead[i]) return GIVE_UP;
    at += lead.length;
    starts[index] = at;
    at = scanMember(line, at, layout.keys[index] as EntryKey);
    if (at === GIVE_UP) return GIVE_UP;
    ends[index] = at;
  }
  return line[at] === CLOSE_OBJECT ? at + 1 : GIVE_UP;
}

function scanMember(line: Buffer, at: number, key: EntryKey): number {
  const first = line[at];
  const kind = kindOfMember(key);
  if (kind === "string") return first === QUOTE ? scanString(line, at) : GIVE_UP;
  if (kind === "array") return first === OPEN_ARRAY ? scanArray(line, at, 2) : GIVE_UP;
  return first === OPEN_OBJECT ? scanObject(line, at, 2) : GIVE_UP;
}

/** Each scan starts at the first byte of a value and returns the position after it, or GIVE_UP. */
function scanValue(line: Buffer, at: number, depth: number): number {
  if (depth > JSON_DEPTH_MAX) return GIVE_UP;
  const first = line[at];
  if (first === QUOTE) return scanString(line, at);
  if (first === OPEN_OBJECT) return scanObject(line, at, depth);
  if (first === OPEN_ARRAY) return scanArray(line, at, depth);
  if (first === 0x74) return scanWord(line, at, "true");
  if (first === 0x66) return scanWord(line, at, "false");
  if (first === 0x6e) return scanWord(line, at, "null");
  return scanInteger(line, at);
}

/** So many are looked at one by one: a call for a short string costs more. */
const NEAR_BYTES = 16;

function scanString(line: Buffer, start: number): number {
  let at = start + 1;
  for (;;) {
    const near_end = at + NEAR_BYTES;
    while (at < near_end && PLAIN_ASCII[line[at] as number] === 1) at++;
    if (at === near_end) {
      if (plainEnd === undefined) continue;
      at = plainEnd(at);
    }
    const byte = line[at];
    if (byte === QUOTE) return at + 1;
    if (byte === undefined || byte < SPACE) return GIVE_UP;
    if (byte === BACKSLASH) {
      if (!isShortEscape(line[at + 1])) return GIVE_UP;
      at += 2;
    } else {
      has_high_bytes = true;
      at++;
    }
  }
}

/** The escapes json.dumps writes, except \u00XX, which is rare enough for the strict reader. */
function isShortEscape(byte: number | undefined): boolean {
  return (
    byte === QUOTE ||
    byte === BACKSLASH ||
    byte === 0x6e || // n
    byte === 0x74 || // t
    byte === 0x72 || // r
    byte === 0x62 || // b
    byte === 0x66 // f
  );
}

function scanArray(line: Buffer, start: number, depth: number): number {
  if (line[start + 1] === CLOSE_ARRAY) return start + 2;
  let at = start + 1;
  for (;;) {
    at = scanValue(line, at, depth + 1);
    if (at === GIVE_UP) return GIVE_UP;
    if (line[at] === CLOSE_ARRAY) return at + 1;
    if (line[at] !== COMMA || line[at + 1] !== SPACE) return GIVE_UP;
    at += 2;
  }
}

function scanObject(line: Buffer, start: number, depth: number): number {
  if (line[start + 1] === CLOSE_OBJECT) return start + 2;
  let at = start + 1;
  let key_start = 0;
  let key_end = 0;
  for (;;) {
    if (line[at] !== QUOTE) return GIVE_UP;
    const end = scanString(line, at);
    if (end === GIVE_UP) return GIVE_UP;
    if (!keysAscend(line, key_start, key_end, at + 1, end - 1)) return GIVE_UP;
    key_start = at + 1;
    key_end = end - 1;
    if (line[end] !== COLON || line[end + 1] !== SPACE) return GIVE_UP;
    at = scanValue(line, end + 2, depth + 1);
    if (at === GIVE_UP) return GIVE_UP;
    if (line[at] === CLOSE_OBJECT) return at + 1;
    if (line[at] !== COMMA || line[at + 1] !== SPACE) return GIVE_UP;
    at += 2;
  }
}

/** True when the second key certainly sorts after the first. UTF-8 bytes sort as code points do; escapes do not. */
function keysAscend(line: Buffer, a: number, a_end: number, b: number, b_end: number): boolean {
  for (let at = b; at < b_end; at++) if (line[at] === BACKSLASH) return false;
  if (a === 0) return true;
  const length = Math.min(a_end - a, b_end - b);
  for (let i = 0; i < length; i++) {
    const x = line[a + i] as number;
    const y = line[b + i] as number;
    if (x !== y) return x < y;
  }
  return a_end - a < b_end - b;
}

function scanWord(line: Buffer, at: number, word: string): number {
  for (let i = 0; i < word.length; i++) if (line[at + i] !== word.charCodeAt(i)) return GIVE_UP;
  return at + word.length;
}

function scanInteger(line: Buffer, start: number): number {
  let at = start;
  const negative = line[at] === 0x2d;
  if (negative) at++;
  const first = at;
  while (at < line.length && (line[at] as number) >= 0x30 && (line[at] as number) <= 0x39) at++;
  const digits = at - first;
  if (digits === 0 || digits > 20) return GIVE_UP;
  if (line[first] === 0x30 && (digits > 1 || negative)) return GIVE_UP;
  const next = line[at];
  return next === COMMA || next === CLOSE_ARRAY || next === CLOSE_OBJECT ? at : GIVE_UP;
}

/** Puts the text that the line last located is hashed from to `at`; returns where it ends. It is shorter than the line. */
export function putHashedText(line: Buffer, line_end: number, target: Buffer, at: number): number {
  let end = at;
  const layout = of_located;
  if (layout.is_sorted) {
    // `decision` stands first, so the text is the line with one member cut out.
    end += line.copy(target, end, located.start, ends[0]);
    return end + line.copy(target, end, ends[layout.entry_hash], line_end);
  }
  for (const { lead, member } of layout.hashed) {
    end += lead.copy(target, end);
    end += line.copy(target, end, starts[member], ends[member]);
  }
  target[end] = CLOSE_OBJECT;
  return end + 1;
}
