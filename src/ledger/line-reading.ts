/** Judges one stored line: is it an entry, and does it have the hash it states? */
import { isUtf8 } from "node:buffer";
import { type JsonTree, sha256Hex, spacedJson } from "../kernel/index.ts";
import { type EntryKey, kindOfMember, type LineReading, SESSION_PREFIX, SORTED_KEYS } from "./line-form.ts";
import { scanLine } from "./line-scanner.ts";
import { MalformedJson, parseStrictJson } from "./strict-json.ts";

type Members = { readonly [key: string]: JsonTree | undefined };

/** Reading of the bytes of one line, without its newline. Never throws for any content. */
export function readLine(line: Buffer): LineReading {
  return scanLine(line) ?? readStrictly(line);
}

function readStrictly(line: Buffer): LineReading {
  if (line.length === 0) return malformed("it is empty");
  if (line.every((byte) => byte === 0)) return malformed("it is filled with NUL bytes");
  if (line[line.length - 1] === 0x0d)
    return malformed("it ends with a carriage return instead of a bare newline");
  if (!isUtf8(line)) return malformed("it is not UTF-8");
  try {
    const { tree, exact } = parseStrictJson(line.toString("utf8"));
    return readTree(tree, exact);
  } catch (error) {
    if (error instanceof MalformedJson) return malformed(`${error.message} (character ${error.offset + 1})`);
    throw error;
  }
}

const malformed = (reason: string): LineReading => ({ state: "malformed", reason });

function readTree(tree: JsonTree, exact: boolean): LineReading {
  if (tree === null || typeof tree !== "object" || Array.isArray(tree))
    return malformed("it is not a JSON object");
  const members = tree as Members;
  const stated = members["entry_hash"];
  const is_session = typeof stated === "string" && stated.startsWith(SESSION_PREFIX);
  const problem = is_session ? sessionProblem(members) : entryProblem(members, exact);
  if (problem !== undefined) return malformed(problem);
  const { entry_hash, ...rest } = members;
  const computed_hash = (is_session ? SESSION_PREFIX : "") + sha256Hex(spacedJson(rest));
  return {
    state: computed_hash === entry_hash ? "sound" : "edited",
    id: textOf(members["id"]),
    previous_hash: textOf(members["previous_hash"]),
    entry_hash: textOf(entry_hash),
    computed_hash,
  };
}

const textOf = (value: JsonTree | undefined): string => (typeof value === "string" ? value : "");

function entryProblem(members: Members, exact: boolean): string | undefined {
  const missing = SORTED_KEYS.find((key) => members[key] === undefined);
  if (missing !== undefined) return `it has no ${missing}`;
  const extra = Object.keys(members).find((key) => !SORTED_KEYS.includes(key as EntryKey));
  if (extra !== undefined) return `it has the unknown key ${JSON.stringify(extra)}`;
  for (const key of SORTED_KEYS) {
    const wanted = kindOfMember(key);
    if (kindOf(members[key]) !== wanted)
      return `${key} is not ${wanted === "string" ? "a string" : `an ${wanted}`}`;
  }
  if (!exact) return "its spaces, escapes or numbers are not written as a ledger writer writes them";
  return undefined;
}

function kindOf(value: JsonTree | undefined): string {
  if (Array.isArray(value)) return "array";
  if (typeof value !== "object" || value === null) return typeof value;
  // A number token is an object too, but never one of the three kinds of a member.
  return Object.getPrototypeOf(value) === null ? "object" : "number";
}

function sessionProblem(members: Members): string | undefined {
  for (const key of ["event_type", "timestamp", "previous_hash"]) {
    if (typeof members[key] !== "string") return `${key} is not a string`;
  }
  return undefined;
}
