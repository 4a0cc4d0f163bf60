/** Whether a keyword's value has the shape the keyword wants, and which schemas it holds. */
import { FORMATS } from "./formats.ts";
import { type SchemaIssue, step } from "./issue.ts";
import { type Shape, TYPES } from "./keywords.ts";
import { nearestOf } from "./nearest.ts";

export interface Shaped {
  readonly issues: readonly SchemaIssue[];
  readonly inner: readonly { readonly schema: unknown; readonly pointer: string }[];
}

type CompilePattern = (pattern: string) => unknown;

const NOTHING: Shaped = { issues: [], inner: [] };
const wrong = (pointer: string, message: string): Shaped => ({ issues: [{ pointer, message }], inner: [] });

/** The shapes that hold no schemas: what they must be, and whether they are. */
const PLAIN: Partial<Record<Shape, readonly [is: (value: unknown) => boolean, message: string]>> = {
  names: [isNames, "must be a list of different texts"],
  names_map: [
    (value) => isMap(value) && Object.values(value).every(isNames),
    "must map names to lists of names",
  ],
  count: [(value) => Number.isSafeInteger(value) && Number(value) >= 0, "must be an integer of at least 0"],
  number: [(value) => typeof value === "number" && Number.isFinite(value), "must be a number"],
  positive: [
    (value) => typeof value === "number" && Number.isFinite(value) && value > 0,
    "must be a number above 0",
  ],
  boolean: [(value) => typeof value === "boolean", "must be true or false"],
  secret: [(value) => value === true, "must be true, or left out"],
  text: [(value) => typeof value === "string", "must be a text"],
  list: [(value) => Array.isArray(value), "must be a list"],
  values: [(value) => Array.isArray(value) && value.length > 0, "must be a list of at least one value"],
  any: [() => true, ""],
};

export function checkValue(
  shape: Shape,
  value: unknown,
  pointer: string,
  compilePattern: CompilePattern,
): Shaped {
  const plain = PLAIN[shape];
  if (plain !== undefined) return plain[0](value) ? NOTHING : wrong(pointer, plain[1]);
  if (shape === "schema") return { issues: [], inner: [{ schema: value, pointer }] };
  if (shape === "schema_list") return schemaList(value, pointer);
  if (shape === "schema_map") return schemaMap(value, pointer, compilePattern);
  if (shape === "type") return typeNames(value, pointer);
  if (typeof value !== "string") return wrong(pointer, "must be a text");
  if (shape === "pattern") return pattern(value, pointer, compilePattern);
  if (shape === "format") {
    if (Object.hasOwn(FORMATS, value)) return NOTHING;
    return wrong(
      pointer,
      `${JSON.stringify(value.slice(0, 64))} is not checked here; known are ${Object.keys(FORMATS).join(", ")}`,
    );
  }
  return /^#(\/.*)?$/.test(value)
    ? NOTHING
    : wrong(pointer, "must be local, such as #/$defs/name: nothing is fetched");
}

function schemaList(value: unknown, pointer: string): Shaped {
  if (!Array.isArray(value) || value.length === 0)
    return wrong(pointer, "must be a list of at least one schema");
  return { issues: [], inner: value.map((schema, index) => ({ schema, pointer: step(pointer, index) })) };
}

function schemaMap(value: unknown, pointer: string, compilePattern: CompilePattern): Shaped {
  if (!isMap(value)) return wrong(pointer, "must map names to schemas");
  const issues: SchemaIssue[] = [];
  for (const name of Object.keys(value)) {
    if (name === "__proto__")
      issues.push({ pointer: step(pointer, name), message: "is no name a field may have" });
    else if (pointer.endsWith("/patternProperties"))
      issues.push(...pattern(name, step(pointer, name), compilePattern).issues);
  }
  const inner = Object.entries(value).map(([name, schema]) => ({ schema, pointer: step(pointer, name) }));
  return { issues, inner };
}

function typeNames(value: unknown, pointer: string): Shaped {
  const names: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (names.length === 0 || new Set(names).size !== names.length)
    return wrong(pointer, "must name each type once");
  const strange = names.findIndex((name) => typeof name !== "string" || !TYPES.includes(name));
  if (strange < 0) return NOTHING;
  const name = names[strange];
  const nearest = typeof name === "string" ? nearestOf(name, TYPES) : undefined;
  return wrong(
    pointer,
    `must be one of ${TYPES.join(", ")}${nearest === undefined ? "" : `; the nearest is ${nearest}`}`,
  );
}

function pattern(text: string, pointer: string, compilePattern: CompilePattern): Shaped {
  try {
    compilePattern(text);
    return NOTHING;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return wrong(pointer, `is no pattern RE2 can run: ${reason.slice(0, 160)}`);
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isNames(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((name) => typeof name === "string") &&
    new Set(value).size === value.length
  );
}
