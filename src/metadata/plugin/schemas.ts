/** The JSON Schemas of a plugin, and every value they must take: examples, probes, configuration. */
import type { PluginAction } from "../../contracts/index.ts";
import { type CompiledSchema, checkSchema, compileSchema } from "../../json-schema/index.ts";
import type { PlacedCode } from "../faults.ts";
import { childOf, isWithin } from "../pointer.ts";
import type { Problem } from "../problems.ts";
import { memberOf, type Section } from "./section.ts";

/** Examples of all actions, probe inputs and default values. */
export async function checkSchemas(section: Section): Promise<Problem[]> {
  const problems: Problem[] = [];
  const inputs = new Map<string, CompiledSchema>();
  for (const { index, value: action } of section.actions) {
    const pointer = `/plugin/actions/${index}`;
    const input = await compiled(action.input, `${pointer}/input`, problems);
    const output = await compiled(action.output, `${pointer}/output`, problems);
    if (input !== undefined) inputs.set(action.id, input);
    problems.push(...checkExamples(action, pointer, input, output));
  }
  for (const { index, value } of section.probes) {
    const pointer = `/plugin/probes/${index}/input`;
    problems.push(...held(inputs.get(value.action), value.input, pointer, "PLUGIN_PROBE_INVALID"));
  }
  return [...problems, ...(await checkConfig(section))];
}

function checkExamples(
  { examples }: PluginAction,
  pointer: string,
  input: CompiledSchema | undefined,
  output: CompiledSchema | undefined,
): Problem[] {
  return examples.flatMap((example, index) => [
    ...held(input, example.input, `${pointer}/examples/${index}/input`, "PLUGIN_EXAMPLE_INVALID"),
    ...(example.output === undefined
      ? []
      : held(output, example.output, `${pointer}/examples/${index}/output`, "PLUGIN_EXAMPLE_INVALID")),
  ]);
}

function held(
  schema: CompiledSchema | undefined,
  value: unknown,
  pointer: string,
  code: PlacedCode,
): Problem[] {
  return (schema?.validate(value) ?? []).map(({ pointer: inner, message }) => ({
    code,
    message,
    pointer: joined(pointer, inner),
  }));
}

async function compiled(
  schema: unknown,
  pointer: string,
  problems: Problem[],
  options: { secrets?: boolean } = {},
): Promise<CompiledSchema | undefined> {
  const issues = await checkSchema(schema, options);
  for (const { pointer: inner, message, nearest } of issues)
    problems.push({
      code: "PLUGIN_SCHEMA_INVALID",
      message,
      pointer: joined(pointer, inner),
      // An unknown keyword is pointed at by its name, a wrong value by itself.
      of: /is not a keyword|^is refused|older draft|no effect/.test(message) ? "key" : "value",
      ...(nearest === undefined ? {} : { details: { nearest } }),
    });
  if (issues.length > 0) return undefined;
  try {
    return await compileSchema(schema, options);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code !== "JSON_SCHEMA_REFUSED") throw error;
    problems.push({ code: "PLUGIN_SCHEMA_INVALID", message, pointer });
    return undefined;
  }
}

/** Words of a schema that ask for fields to be there: the operator sets what has no default. */
const WHOLE = [
  "required",
  "minProperties",
  "dependentRequired",
  "dependentSchemas",
  "allOf",
  "anyOf",
  "oneOf",
  "not",
  "if",
  "then",
  "else",
];

async function checkConfig({ config }: Section): Promise<Problem[]> {
  if (config === undefined) return [];
  const { schema, defaults } = config;
  const pointer = "/plugin/config";
  const problems: Problem[] = [];
  if (schema["type"] !== "object") {
    const message = `must be "object": a configuration maps names to values`;
    return [{ code: "PLUGIN_SCHEMA_INVALID", message, pointer: `${pointer}/schema/type` }];
  }
  await compiled(schema, `${pointer}/schema`, problems, { secrets: true });
  if (problems.length > 0) return problems;
  const partial = Object.fromEntries(Object.entries(schema).filter(([word]) => !WHOLE.includes(word)));
  const known = await compileSchema(partial, { secrets: true });
  const secret = secretDefaults(schema, defaults);
  const wrong = held(known, defaults, `${pointer}/defaults`, "PLUGIN_DEFAULT_INVALID");
  return [
    ...secret,
    ...wrong.filter((one) => !secret.some((other) => isWithin(one.pointer, other.pointer))),
    ...strayDefaults(schema, defaults),
  ];
}

function secretDefaults(schema: Record<string, unknown>, defaults: Record<string, unknown>): Problem[] {
  return propertiesOf(schema).flatMap(([name, property]): Problem[] => {
    if (memberOf(property, "x-secret") !== true) return [];
    const places = [
      ...(Object.hasOwn(defaults, name) ? [childOf("/plugin/config/defaults", name)] : []),
      ...(memberOf(property, "default") === undefined
        ? []
        : [`${childOf("/plugin/config/schema/properties", name)}/default`]),
    ];
    return places.map((pointer) => ({
      code: "PLUGIN_SECRET_DEFAULT",
      message: `gives the secret ${name} a value that everybody can read`,
      pointer,
      of: "key",
    }));
  });
}

/** A `default` inside the schema is for readers; what counts stands in `defaults`, so the two must agree. */
function strayDefaults(schema: Record<string, unknown>, defaults: Record<string, unknown>): Problem[] {
  return propertiesOf(schema).flatMap(([name, property]): Problem[] => {
    const value = memberOf(property, "default");
    if (value === undefined || memberOf(property, "x-secret") === true) return [];
    if (JSON.stringify(memberOf(defaults, name)) === JSON.stringify(value)) return [];
    return [
      {
        code: "PLUGIN_DEFAULT_INVALID",
        message: `says something else than config.defaults, which is what counts`,
        pointer: `${childOf("/plugin/config/schema/properties", name)}/default`,
      },
    ];
  });
}

const propertiesOf = (schema: Record<string, unknown>): [string, unknown][] =>
  Object.entries(schema["properties"] ?? {});

const joined = (outer: string, inner: string): string => (inner === "/" ? outer : outer + inner);
