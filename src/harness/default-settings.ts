/** A configuration made from the schema alone: what is required and has no default gets the least value that fits. */
import type { SourceMetadata } from "../contracts/index.ts";
import { isRecord } from "./json-match.ts";

/** Where the planted secret of a world stands. */
export const SECRET_VARIABLE = "GOLDEN_PLANTED_SECRET";

export type Assigned = Readonly<Record<string, Json>>;
type Json = SourceMetadataJson;
type SourceMetadataJson = NonNullable<NonNullable<SourceMetadata["plugin"]>["config"]>["defaults"][string];

/** Set one of the defaults to itself where nothing is required, so that configuring is really done. */
export function defaultSettings({ plugin }: SourceMetadata): Assigned {
  const config = plugin?.config;
  if (config === undefined) return {};
  const { schema, defaults } = config;
  const required = Array.isArray(schema["required"])
    ? schema["required"].filter((one) => typeof one === "string")
    : [];
  const properties = isRecord(schema["properties"]) ? schema["properties"] : {};
  const made: Record<string, Json> = {};
  for (const name of required) {
    if (Object.hasOwn(defaults, name)) continue;
    const value = leastOf(properties[name]);
    if (value !== undefined) made[name] = value;
  }
  const [first] = Object.entries(defaults);
  return Object.keys(made).length > 0 || first === undefined ? made : { [first[0]]: first[1] };
}

function leastOf(schema: unknown): Json | undefined {
  if (!isRecord(schema)) return undefined;
  if ("const" in schema) return schema["const"] as Json;
  if ("default" in schema) return schema["default"] as Json;
  if (Array.isArray(schema["enum"])) return schema["enum"][0] as Json;
  if (Array.isArray(schema["examples"])) return schema["examples"][0] as Json;
  // A secret is named, never written; the harness sets the variable.
  if (schema["x-secret"] === true) return `env:${SECRET_VARIABLE}`;
  switch (schema["type"]) {
    case "integer":
    case "number":
      return typeof schema["minimum"] === "number" ? schema["minimum"] : 0;
    case "boolean":
      return false;
    case "array":
      return [];
    case "object":
      return {};
    default:
      return "x".repeat(typeof schema["minLength"] === "number" ? schema["minLength"] : 1);
  }
}
