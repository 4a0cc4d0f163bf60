/**
 * JSON text that Python's `json.dumps(sort_keys=True)` would also write, so both languages hash the same bytes.
 * Two dialects (facts, formats section): ledger and evidence use ", " and ": " with raw UTF-8; manifest hashes use
 * "," and ":" with ASCII escapes.
 */
import { compareCodePoints } from "./order.ts";

export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined };

/** A number kept as its source token, so `1.0` and `1e+16` hash as Python wrote them. */
export class NumberToken {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type JsonTree =
  | string
  | number
  | boolean
  | null
  | NumberToken
  | readonly JsonTree[]
  | { readonly [key: string]: JsonTree | undefined };

interface Dialect {
  readonly comma: string;
  readonly colon: string;
  readonly ascii: boolean;
  readonly floats: boolean;
}
const SPACED: Dialect = { comma: ", ", colon: ": ", ascii: false, floats: false };
const COMPACT: Dialect = { comma: ",", colon: ":", ascii: true, floats: true };

/** Ledger and evidence dialect. */
export const spacedJson = (value: JsonTree): string => write(value, SPACED);
/** Manifest-hash dialect. */
export const compactAsciiJson = (value: JsonTree): string => write(value, COMPACT);
/** Files people read: two-space indent, sorted keys, final newline. */
export const prettyJson = (value: Json): string => `${JSON.stringify(sortKeys(value), null, 2)}\n`;

function write(value: JsonTree, dialect: Dialect): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return quote(value, dialect);
  if (typeof value === "number") return dialect.floats ? writeFloat(value) : writeInteger(value);
  if (value instanceof NumberToken) return value.text;
  if (Array.isArray(value)) return `[${value.map((item) => write(item, dialect)).join(dialect.comma)}]`;
  const members = value as { readonly [key: string]: JsonTree | undefined };
  const parts: string[] = [];
  for (const key of Object.keys(members).sort(compareCodePoints)) {
    const member = members[key];
    if (member !== undefined) parts.push(quote(key, dialect) + dialect.colon + write(member, dialect));
  }
  return `{${parts.join(dialect.comma)}}`;
}

function quote(text: string, dialect: Dialect): string {
  const plain = JSON.stringify(text);
  if (!dialect.ascii) return plain;
  return plain.replace(/[\u007f-\uffff]/g, (unit) =>
    unit === "\u007f" ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Ledgers hold integers only, so that no reader's way of writing numbers matters. */
function writeInteger(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`not a safe integer: ${value}`);
  return Object.is(value, -0) ? "0" : String(value);
}

/** As Python writes the number it reads from what `JSON.stringify` wrote: the same shortest digits, other exponents. */
function writeFloat(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`not a number of JSON: ${value}`);
  if (Object.is(value, -0)) return "0";
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return String(value);
  const [digits = "", power = "0"] = value.toExponential().split("e");
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 16) return String(value);
  return `${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

function sortKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map((item) => sortKeys(item as Json));
  if (value === null || typeof value !== "object") return value;
  const members = value as { readonly [key: string]: Json | undefined };
  const entries: [string, Json][] = [];
  for (const key of Object.keys(members).sort(compareCodePoints)) {
    const member = members[key];
    if (member !== undefined) entries.push([key, sortKeys(member)]);
  }
  return Object.fromEntries(entries);
}
