/** The ten keys of a ledger line, in the two orders they are found in, and what their values must be. */

/** Order in which we write them: by code point. */
export const SORTED_KEYS = [
  "decision",
  "entry_hash",
  "event_type",
  "id",
  "metadata",
  "previous_hash",
  "prompts_used",
  "reason",
  "submission_id",
  "timestamp",
] as const;
export type EntryKey = (typeof SORTED_KEYS)[number];

/** Order in which the older Python writer left them. */
export const OLDER_KEYS: readonly EntryKey[] = [
  "event_type",
  "submission_id",
  "decision",
  "reason",
  "prompts_used",
  "metadata",
  "id",
  "timestamp",
  "previous_hash",
  "entry_hash",
];

/** Session ledgers of the older runtime write their hash with this prefix and have other keys. */
export const SESSION_PREFIX = "sha256:";

/** Older writers had no limit; beyond this a line is malformed. */
export const STORED_LINE_BYTES_MAX = 16 << 20;

/** What one stored line says and whether it is true. */
export type LineReading =
  | {
      readonly state: "sound" | "edited";
      readonly id: string;
      readonly previous_hash: string;
      /** As the line states it. */
      readonly entry_hash: string;
      /** As recomputed, with the same prefix. Equal to `entry_hash` when sound. */
      readonly computed_hash: string;
    }
  | { readonly state: "malformed"; readonly reason: string };

/** The text of one member of an entry. */
export function kindOfMember(key: EntryKey): "object" | "array" | "string" {
  if (key === "metadata") return "object";
  return key === "prompts_used" ? "array" : "string";
}
