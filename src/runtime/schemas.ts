/** Schemas of actions, made into functions once for each manifest that was read: nobody changes one afterwards. */
import type { PluginAction } from "../contracts/index.ts";
import { type CompiledSchema, compileSchema } from "../json-schema/index.ts";

const compiled = new WeakMap<object, CompiledSchema>();

/** @throws JSON_SCHEMA_REFUSED */
export async function schemaOf(action: PluginAction, side: "input" | "output"): Promise<CompiledSchema> {
  const schema: unknown = action[side];
  if (typeof schema !== "object" || schema === null) return compileSchema(schema);
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const made = await compileSchema(schema);
  compiled.set(schema, made);
  return made;
}
