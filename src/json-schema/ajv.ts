/** The compiler behind `compileSchema`, with what a hostile schema could abuse replaced. */
import { Ajv2020 } from "ajv/dist/2020.js";
import { FORMATS } from "./formats.ts";
import { compilePattern } from "./patterns.ts";
import { Budget, STEP } from "./steps.ts";

/** Slow to load and to make, so both happen once, and only when a schema is really compiled. */
export function makeAjv(): { ajv: Ajv2020; budget: Budget } {
  const budget = new Budget();
  const regExp = Object.assign((pattern: string) => compilePattern(pattern), { code: "compilePattern" });
  const ajv = new Ajv2020({
    strict: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    allErrors: true,
    verbose: true,
    ownProperties: true,
    // `checkSchema` has judged it, with better words.
    validateSchema: false,
    meta: false,
    addUsedSchema: false,
    inlineRefs: false,
    logger: false,
    formats: { ...FORMATS },
    code: { regExp },
  });
  ajv.addKeyword({
    keyword: STEP,
    schemaType: "boolean",
    schema: false,
    errors: false,
    validate: () => {
      budget.spend();
      return true;
    },
  });
  ajv.addKeyword("x-secret");
  // The compiler's own compare every pair; a set compares each value once.
  ajv.removeKeyword("enum");
  ajv.addKeyword({
    keyword: "enum",
    schemaType: "array",
    compile: (values: readonly unknown[]) => {
      const allowed = new Set(values.map(stable));
      return (value: unknown) => allowed.has(stable(value));
    },
  });
  ajv.removeKeyword("uniqueItems");
  ajv.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    schemaType: "boolean",
    compile: (unique: boolean) => (items: readonly unknown[]) =>
      !unique || new Set(items.map(stable)).size === items.length,
  });
  return { ajv, budget };
}

/** JSON with sorted keys: equal values have equal texts. The value's depth has been judged. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
