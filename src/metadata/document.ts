/** From the bytes of a file to a plain object, within limits: what is refused here was never looked into. */
import type { FileSystem } from "../effects/index.ts";
import type { Syntax } from "./place.ts";
import { pointerOf } from "./pointer.ts";
import type { Problem } from "./problems.ts";
import { parseToml } from "./toml.ts";

const SOURCE_BYTES_MAX = 4 << 20;
const DEPTH_MAX = 100;

export interface Document {
  readonly text: string;
  /** Undefined when there is a problem that leaves nothing to read. */
  readonly value?: Record<string, unknown>;
  readonly problems: readonly Problem[];
  /** Some object of the JSON holds a key twice: fewer keys were read than written. */
  readonly repeats_keys: boolean;
}

export function readDocument(fs: FileSystem, path: string, file: string, syntax: Syntax): Document {
  const size_bytes = fs.stat(path)?.size_bytes ?? 0;
  if (size_bytes > SOURCE_BYTES_MAX) {
    const message = `has ${size_bytes} bytes, more than ${SOURCE_BYTES_MAX}`;
    return {
      text: "",
      problems: [{ code: "METADATA_TOO_LARGE", message, pointer: "/" }],
      repeats_keys: false,
    };
  }
  let text: string;
  try {
    text = fs.readText(path);
  } catch (error) {
    if ((error as { code?: string }).code !== "ERR_ENCODING_INVALID_ENCODED_DATA") throw error;
    return {
      text: "",
      problems: [{ code: "METADATA_SYNTAX", message: "is not valid UTF-8", pointer: "/" }],
      repeats_keys: false,
    };
  }
  return parseDocument(text, file, syntax);
}

export function parseDocument(text: string, file: string, syntax: Syntax): Document {
  const counts = syntax === "json" ? countTokens(text) : undefined;
  if (counts?.is_deep === true) return { text, problems: [tooDeep], repeats_keys: false };
  const { value, problem } = syntax === "json" ? parseJson(text) : tomlValue(text, file);
  if (problem !== undefined) return { text, problems: [problem], repeats_keys: false };
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const no_object: Problem = { code: "METADATA_SYNTAX", message: "is not an object", pointer: "/" };
    return { text, problems: [no_object], repeats_keys: false };
  }
  const { problems, keys } = look(value);
  if (problems.includes(tooDeep)) return { text, problems, repeats_keys: false };
  const repeats_keys = counts !== undefined && counts.keys !== keys;
  return { text, value: value as Record<string, unknown>, problems, repeats_keys };
}

const tooDeep: Problem = {
  code: "METADATA_TOO_LARGE",
  message: `is nested deeper than ${DEPTH_MAX} levels`,
  pointer: "/",
};

/** Brackets and colons outside of texts, counted before any parser sees them. Each key has one colon. */
function countTokens(text: string): { is_deep: boolean; keys: number } {
  let depth = 0;
  let keys = 0;
  let in_text = false;
  for (let index = 0; index < text.length && depth <= DEPTH_MAX; index++) {
    const unit = text.charCodeAt(index);
    if (in_text) {
      if (unit === 0x5c) index += 1;
      else if (unit === 0x22) in_text = false;
    } else if (unit === 0x22) in_text = true;
    else if (unit === 0x3a) keys += 1;
    else if (unit === 0x7b || unit === 0x5b) depth += 1;
    else if (unit === 0x7d || unit === 0x5d) depth -= 1;
  }
  return { is_deep: depth > DEPTH_MAX, keys };
}

interface Visited {
  readonly value: object;
  readonly key: string;
  readonly depth: number;
  readonly above: Visited | undefined;
}

/** `__proto__` as a key, which programs that read after us could fall for, and depth; counts keys. No recursion. */
function look(value: object): { problems: Problem[]; keys: number } {
  const problems: Problem[] = [];
  let count = 0;
  const pending: Visited[] = [{ value, key: "", depth: 1, above: undefined }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.depth > DEPTH_MAX) return { problems: [tooDeep], keys: count };
    const keys = Object.keys(next.value);
    if (!Array.isArray(next.value)) {
      count += keys.length;
      if (keys.includes("__proto__")) problems.push(prototypeKey(next));
    }
    for (const key of keys) {
      const inner = (next.value as Record<string, unknown>)[key];
      if (typeof inner === "object" && inner !== null)
        pending.push({ value: inner, key, depth: next.depth + 1, above: next });
    }
  }
  return { problems, keys: count };
}

function prototypeKey(holder: Visited): Problem {
  const parts = ["__proto__"];
  for (let at = holder; at.above !== undefined; at = at.above) parts.unshift(at.key);
  const message = "is no name a field may have";
  return { code: "METADATA_FIELD_UNKNOWN", message, pointer: pointerOf(parts), of: "key" };
}

interface Parsed {
  readonly value?: unknown;
  readonly problem?: Problem;
}

function parseJson(text: string): Parsed {
  try {
    return { value: JSON.parse(text.replace(/^\uFEFF/, "")) };
  } catch (error) {
    // Where it stops is looked for only when it is shown; not every version of the parser says so.
    const said = (error as Error).message
      .replace(/ in JSON at position.*$/s, "")
      .replace(/, (\.\.\.)?".*$/s, "");
    const message = `is not valid JSON: ${said.slice(0, 200)}`;
    return { problem: { code: "METADATA_SYNTAX", message, pointer: "/" } };
  }
}

function tomlValue(text: string, file: string): Parsed {
  try {
    return { value: parseToml(text, file) };
  } catch (error) {
    const { message, details } = error as { message: string; details?: { line?: number; column?: number } };
    const place = { line: details?.line ?? 1, column: details?.column ?? 1 };
    const said = message.slice(message.indexOf("is not valid TOML"));
    return { problem: { code: "METADATA_SYNTAX", message: said, pointer: "/", place } };
  }
}
