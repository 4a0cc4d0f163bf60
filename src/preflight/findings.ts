/** A fault as a finding at its place. The same fault is thrown at install, so code, sentence and next step are the same. */
import type { Finding } from "../contracts/index.ts";
import type { Fault } from "../kernel/index.ts";

/** Where a field stands. `field` is the pointer in the terms of the file. */
export interface FieldPlace {
  readonly path?: string | undefined;
  readonly field?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** Where fields of the manifest stand in the file somebody wrote: pointers of the manifest in, places out, in order. */
export type Locate = (pointers: readonly string[]) => Promise<readonly FieldPlace[]>;

/** What the fault itself says of its place, overridden by `place`. */
export function findingFrom({ code, message, next_step, details }: Fault, place: FieldPlace = {}): Finding {
  const { path, field, line, column } = { ...placeIn(details), ...defined(place) };
  const { package_id } = details;
  return {
    code,
    severity: "error",
    message,
    next_step,
    ...(path === undefined ? {} : { path }),
    ...(field === undefined ? {} : { field }),
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
    ...(typeof package_id === "string" ? { package_id } : {}),
  };
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const positive = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isInteger(value) && value > 0 ? value : undefined;

/** A line without a path is a line of something else. */
const placeIn = ({ path, field, line, column }: Fault["details"]): FieldPlace => ({
  path: text(path),
  field: text(field),
  ...(path === undefined ? {} : { line: positive(line), column: positive(column) }),
});

/** Without what is not known of it. */
export const defined = (place: FieldPlace): FieldPlace =>
  Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined));
