/** Counting steps: references that refer to one another can ask for more work than there is time. */
import { step } from "./issue.ts";
import { KEYWORDS } from "./keywords.ts";

export const STEP = "x-holdfast-step";
const STEPS_MAX = 2_000_000;

export class WorkExceeded extends Error {}

/** Steps left in the run going on. */
export class Budget {
  #left = STEPS_MAX;
  refill(): void {
    this.#left = STEPS_MAX;
  }
  spend(): void {
    this.#left -= 1;
    if (this.#left < 0) throw new WorkExceeded();
  }
}

/** A copy in which everything a reference leads to counts a step, so that no chain of references runs for ever. */
export function withSteps(schema: unknown): Record<string, unknown> {
  const targets = new Set(["/"]);
  const collect = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key === "$ref" && typeof inner === "string") targets.add(decodeURIComponent(inner.slice(1)) || "/");
      collect(inner);
    }
  };
  collect(schema);
  const copy = (value: unknown, pointer: string): unknown => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const entries = Object.entries(value)
      .filter(([keyword]) => keyword !== "$schema")
      .map(([keyword, inner]): [string, unknown] => [
        keyword,
        copyInner(KEYWORDS[keyword], inner, step(pointer, keyword)),
      ]);
    return Object.fromEntries(targets.has(pointer) ? [[STEP, true], ...entries] : entries);
  };
  const copyInner = (shape: string | undefined, inner: unknown, pointer: string): unknown => {
    if (shape === "schema") return copy(inner, pointer);
    if (shape === "schema_list" && Array.isArray(inner))
      return inner.map((one, index) => copy(one, step(pointer, index)));
    if (shape === "schema_map" && typeof inner === "object" && inner !== null)
      return Object.fromEntries(
        Object.entries(inner).map(([name, one]) => [name, copy(one, step(pointer, name))]),
      );
    return inner;
  };
  // Without an address of its own the compiler cannot follow a reference to the whole.
  return { $id: "urn:holdfast:schema", ...(copy(schema, "/") as Record<string, unknown>) };
}
