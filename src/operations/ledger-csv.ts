/** Ledger entries as CSV (RFC 4180, but for bare newlines): one row an entry, metadata as JSON in one cell. */
import type { LedgerEntry } from "../contracts/index.ts";

const COLUMNS = [
  "id",
  "timestamp",
  "event_type",
  "submission_id",
  "decision",
  "reason",
  "previous_hash",
  "entry_hash",
] as const;

export const csvHeader = (): string => `index,${COLUMNS.join(",")},prompts_used,metadata\n`;

/** `guarded`: cells that a spreadsheet would run as a formula, and that therefore begin with an apostrophe here. */
export function csvRow(
  index: number,
  entry: LedgerEntry | undefined,
): { readonly row: string; readonly guarded: number } {
  const cells =
    entry === undefined
      ? [...COLUMNS.map(() => ""), "", ""]
      : [
          ...COLUMNS.map((key) => entry[key]),
          JSON.stringify(entry.prompts_used),
          JSON.stringify(entry.metadata),
        ];
  let guarded = 0;
  const written = cells.map((cell) => {
    const is_formula = /^[=+\-@\t\r]/.test(cell);
    if (is_formula) guarded++;
    return quoted(is_formula ? `'${cell}` : cell);
  });
  return { row: `${[index, ...written].join(",")}\n`, guarded };
}

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
