/**
 * A JSON reader that forgives nothing and loses nothing: numbers keep the text Python would print, duplicate keys,
 * lone surrogates, NaN and deep nesting are refused. `JSON.parse` would drop duplicate keys and round numbers, and so
 * accept lines whose hash another reader computes differently.
 */
import { type JsonTree, NumberToken } from "../kernel/index.ts";
import { pythonNumber } from "./python-number.ts";

export const JSON_DEPTH_MAX = 64;

/** Why a text is not JSON we read; `offset` in UTF-16 units. */
export class MalformedJson extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

export interface StrictJson {
  readonly tree: JsonTree;
  /** True when spaces, escapes and numbers are written exactly as `json.dumps` writes them (key order aside). */
  readonly exact: boolean;
}

/** Reads a whole text as one JSON value. @throws MalformedJson */
export function parseStrictJson(text: string): StrictJson {
  const reader: Reader = { text, at: 0, exact: true };
  skipBlanks(reader, "");
  const tree = readValue(reader, 1);
  skipBlanks(reader, "");
  if (reader.at < text.length) fail(reader, "text after the end of the value");
  return { tree, exact: reader.exact };
}

interface Reader {
  readonly text: string;
  at: number;
  exact: boolean;
}

function fail(reader: Reader, message: string): never {
  throw new MalformedJson(message, reader.at);
}

/** Passes blanks; anything but the expected ones makes the text inexact. Line breaks cannot occur inside a line. */
function skipBlanks(reader: Reader, expected: "" | " "): void {
  const start = reader.at;
  while (reader.text[reader.at] === " " || reader.text[reader.at] === "\t") reader.at++;
  if (reader.text.slice(start, reader.at) !== expected) reader.exact = false;
}

function readValue(reader: Reader, depth: number): JsonTree {
  if (depth > JSON_DEPTH_MAX) fail(reader, `nested more than ${JSON_DEPTH_MAX} deep`);
  const first = reader.text[reader.at];
  if (first === "{") return readObject(reader, depth);
  if (first === "[") return readArray(reader, depth);
  return first === '"' ? readString(reader) : readLiteral(reader);
}

function readObject(reader: Reader, depth: number): JsonTree {
  // No prototype, so that a key such as __proto__ is a key like any other.
  const members = Object.create(null) as Record<string, JsonTree>;
  reader.at++;
  skipBlanks(reader, "");
  if (take(reader, "}")) return members;
  for (;;) {
    if (reader.text[reader.at] !== '"') fail(reader, "expected a key");
    const key = readString(reader);
    if (Object.hasOwn(members, key)) fail(reader, `the key ${JSON.stringify(key)} occurs twice`);
    skipBlanks(reader, "");
    if (!take(reader, ":")) fail(reader, 'expected ":"');
    skipBlanks(reader, " ");
    members[key] = readValue(reader, depth + 1);
    skipBlanks(reader, "");
    if (take(reader, "}")) return members;
    if (!take(reader, ",")) fail(reader, 'expected "," or "}"');
    skipBlanks(reader, " ");
  }
}

function readArray(reader: Reader, depth: number): JsonTree {
  const items: JsonTree[] = [];
  reader.at++;
  skipBlanks(reader, "");
  if (take(reader, "]")) return items;
  for (;;) {
    items.push(readValue(reader, depth + 1));
    skipBlanks(reader, "");
    if (take(reader, "]")) return items;
    if (!take(reader, ",")) fail(reader, 'expected "," or "]"');
    skipBlanks(reader, " ");
  }
}

function take(reader: Reader, mark: string): boolean {
  if (reader.text[reader.at] !== mark) return false;
  reader.at++;
  return true;
}

function readString(reader: Reader): string {
  const start = reader.at;
  let escaped = false;
  for (let at = start + 1; at < reader.text.length; at++) {
    const unit = reader.text.charCodeAt(at);
    if (unit === 0x22) {
      reader.at = at + 1;
      return escaped ? unescape(reader, start) : reader.text.slice(start + 1, at);
    }
    if (unit < 0x20) fail(reader, "control character in a string");
    if (unit === 0x5c) {
      escaped = true;
      at++;
    }
  }
  return fail(reader, "string without an end");
}

function unescape(reader: Reader, start: number): string {
  const quoted = reader.text.slice(start, reader.at);
  let value: string;
  try {
    value = JSON.parse(quoted) as string;
  } catch {
    reader.at = start;
    return fail(reader, "bad escape in a string");
  }
  if (!value.isWellFormed()) fail(reader, "lone surrogate in a string");
  if (JSON.stringify(value) !== quoted) reader.exact = false;
  return value;
}

const LITERAL = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORDS: Readonly<Record<string, true | false | null>> = { true: true, false: false, null: null };

function readLiteral(reader: Reader): JsonTree {
  LITERAL.lastIndex = reader.at;
  const token = LITERAL.exec(reader.text)?.[0];
  if (token === undefined) return fail(reader, "expected a value");
  const word = WORDS[token];
  if (word === undefined) {
    const number = pythonNumber(token);
    if (number === undefined) return fail(reader, "number out of range");
    if (number !== token) reader.exact = false;
    reader.at += token.length;
    return new NumberToken(number);
  }
  reader.at += token.length;
  return word;
}
