import type { LedgerEntry } from "../contracts/index.ts";

/** The entry in the text of a stored line; undefined when it is not one. Does not judge its hash. */
export function asEntry(text: string): LedgerEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const entry = value as Readonly<Record<string, unknown>>;
  const is_entry =
    TEXTS.every((key) => typeof entry[key] === "string") &&
    Array.isArray(entry["prompts_used"]) &&
    typeof entry["metadata"] === "object" &&
    entry["metadata"] !== null;
  return is_entry ? (value as LedgerEntry) : undefined;
}

const TEXTS = [
  "event_type",
  "submission_id",
  "decision",
  "reason",
  "id",
  "timestamp",
  "previous_hash",
  "entry_hash",
] as const;
