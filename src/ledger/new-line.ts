/** Builds the line of a new entry: refuses what the form excludes, stamps it and chains it. */
import type { LedgerEntry, NewLedgerEntry } from "../contracts/index.ts";
import type { Clock, Random } from "../effects/index.ts";
import { type Json, sha256Hex, spacedJson } from "../kernel/index.ts";
import { raise } from "./faults.ts";
import { JSON_DEPTH_MAX } from "./strict-json.ts";

/** Same limits as the NewLedgerEntry contract, checked without loading zod. */
const TEXT_LIMITS = {
  event_type: { min: 1, max: 128 },
  submission_id: { min: 0, max: 256 },
  decision: { min: 0, max: 128 },
  reason: { min: 0, max: 4096 },
} as const;
const LINE_BYTES_MAX = 65_535;

/** An entry whose content may be written; id, time and hashes are still missing. */
export interface EntryBody {
  readonly event_type: string;
  readonly submission_id: string;
  readonly decision: string;
  readonly reason: string;
  readonly prompts_used: string[];
  readonly metadata: { [key: string]: Json };
}

/**
 * A checked copy, without members that are undefined.
 * @throws LEDGER_ENTRY_INVALID naming the field: floats, integers beyond ±(2^53−1), lone surrogates, other types.
 */
export function checkedBody(entry: NewLedgerEntry, stream: string): EntryBody {
  const refuse = (field: string, problem: string): never =>
    raise("LEDGER_ENTRY_INVALID", `${field} ${problem}`, { stream, field });
  const text = (field: keyof typeof TEXT_LIMITS): string => {
    const value: unknown = entry[field];
    if (typeof value !== "string") return refuse(field, "is not a string");
    const limit = TEXT_LIMITS[field];
    if (value.length < limit.min) refuse(field, "is empty");
    if (value.length > limit.max) refuse(field, `is longer than ${limit.max} characters`);
    if (!value.isWellFormed()) refuse(field, "holds a lone surrogate");
    return value;
  };
  const prompts_used: unknown = copyJson(entry.prompts_used ?? [], "prompts_used", 2, refuse);
  if (!Array.isArray(prompts_used)) return refuse("prompts_used", "is not a list");
  const odd = prompts_used.length === 0 ? -1 : prompts_used.findIndex((prompt) => typeof prompt !== "string");
  if (odd >= 0) refuse(`prompts_used[${odd}]`, "is not a string");
  const metadata = copyJson(entry.metadata ?? {}, "metadata", 2, refuse);
  if (metadata === null || typeof metadata !== "object" || Array.isArray(metadata)) {
    return refuse("metadata", "is not an object");
  }
  return {
    event_type: text("event_type"),
    submission_id: text("submission_id"),
    decision: text("decision"),
    reason: text("reason"),
    prompts_used: prompts_used as string[],
    metadata: metadata as { [key: string]: Json },
  };
}

type Refuse = (field: string, problem: string) => never;

function copyJson(value: unknown, field: string, depth: number, refuse: Refuse): Json {
  if (depth > JSON_DEPTH_MAX) return refuse(field, `is nested more than ${JSON_DEPTH_MAX} deep`);
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "string")
    return value.isWellFormed() ? value : refuse(field, "holds a lone surrogate");
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value))
      return refuse(field, `is ${value}, not a whole number within ±(2^53−1)`);
    return value === 0 ? 0 : value;
  }
  if (Array.isArray(value)) {
    if (value.length === 0) return [];
    return Array.from(value, (item, index) => copyJson(item, `${field}[${index}]`, depth + 1, refuse));
  }
  if (!isPlainObject(value)) return refuse(field, "is neither text, number, list nor plain object");
  return copyMembers(value, field, depth, refuse);
}

function copyMembers(value: object, field: string, depth: number, refuse: Refuse): Json {
  const copy: { [key: string]: Json } = {};
  for (const key of Object.keys(value)) {
    if (!key.isWellFormed()) refuse(field, "has a key with a lone surrogate");
    const member = (value as { readonly [key: string]: unknown })[key];
    if (member === undefined) continue;
    const copied = copyJson(member, `${field}.${key}`, depth + 1, refuse);
    // To set it would change what the copy inherits.
    if (key === "__proto__") Object.defineProperty(copy, key, { value: copied, ...PLAIN_MEMBER });
    else copy[key] = copied;
  }
  return copy;
}

const PLAIN_MEMBER = { configurable: true, enumerable: true, writable: true } as const;

function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * The finished entry and its line, newline included.
 * @throws LEDGER_ENTRY_TOO_LARGE beyond 65,535 bytes.
 */
export function sealLine(
  effects: { readonly clock: Clock; readonly random: Random },
  body: EntryBody,
  previous_hash: string,
  stream: string,
): { entry: LedgerEntry; line: string } {
  const id = `LED-${effects.random.hex(16)}`;
  const timestamp = timestampOf(effects.clock.now_ms());
  const { decision, event_type, metadata, prompts_used, reason, submission_id } = body;
  // The keys in their order, written out: sorting them for each entry took longer than hashing it.
  const first = `{"decision": ${JSON.stringify(decision)}, `;
  const rest =
    `"event_type": ${JSON.stringify(event_type)}, "id": "${id}", "metadata": ${spacedJson(metadata)}, ` +
    `"previous_hash": "${previous_hash}", "prompts_used": ${prompts_used.length === 0 ? "[]" : spacedJson(prompts_used)}, ` +
    `"reason": ${JSON.stringify(reason)}, "submission_id": ${JSON.stringify(submission_id)}, "timestamp": "${timestamp}"}`;
  const entry_hash = sha256Hex(first + rest);
  const line = `${first}"entry_hash": "${entry_hash}", ${rest}\n`;
  requireFits(line, stream);
  return { entry: { ...body, id, timestamp, previous_hash, entry_hash } as LedgerEntry, line };
}

/** Python's isoformat with microseconds; our clocks count milliseconds. */
function timestampOf(now_ms: number): string {
  if (now_ms !== written.ms)
    written = { ms: now_ms, text: new Date(now_ms).toISOString().replace("Z", "000+00:00") };
  return written.text;
}

/** Entries that come together share their millisecond. */
let written = { ms: Number.NaN, text: "" };

/** A unit of UTF-16 is at most three bytes. */
const BYTES_A_UNIT = 3;

function requireFits(line: string, stream: string): void {
  const limit_bytes = LINE_BYTES_MAX;
  if (line.length * BYTES_A_UNIT <= limit_bytes) return;
  const size_bytes = Buffer.byteLength(line);
  if (size_bytes <= limit_bytes) return;
  const message = `a ledger line may have ${limit_bytes} bytes, this one has ${size_bytes}`;
  raise("LEDGER_ENTRY_TOO_LARGE", message, { stream, size_bytes, limit_bytes });
}
