/** What a rewrite is asked to do, judged against the header before a byte is written. */
import { REGISTRY_KEYS, type RegistryName, type Row } from "../contracts/index.ts";
import { assert } from "../kernel/index.ts";
import { encodeCell, unsafeReason } from "./cells.ts";
import { raise } from "./faults.ts";
import type { Header } from "./header.ts";
import { knownColumns, registryPath } from "./raw-rows.ts";
import { joinKey, rowKey } from "./scan.ts";

export interface RegistryChange {
  /** Cells to set, key columns included; cells not named keep what the file has. */
  readonly upsert: readonly Row[];
  /** Keys of rows to drop, one text for each key column; unknown keys are passed over. */
  readonly remove: readonly (readonly string[])[];
  /** Where new rows go: after the last row, or (in a file sorted by key) before the first greater key. */
  readonly insert: "end" | "sorted";
}

export interface RewritePlan {
  /** Wanted cells by key, in the order new rows are written. */
  readonly upserts: ReadonlyMap<string, readonly (readonly [index: number, text: string])[]>;
  readonly removals: ReadonlySet<string>;
  /** Columns the header gains at its end. */
  readonly added_columns: readonly string[];
  readonly column_count: number;
}

/** @throws REGISTRY_CELL_UNSAFE, REGISTRY_COLUMN_UNKNOWN */
export function planRewrite(name: RegistryName, header: Header, change: RegistryChange): RewritePlan {
  const removals = new Set(change.remove.map(joinKey));
  for (const row of change.upsert) requireWritable(name, row);
  const added_columns = columnsToAdd(name, header, change.upsert);
  const index_of = new Map(header.index_of);
  for (const [i, column] of added_columns.entries()) index_of.set(column, header.columns.length + i);
  const upserts = new Map<string, [number, string][]>();
  for (const row of change.upsert) {
    const key = rowKey(name, row);
    assert(!upserts.has(key) && !removals.has(key), `registry row ${shownKey(key)} is asked for twice`);
    const cells: [number, string][] = [];
    for (const [column, text] of Object.entries(row)) {
      const index = index_of.get(column);
      if (index !== undefined) cells.push([index, text]);
    }
    upserts.set(key, cells);
  }
  return { upserts, removals, added_columns, column_count: header.columns.length + added_columns.length };
}

/** A row without any key column given has only empty cells. */
export function renderNewRow(plan: RewritePlan, cells: readonly (readonly [number, string])[]): string {
  const texts = new Array<string>(plan.column_count).fill("");
  for (const [index, text] of cells) texts[index] = encodeCell(text);
  return texts.join(",");
}

export const shownKey = (key: string): string => key.replaceAll("\0", " ");

function requireWritable(name: RegistryName, row: Row): void {
  for (const column of REGISTRY_KEYS[name]) {
    assert((row[column] ?? "") !== "", `a row for ${name} has no ${column}`);
  }
  for (const [column, text] of Object.entries(row)) {
    const reason = unsafeReason(text);
    if (reason === undefined) continue;
    // The key may itself be what is unsafe, so it is quoted as JSON.
    const key = JSON.stringify(shownKey(rowKey(name, row)));
    const path = registryPath(name);
    raise("REGISTRY_CELL_UNSAFE", `the ${column} of ${key} in ${path} ${reason}`, { path, column, key });
  }
}

function columnsToAdd(name: RegistryName, header: Header, rows: readonly Row[]): string[] {
  const wanted = new Set<string>();
  for (const row of rows) {
    for (const [column, text] of Object.entries(row)) {
      if (text !== "" && !header.index_of.has(column)) wanted.add(column);
    }
  }
  const path = registryPath(name);
  for (const column of wanted) {
    if (!knownColumns(name).includes(column)) {
      raise("REGISTRY_COLUMN_UNKNOWN", `${path} has no column ${JSON.stringify(column)}`, { path, column });
    }
  }
  return knownColumns(name).filter((column) => wanted.has(column));
}
