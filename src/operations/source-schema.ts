/** JSON Schemas for editors, made of the shapes that judge: what authors write, and what pack writes. */
import { z } from "zod";
import { BrokerConfig, Manifest, SourceMetadata } from "../contracts/index.ts";

/** Of `holdfast.toml`, and of what stands under `holdfast` in the other forms. */
export function sourceSchema(): string {
  const { properties, ...schema } = whole(SourceMetadata);
  const $schema = { type: "string", description: "Where editors find this schema; read by nobody else." };
  return print({ ...schema, properties: { $schema, ...properties } });
}

/** Of `manifest.json` 2.0 in an archive. */
export const manifestSchema = (): string => print(whole(Manifest));

/** Of `config/broker.toml`. */
export const brokerSchema = (): string => print(whole(BrokerConfig));

/** The shape itself at the top, not a reference to it: some editors complete only that. */
function whole(shape: z.ZodType): Record<string, unknown> & { properties?: object } {
  const { $schema, $ref, $defs, ...inline } = z.toJSONSchema(shape, { io: "input", target: "draft-2020-12" });
  const name = $ref?.slice("#/$defs/".length) ?? "";
  const others = Object.fromEntries(Object.entries($defs ?? {}).filter(([key]) => key !== name));
  return { $schema, ...inline, ...$defs?.[name], $defs: others };
}

const print = (schema: object): string => `${JSON.stringify(schema, null, 2)}\n`;
