/** Checks one registry row by row and gathers what the rules across rows and files need. */
import type { RegistryName } from "../contracts/index.ts";
import { Fault } from "../kernel/index.ts";
import { decodeCells, unsafeReason } from "./cells.ts";
import { conflictProblem, type PackageNode, tierOf } from "./check-packages.ts";
import { parseDependencies } from "./deps.ts";
import { type Rule, rulesFor } from "./field-rules.ts";
import { type FindingCode, Findings, quoted } from "./findings.ts";
import { type Header, keyOfRaw, parseHeader } from "./header.ts";
import { cellPosition, FLAW_TEXT, type Position, positionOf } from "./position.ts";
import { knownColumns, type RawRow, readRawRows, registryPath } from "./raw-rows.ts";
import { shownKey } from "./rewrite-plan.ts";
import type { ReadFs } from "./scan.ts";

/** Columns that came later: a row written before may end without them. */
const LATER_COLUMNS: ReadonlySet<string> = new Set(["tier"]);

/** A value seen in a referring column: where first, and in how many rows. */
export interface Reference {
  readonly at: Position;
  count: number;
}

export class FileCheck {
  readonly name: RegistryName;
  readonly findings: Findings;
  /** Line of the first row with a key. */
  readonly lines = new Map<string, number>();
  readonly packages = new Map<string, PackageNode>();
  readonly references = new Map<string, Map<string, Reference>>();
  readonly #rules: readonly (readonly [string, Rule])[];
  #header: Header | undefined;
  #row_count = 0;

  constructor(name: RegistryName, referring_columns: readonly string[]) {
    this.name = name;
    this.findings = new Findings(name);
    this.#rules = rulesFor(name);
    for (const column of referring_columns) this.references.set(column, new Map());
  }

  /** False when the header was of no use, so nothing is known about the rows. */
  get is_readable(): boolean {
    return this.#header !== undefined;
  }

  read(fs: ReadFs, path: string): void {
    try {
      let row_count = 0;
      for (const row of readRawRows(fs, path, this.name)) {
        if (row_count++ === 0) this.#takeHeader(row);
        else if (row.blank) this.#takeBlank(row);
        else this.#takeRow(row);
      }
      if (row_count === 0) this.#takeHeader(undefined);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.findings.add(error.code as FindingCode, error.message.replace(`${registryPath(this.name)} `, ""));
      return;
    }
    if (this.is_readable && this.#row_count === 0 && this.name === "packages_registry") {
      // A plane without packages governs nothing, and a check that saw nothing fails; the other registries may be empty.
      this.findings.add("REGISTRY_EMPTY", "has a header and no rows", { severity: "error" });
    }
  }

