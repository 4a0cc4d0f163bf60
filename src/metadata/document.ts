/** From the bytes of a file to a plain object, within limits: what is refused here was never looked into. */
import type { FileSystem } from "../effects/index.ts";
import type { Syntax } from "./place.ts";
import { childOf } from "./pointer.ts";
import type { Problem } from "./problems.ts";
import { parseToml } from "./toml.ts";

const SOURCE_BYTES_MAX = 4 << 20;
const DEPTH_MAX = 100;

export interface Document {
  readonly text: string;
  /** Undefined when there is a problem that leaves nothing to read. */
  readonly value?: Record<string, unknown>;
  readonly problems: readonly Problem[];
}

export function readDocument(fs: FileSystem, path: string, file: string, syntax: Syntax): Document {
  const size_bytes = fs.stat(path)?.size_bytes ?? 0;
  if (size_bytes > SOURCE_BYTES_MAX) {
    const message = `has ${size_bytes} bytes, more than ${SOURCE_BYTES_MAX}`;
    return { text: "", problems: [{ code: "METADATA_TOO_LARGE", message, pointer: "/" }] };
  }
  let text: string;
  try {
    text = fs.readText(path);
  } catch (error) {
    if ((error as { code?: string }).code !== "ERR_ENCODING_INVALID_ENCODED_DATA") throw error;
    return {
      text: "",
      problems: [{ code: "METADATA_SYNTAX", message: "is not valid UTF-8", pointer: "/" }],
    };
  }
  return parseDocument(text, file, syntax);
}

export function parseDocument(text: string, file: string, syntax: Syntax): Document {
  const deep = syntax === "json" && isDeep(text);
  if (deep) return { text, problems: [tooDeep] };
  const { value, problem } = syntax === "json" ? parseJson(text) : tomlValue(text, file);
  if (problem !== undefined) return { text, problems: [problem] };
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { text, problems: [{ code: "METADATA_SYNTAX", message: "is not an object", pointer: "/" }] };
  const problems = strange(value);
  return problems.includes(tooDeep)
    ? { text, problems }
    : { text, value: value as Record<string, unknown>, problems };
}

const tooDeep: Problem = {
  code: "METADATA_TOO_LARGE",
  message: `is nested deeper than ${DEPTH_MAX} levels`,
  pointer: "/",
};

/** Brackets outside of texts, counted before any parser sees them. */
function isDeep(text: string): boolean {
  let depth = 0;
  let in_text = false;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (in_text) {
      if (unit === 0x5c) index += 1;
      else if (unit === 0x22) in_text = false;
    } else if (unit === 0x22) in_text = true;
    else if (unit === 0x7b || unit === 0x5b) depth += 1;
    else if (unit === 0x7d || unit === 0x5d) depth -= 1;
    if (depth > DEPTH_MAX) return true;
  }
  return false;
}

/** `__proto__` as a key, which programs that read after us could fall for, and depth. No recursion. */
function strange(value: object): Problem[] {
  const problems: Problem[] = [];
  const pending: { value: object; pointer: string; depth: number }[] = [{ value, pointer: "/", depth: 1 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.depth > DEPTH_MAX) return [tooDeep];
    for (const [key, inner] of Object.entries(next.value)) {
      const pointer = childOf(next.pointer, key);
      if (key === "__proto__" && !Array.isArray(next.value))
        problems.push({
          code: "METADATA_FIELD_UNKNOWN",
          message: "is no name a field may have",
          pointer,
          of: "key",
        });
      if (typeof inner === "object" && inner !== null)
        pending.push({ value: inner, pointer, depth: next.depth + 1 });
    }
  }
  return problems;
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
