/** Entries for people. */
import type { LedgerEntry } from "../contracts/index.ts";

export interface ShownEntry {
  readonly stream: string;
  /** Undefined for a line that is not an entry: it is shown, never skipped in silence. */
  readonly entry: LedgerEntry | undefined;
  readonly text: string;
}

/** A text from the ledger must not fake a line of ours. */
const flat = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, " ");
const cut = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`;

/** When, where and what; then why; then the id to ask further with. */
export function entryLines({ stream, entry, text }: ShownEntry): string[] {
  if (entry === undefined) return [`(not an entry)  ${stream}`, `    ${cut(flat(text), 72)}`];
  const { timestamp, event_type, submission_id, reason, id } = entry;
  const when = timestamp.slice(0, 19).replace("T", " ");
  return [
    `${flat(when)}  ${stream}  ${flat(event_type)}${submission_id === "" ? "" : ` ${flat(submission_id)}`}`,
    `    ${cut(flat(reason), 72)}`,
    `    ${flat(id)}`,
  ];
}