  #takeHeader(row: RawRow | undefined): void {
    const parsed = parseHeader(this.name, row);
    if (Array.isArray(parsed)) {
      for (const { reason, field, position } of parsed) {
        this.findings.add("REGISTRY_HEADER_INVALID", reason, { at: position, field });
      }
      return;
    }
    this.#header = parsed;
    for (const column of this.#header.missing) {
      const is_later = LATER_COLUMNS.has(column);
      this.findings.add("REGISTRY_COLUMN_MISSING", `has no column ${column}`, {
        at: { line: 1, column: 1 },
        field: column,
        severity: is_later ? "info" : "error",
      });
    }
  }

  #takeBlank(row: RawRow): void {
    const fields = { at: positionOf(row, row.start), severity: "note" } as const;
    this.findings.add("REGISTRY_BLANK_LINE", "is blank", fields);
  }

  #takeRow(row: RawRow): void {
    const header = this.#header;
    this.#row_count++;
    this.#reportFlaws(row);
    if (header === undefined) return;
    const key = keyOfRaw(header, row);
    const is_whole = this.#checkCount(header, row);
    this.#checkKey(header, row, key);
    // The cells of a row that is not sound stand in no sure column.
    if (row.flaws.length > 0 || !is_whole) {
      if (this.name === "packages_registry") this.#takePackage(row, key, () => "");
      return;
    }
    this.#checkCells(header, row, key);
  }

  #reportFlaws(row: RawRow): void {
    for (const { kind, offset } of row.flaws) {
      const code = kind === "encoding" ? "REGISTRY_ENCODING" : "REGISTRY_SYNTAX";
      this.findings.add(code, `has ${FLAW_TEXT[kind]}`, { at: positionOf(row, offset) });
    }
  }

  #checkCount(header: Header, row: RawRow): boolean {
    const expected = header.columns.length;
    const actual = row.cell_count;
    // A row without an end has swallowed others; its count would say nothing new.
    const is_endless = row.flaws.some((flaw) => flaw.kind === "open_quote" || flaw.kind === "too_long");
    if (actual === expected || is_endless) return true;
    const lacking = header.columns.slice(actual);
    const known = knownColumns(this.name);
    if (actual < expected && lacking.every((column) => LATER_COLUMNS.has(column))) return true;
    // Nothing is lost when only the user's own columns are short.
    const is_note = actual < expected && lacking.every((c) => LATER_COLUMNS.has(c) || !known.includes(c));
    const message = `has ${actual} cells where the header has ${expected} columns`;
    this.findings.add("REGISTRY_CELL_COUNT", message, {
      at: cellPosition(row, Math.min(actual, expected)),
      field: lacking[0],
      expected: String(expected),
      actual: String(actual),
      severity: is_note ? "note" : "error",
    });
    return is_note;
  }

  #checkKey(header: Header, row: RawRow, key: string): void {
    const first_line = this.lines.get(key);
    if (first_line === undefined) {
      this.lines.set(key, row.line);
      return;
    }
    const field = header.columns[header.key_indexes[0] ?? 0];
    const message = `has the key ${quoted(shownKey(key))}, which line ${first_line} has already`;
    this.findings.add("REGISTRY_KEY_DUPLICATE", message, {
      at: cellPosition(row, header.key_indexes[0] ?? 0),
      field,
      actual: shownKey(key),
    });
  }

  #checkCells(header: Header, row: RawRow, key: string): void {
    const texts = decodeCells(row.bytes, row);
    const of = (column: string): string => texts[header.index_of.get(column) ?? -1] ?? "";
    const known = knownColumns(this.name);
    for (const [index, text] of texts.entries()) {
      const reason = text === "" ? undefined : unsafeReason(text);
      if (reason === undefined) continue;
      const field = header.columns[index] ?? "";
      // What users keep in columns of their own is theirs; a formula there still deserves a word.
      const severity = known.includes(field) ? "error" : "note";
      const fields = { at: cellPosition(row, index), field, actual: quoted(text), severity } as const;
      this.findings.add("REGISTRY_CELL_UNSAFE", `${quoted(field)} ${reason}`, fields);
    }
    for (const [column, rule] of this.#rules) {
      const index = header.index_of.get(column);
      if (index === undefined) continue;
      const problem = rule(texts[index] ?? "", of);
      if (problem !== undefined) this.#addInvalid(row, index, column, problem, texts[index] ?? "");
    }
    for (const [column, seen] of this.references) this.#refer(header, row, column, of(column), seen);
    if (this.name === "packages_registry") this.#takePackage(row, key, of);
  }

  #addInvalid(row: RawRow, index: number, column: string, problem: string, actual: string): void {
    const message = `${column} ${quoted(actual)} ${problem}`;
    const fields = { at: cellPosition(row, index), field: column, actual: quoted(actual) };
    this.findings.add("REGISTRY_FIELD_INVALID", message, fields);
  }

  #refer(header: Header, row: RawRow, column: string, value: string, seen: Map<string, Reference>): void {
    if (value === "") return;
    const found = seen.get(value);
    if (found !== undefined) found.count++;
    else seen.set(value, { at: cellPosition(row, header.index_of.get(column) ?? 0), count: 1 });
  }

  #takePackage(row: RawRow, id: string, of: (column: string) => string): void {
    if (this.packages.has(id)) return;
    const index_of = this.#header?.index_of;
    const { dependencies } = parseDependencies(of("deps"));
    const overlap = conflictProblem(of("deps"), of("conflicts"));
    if (overlap !== undefined) {
      const at = cellPosition(row, index_of?.get("conflicts") ?? 0);
      this.findings.add("REGISTRY_CONFLICT", `${id} ${overlap}`, { at, field: "conflicts", package_id: id });
    }
    const at =
      dependencies.length === 0
        ? { line: row.line, column: 1 }
        : cellPosition(row, index_of?.get("deps") ?? 0);
    const tier = tierOf(id, of("tier"));
    this.packages.set(id, { id, version: of("version"), tier, dependencies, deps_at: at });
  }
}
