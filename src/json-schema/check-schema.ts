/** Judges a schema itself: known keywords with values of their shape, local references, within limits. Never throws. */
import { type SchemaIssue, step } from "./issue.ts";
import { KEYWORDS, REFUSED, type Shape } from "./keywords.ts";
import { nearestOf } from "./nearest.ts";
import { checkValue, type Shaped } from "./shapes.ts";
import { sizeOf } from "./size.ts";

export const DIALECT = "https://json-schema.org/draft/2020-12/schema";
const SCHEMA_UNITS_MAX = 256 << 10;
const DEPTH_MAX = 40;
const SUBSCHEMAS_MAX = 2000;
const ISSUES_MAX = 50;

export interface SchemaOptions {
  /** Properties at the top may be marked `x-secret`: for the schema of a configuration. */
  readonly secrets?: boolean;
}

interface Part {
  readonly schema: unknown;
  readonly pointer: string;
}

/** Every problem of the schema, by place; none means `compileSchema` takes it. */
export async function checkSchema(schema: unknown, options: SchemaOptions = {}): Promise<SchemaIssue[]> {
  const size = sizeOf(schema, { units_max: SCHEMA_UNITS_MAX, depth_max: DEPTH_MAX });
  if (size !== undefined) return [{ pointer: "/", message: size }];
  if (typeof schema !== "object" || schema === null || Array.isArray(schema))
    return [{ pointer: "/", message: "must be an object" }];
  const { compilePattern } = await import("./patterns.ts");
  const issues: SchemaIssue[] = [];
  const parts = new Map<string, unknown>();
  const references: { pointer: string; target: string }[] = [];
  const pending: Part[] = [{ schema, pointer: "/" }];
  for (let part = pending.pop(); part !== undefined && issues.length < ISSUES_MAX; part = pending.pop()) {
    parts.set(part.pointer, part.schema);
    if (parts.size > SUBSCHEMAS_MAX) {
      issues.push({ pointer: "/", message: `holds more than ${SUBSCHEMAS_MAX} schemas` });
      break;
    }
    if (typeof part.schema === "boolean") continue;
    if (typeof part.schema !== "object" || part.schema === null || Array.isArray(part.schema)) {
      issues.push({ pointer: part.pointer, message: "must be a schema: an object, true or false" });
      continue;
    }
    for (const [keyword, value] of Object.entries(part.schema)) {
      const found = keywordIssue(keyword, value, part.pointer, options);
      if (found !== undefined) {
        if (found !== "fine") issues.push(found);
        continue;
      }
      const pointer = step(part.pointer, keyword);
      const shaped: Shaped = checkValue(KEYWORDS[keyword] as Shape, value, pointer, compilePattern);
      issues.push(...shaped.issues);
      pending.push(...shaped.inner);
      if (keyword === "$ref" && shaped.issues.length === 0)
        references.push({ pointer, target: String(value).slice(1) || "/" });
    }
  }
  for (const { pointer, target } of references)
    if (!parts.has(decoded(target))) issues.push({ pointer, message: `leads to no schema in this document` });
  return issues.sort((a, b) => (a.pointer < b.pointer ? -1 : a.pointer > b.pointer ? 1 : 0));
}

/** A keyword that is refused by its name or place; "fine" for one that needs no more looking at. */
function keywordIssue(
  keyword: string,
  value: unknown,
  at: string,
  options: SchemaOptions,
): SchemaIssue | "fine" | undefined {
  const pointer = step(at, keyword);
  if (keyword === "$schema" && at === "/")
    return value === DIALECT ? "fine" : { pointer, message: `must be ${DIALECT}` };
  if (keyword === "x-secret" && !(options.secrets === true && /^\/properties\/[^/]+$/.test(at)))
    return { pointer, message: "belongs on a property of the configuration and nowhere else" };
  if (Object.hasOwn(KEYWORDS, keyword)) return undefined;
  if (Object.hasOwn(REFUSED, keyword)) return { pointer, message: REFUSED[keyword] ?? "" };
  const nearest = nearestOf(keyword, Object.keys(KEYWORDS));
  if (nearest === undefined) return { pointer, message: "is not a keyword of JSON Schema" };
  return { pointer, message: `is not a keyword of JSON Schema; the nearest is ${nearest}`, nearest };
}

/** A reference is percent-encoded; pointers here are not. */
function decoded(target: string): string {
  try {
    return decodeURIComponent(target);
  } catch {
    return target;
  }
}
