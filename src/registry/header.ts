/** The first row of a registry: columns by name, in any order, with unknown ones among them. */
import { REGISTRY_KEYS, type RegistryName } from "../contracts/index.ts";
import { decodeCell, decodeCells } from "./cells.ts";
import { raise } from "./faults.ts";
import { cellPosition, FLAW_TEXT, type Position, positionOf } from "./position.ts";
import { knownColumns, type RawRow, registryPath } from "./raw-rows.ts";

const QUOTE = 0x22;

export interface Header {
  readonly columns: readonly string[];
  readonly index_of: ReadonlyMap<string, number>;
  /** Where the cells of the key stand, in key order. */
  readonly key_indexes: readonly number[];
  /** Known columns the file lacks; they read as empty. */
  readonly missing: readonly string[];
  /** Line ending of the header row, used for new rows; CRLF when the header has none. */
  readonly line_ending: "\r\n" | "\n";
}

/** What stops a file from being read at all. */
export interface HeaderProblem {
  readonly reason: string;
  readonly field?: string;
  readonly position: Position;
}

/** Columns without a name are allowed, any number of them: spreadsheets leave such behind. */
export function parseHeader(name: RegistryName, row: RawRow | undefined): Header | HeaderProblem[] {
  const start = { line: 1, column: 1 };
  if (row === undefined) return [{ reason: "is empty, without even a header line", position: start }];
  if (row.flaws.length > 0) {
    return row.flaws.map((flaw) => ({
      reason: `has ${FLAW_TEXT[flaw.kind]} in its header`,
      position: positionOf(row, flaw.offset),
    }));
  }
  const columns = decodeCells(row.bytes, row);
  const index_of = new Map<string, number>();
  const problems: HeaderProblem[] = [];
  for (const [index, column] of columns.entries()) {
    if (column !== "" && index_of.has(column)) {
      const position = cellPosition(row, index);
      problems.push({ reason: `has two columns named ${column}`, field: column, position });
    } else index_of.set(column, index);
  }
  for (const column of REGISTRY_KEYS[name]) {
    if (!index_of.has(column)) {
      problems.push({ reason: `has no column ${column} in its first line`, field: column, position: start });
    }
  }
  if (problems.length > 0) return problems;
  const ending_bytes = row.end - row.content_end;
  return {
    columns,
    index_of,
    key_indexes: REGISTRY_KEYS[name].map((column) => index_of.get(column) ?? -1),
    missing: knownColumns(name).filter((column) => !index_of.has(column)),
    line_ending: ending_bytes === 1 ? "\n" : "\r\n",
  };
}

/** @throws REGISTRY_DAMAGED when the header cannot be used. */
export function requireHeader(name: RegistryName, row: RawRow | undefined): Header {
  const parsed = parseHeader(name, row);
  if (!Array.isArray(parsed)) return parsed;
  const [problem] = parsed;
  return raiseDamaged(name, problem?.reason ?? "has no header", problem?.position ?? { line: 1, column: 1 });
}

/** Refuses a row whose cells cannot be told apart. A row with fewer cells than the header is fine: the rest is empty. */
export function requireSound(name: RegistryName, header: Header, row: RawRow): void {
  const flaw = row.flaws[0];
  if (flaw !== undefined) raiseDamaged(name, `has ${FLAW_TEXT[flaw.kind]}`, positionOf(row, flaw.offset));
  if (row.cell_count > header.columns.length) {
    const reason = `has ${row.cell_count} cells where the header has ${header.columns.length} columns`;
    raiseDamaged(name, reason, cellPosition(row, header.columns.length));
  }
}

export function keyOfRaw(header: Header, row: RawRow): string {
  const [first = -1, ...rest] = header.key_indexes;
  let key = decodeCell(row.bytes, row, first);
  for (const index of rest) key += `\0${decodeCell(row.bytes, row, index)}`;
  return key;
}

/**
 * Whether a row has this key, without decoding it: the question a look-up asks of every row.
 * Bytes are compared from the end, since keys of one registry begin alike.
 */
export function keyMatcher(header: Header, key: readonly string[]): (row: RawRow) => boolean {
  const wanted = key.map((text) => Buffer.from(text));
  return (row) =>
    header.key_indexes.every((index, i) => {
      const bytes = wanted[i];
      const start = row.cellStart(index);
      if (bytes === undefined || index >= row.cell_count) return (key[i] ?? "") === "";
      if (row.bytes[start] === QUOTE) return decodeCell(row.bytes, row, index) === key[i];
      let at = row.cellEnd(index) - start;
      if (at !== bytes.length) return false;
      while (at > 0 && row.bytes[start + at - 1] === bytes[at - 1]) at--;
      return at === 0;
    });
}

function raiseDamaged(name: RegistryName, reason: string, position: Position): never {
  const path = registryPath(name);
  const where = `line ${position.line}, column ${position.column}`;
  return raise("REGISTRY_DAMAGED", `${path} ${reason} (${where})`, { path, ...position, reason });
}
