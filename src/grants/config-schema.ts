/** Which settings of a plugin are secrets, and the schema of what is stored: there a reference stands for each of them. Pure. */
import type { JsonSchema } from "../contracts/index.ts";

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Own properties alone: a schema with `__proto__` in it names a setting of that name. */
export function propertiesOf(schema: JsonSchema): Map<string, Record<string, unknown>> {
  const properties = Object.hasOwn(schema, "properties") ? schema["properties"] : undefined;
  if (!isObject(properties)) return new Map();
  return new Map(Object.entries(properties).map(([key, value]) => [key, isObject(value) ? value : {}]));
}

export function secretKeys(schema: JsonSchema): Set<string> {
  return new Set(
    [...propertiesOf(schema)].flatMap(([key, property]) => (property["x-secret"] === true ? [key] : [])),
  );
}

const REFERENCE = { type: "object" };

/** The value of a secret is unknown here: only that it is given counts. */
export function storedSchema(schema: JsonSchema): JsonSchema {
  const secrets = secretKeys(schema);
  if (secrets.size === 0) return schema;
  const properties = [...propertiesOf(schema)].map(([key, property]): [string, unknown] => [
    key,
    secrets.has(key) ? REFERENCE : property,
  ]);
  return { ...schema, properties: Object.fromEntries(properties) } as JsonSchema;
}
