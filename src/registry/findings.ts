/** The findings of a registry check: one table of next steps, one collector that keeps them in order. */
import type { Finding, RegistryName } from "../contracts/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import type { Position } from "./position.ts";
import { registryPath } from "./raw-rows.ts";

interface Place {
  readonly path: string;
  readonly line: number | undefined;
  readonly field: string | undefined;
}

const VALIDATE = `then run "pkg registry validate".`;
const restore = (p: Place): string => `Restore ${p.path} from version control or a backup, ${VALIDATE}`;
const edit = (p: Place): string => `Correct line ${p.line ?? 1} of ${p.path}, ${VALIDATE}`;
const editCell = (p: Place): string =>
  `Correct ${p.field ?? "the cell"} on line ${p.line ?? 1} of ${p.path}, ${VALIDATE}`;

const NEXT_STEPS = {
  REGISTRY_MISSING: restore,
  REGISTRY_UNREADABLE: restore,
  REGISTRY_HEADER_INVALID: edit,
  REGISTRY_COLUMN_MISSING: (p: Place) =>
    `Add the column ${p.field ?? ""} to line 1 of ${p.path}, ${VALIDATE}`,
  REGISTRY_EMPTY: () => `Pack and register a package: "pkg pack --src DIR".`,
  REGISTRY_SYNTAX: edit,
  REGISTRY_ENCODING: edit,
  REGISTRY_BLANK_LINE: (p: Place) => `Delete line ${p.line ?? 1} of ${p.path}, ${VALIDATE}`,
  REGISTRY_CELL_COUNT: edit,
  REGISTRY_CELL_UNSAFE: editCell,
  REGISTRY_KEY_DUPLICATE: (p: Place) => `Remove one of the two rows from ${p.path}, ${VALIDATE}`,
  REGISTRY_FIELD_INVALID: editCell,
  REGISTRY_REFERENCE_MISSING: (p: Place) =>
    `Register it or correct ${p.field ?? "the cell"} in ${p.path}, ${VALIDATE}`,
  REGISTRY_DEPENDENCY_MISSING: editCell,
  REGISTRY_DEPENDENCY_CYCLE: editCell,
  REGISTRY_DEPENDENCY_TIER: editCell,
  REGISTRY_DEPENDENCY_RANGE: editCell,
  REGISTRY_CONFLICT: editCell,
} as const;

export type FindingCode = keyof typeof NEXT_STEPS;

export interface FindingFields {
  readonly at?: Position | undefined;
  readonly field?: string | undefined;
  readonly package_id?: string | undefined;
  readonly expected?: string | undefined;
  readonly actual?: string | undefined;
  /** Default `error`. */
  readonly severity?: Finding["severity"];
}

/** Longest piece of a cell shown in a finding. */
const SHOWN_MAX = 120;

/** A cell as JSON text, so that control characters show as escapes, cut to a readable length. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text);
}

export class Findings {
  readonly path: string;
  readonly #list: Finding[] = [];

  constructor(name: RegistryName) {
    this.path = registryPath(name);
  }

  /** `message` goes on after the path and line: `registries/x.csv line 3: …`. */
  add(code: FindingCode, message: string, fields: FindingFields = {}): void {
    const { at, field } = fields;
    const where = at === undefined ? this.path : `${this.path} line ${at.line}`;
    const finding: Finding = {
      code,
      severity: fields.severity ?? "error",
      message: `${where}: ${message}`,
      next_step: NEXT_STEPS[code]({ path: this.path, line: at?.line, field }),
      path: this.path,
    };
    if (at !== undefined) Object.assign(finding, { line: at.line, column: at.column });
    if (field !== undefined) finding.field = field;
    if (fields.package_id !== undefined) finding.package_id = fields.package_id;
    if (fields.expected !== undefined) finding.expected = fields.expected;
    if (fields.actual !== undefined) finding.actual = fields.actual;
    this.#list.push(finding);
  }

  /** By line, column, code, then message. */
  sorted(): Finding[] {
    return this.#list.sort(
      (a, b) =>
        (a.line ?? 0) - (b.line ?? 0) ||
        (a.column ?? 0) - (b.column ?? 0) ||
        compareCodePoints(a.code, b.code) ||
        compareCodePoints(a.message, b.message),
    );
  }
}
