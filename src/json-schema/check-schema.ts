/** Judges a schema itself: known keywords with values of their shape, local references, within limits. Never throws. */
import { compareCodePoints } from "../kernel/index.ts";
import { type SchemaIssue, step } from "./issue.ts";
import { KEYWORDS, REFUSED } from "./keywords.ts";
import { nearestOf } from "./nearest.ts";
import { checkValue, type Shaped } from "./shapes.ts";
import { sizeOf } from "./size.ts";

const DIALECT = "https://json-schema.org/draft/2020-12/schema";
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
  if (!isObject(schema)) return [{ pointer: "/", message: "must be an object" }];
  const { compilePattern } = await import("./patterns.ts");
  const judge: Judge = { options, compilePattern, references: [] };
  const issues: SchemaIssue[] = [];
  const seen = new Set<string>();
  const pending: Part[] = [{ schema, pointer: "/" }];
  for (let part = pending.pop(); part !== undefined && issues.length < ISSUES_MAX; part = pending.pop()) {
    seen.add(part.pointer);
    if (seen.size > SUBSCHEMAS_MAX)
      return [{ pointer: "/", message: `holds more than ${SUBSCHEMAS_MAX} schemas` }];
    const found = judgePart(part, judge);
    issues.push(...found.issues);
    pending.push(...found.inner);
  }
  for (const { pointer, target } of judge.references)
    if (!seen.has(decoded(target))) issues.push({ pointer, message: "leads to no schema in this document" });
  return issues.sort((a, b) => compareCodePoints(a.pointer, b.pointer));
}

interface Judge {
  readonly options: SchemaOptions;
  readonly compilePattern: (pattern: string) => unknown;
  /** Filled while judging; each must lead to a schema. */
  readonly references: { readonly pointer: string; readonly target: string }[];
}

function judgePart({ schema, pointer: at }: Part, { options, compilePattern, references }: Judge): Shaped {
  if (typeof schema === "boolean") return { issues: [], inner: [] };
  if (!isObject(schema))
    return { issues: [{ pointer: at, message: "must be a schema: an object, true or false" }], inner: [] };
  const issues: SchemaIssue[] = [];
  const inner: Part[] = [];
  for (const [keyword, value] of Object.entries(schema)) {
    const refused = keywordIssue(keyword, value, at, options);
    if (refused !== undefined) issues.push(refused);
    const shape = Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined;
    if (refused !== undefined || shape === undefined) continue;
    const pointer = step(at, keyword);
    const shaped = checkValue(shape, value, pointer, compilePattern);
    issues.push(...shaped.issues);
    inner.push(...shaped.inner);
    if (shape === "reference" && typeof value === "string" && shaped.issues.length === 0)
      references.push({ pointer, target: value.slice(1) || "/" });
  }
  return { issues, inner };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Why a keyword is refused by its name or place. */
function keywordIssue(
  keyword: string,
  value: unknown,
  at: string,
  options: SchemaOptions,
): SchemaIssue | undefined {
  const pointer = step(at, keyword);
  if (keyword === "$schema" && at === "/")
    return value === DIALECT ? undefined : { pointer, message: `must be ${DIALECT}` };
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
