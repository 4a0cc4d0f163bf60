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
}
const SPACED: Dialect = { comma: ", ", colon: ": ", ascii: false };
const COMPACT: Dialect = { comma: ",", colon: ":", ascii: true };

/** Ledger and evidence dialect. */
export const spacedJson = (value: JsonTree): string => write(value, SPACED);
/** Manifest-hash dialect. */
export const compactAsciiJson = (value: JsonTree): string => write(value, COMPACT);
/** Files people read: two-space indent, sorted keys, final newline. */
export const prettyJson = (value: Json): string => `${JSON.stringify(sortKeys(value), null, 2)}\n`;

function write(value: JsonTree, dialect: Dialect): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return quote(value, dialect);
  if (typeof value === "number") return writeNumber(value);
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

/** Integers only: a float would print differently in Python, so what we write never holds one. */
function writeNumber(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`not a safe integer: ${value}`);
  return Object.is(value, -0) ? "0" : String(value);
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
