/** A schema made into a function. Bounded in every direction: size, depth, steps; own properties only; nothing fetched. */
import type { Ajv2020, ErrorObject, ValidateFunction } from "ajv/dist/2020.js";
import { checkSchema, type SchemaOptions } from "./check-schema.ts";
import { make } from "./faults.ts";
import { type SchemaIssue, step } from "./issue.ts";
import { sizeOf } from "./size.ts";
import { type Budget, WorkExceeded, withSteps } from "./steps.ts";

export interface CompiledSchema {
  /** Every problem of the value by place, at most 50. Never throws. */
  readonly validate: (value: unknown) => SchemaIssue[];
}

const VALUE_UNITS_MAX = 16 << 20;
const VALUE_DEPTH_MAX = 200;
const ISSUES_MAX = 50;
const KEPT_MAX = 256;

let shared: { ajv: Ajv2020; budget: Budget } | undefined;
/** By the schema's JSON: many plugins, and many runs of one, share a few schemas. */
const kept = new Map<string, CompiledSchema>();

/** @throws JSON_SCHEMA_REFUSED when `checkSchema` finds a problem */
export async function compileSchema(schema: unknown, options: SchemaOptions = {}): Promise<CompiledSchema> {
  const issues = await checkSchema(schema, options);
  if (issues.length > 0) throw refused(issues);
  const key = JSON.stringify(schema);
  const known = kept.get(key);
  if (known !== undefined) return known;
  shared ??= (await import("./ajv.ts")).makeAjv();
  const { ajv, budget } = shared;
  const stepped = withSteps(schema);
  let run: ValidateFunction;
  try {
    run = ajv.compile(stepped);
  } catch (error) {
    throw refused([{ pointer: "/", message: error instanceof Error ? error.message : String(error) }]);
  } finally {
    ajv.removeSchema(stepped);
  }
  const compiled: CompiledSchema = { validate: (value) => validate(run, budget, value) };
  if (kept.size >= KEPT_MAX) kept.clear();
  kept.set(key, compiled);
  return compiled;
}

function refused(issues: readonly SchemaIssue[]): Error {
  const [first = { pointer: "/", message: "is not valid" }] = issues;
  return make("JSON_SCHEMA_REFUSED", `the schema is refused: ${first.pointer} ${first.message}`, {
    pointer: first.pointer,
    problems: issues.map(({ pointer, message }) => `${pointer} ${message}`),
  });
}

function validate(run: ValidateFunction, budget: Budget, value: unknown): SchemaIssue[] {
  const size = sizeOf(value, { units_max: VALUE_UNITS_MAX, depth_max: VALUE_DEPTH_MAX });
  if (size !== undefined) return [{ pointer: "/", message: size }];
  budget.refill();
  try {
    if (run(value)) return [];
  } catch (error) {
    if (error instanceof WorkExceeded || error instanceof RangeError)
      return [{ pointer: "/", message: "takes too many steps to hold against its schema" }];
    throw error;
  }
  return issuesOf(run.errors ?? []);
}

function issuesOf(errors: readonly ErrorObject[]): SchemaIssue[] {
  const seen = new Map<string, SchemaIssue>();
  for (const error of errors) {
    const issue = issueOf(error);
    seen.set(`${issue.pointer} ${issue.message}`, issue);
    if (seen.size >= ISSUES_MAX) break;
  }
  return [...seen.values()].sort((a, b) => (a.pointer < b.pointer ? -1 : a.pointer > b.pointer ? 1 : 0));
}

function issueOf({
  keyword,
  instancePath,
  params,
  message = "is not valid",
  schema,
}: ErrorObject): SchemaIssue {
  const pointer = instancePath === "" ? "/" : instancePath;
  const detail = params as Record<string, unknown>;
  if (keyword === "required" || keyword === "dependentRequired")
    return { pointer: step(pointer, String(detail["missingProperty"])), message: "is missing" };
  const extra = detail["additionalProperty"] ?? detail["unevaluatedProperty"];
  if (typeof extra === "string")
    return { pointer: step(pointer, extra), message: "is not a field of the schema" };
  if (keyword === "enum" && Array.isArray(schema))
    return {
      pointer,
      message: `must be one of ${schema
        .map((one) => JSON.stringify(one))
        .join(", ")
        .slice(0, 400)}`,
    };
  if (keyword === "const") return { pointer, message: `must be ${JSON.stringify(schema).slice(0, 200)}` };
  if (keyword === "uniqueItems") return { pointer, message: "must not hold the same value twice" };
  if (keyword === "false schema") return { pointer, message: "is not allowed here" };
  return { pointer, message };
}
