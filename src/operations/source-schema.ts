/** JSON Schemas for editors, made of the shapes that judge: what authors write, and what pack writes. */
import { z } from "zod";
import { Manifest, SourceMetadata } from "../contracts/index.ts";

const DIALECT = "https://json-schema.org/draft/2020-12/schema";

/** Of `holdfast.toml`, and of what stands under `holdfast` in the other forms. */
export function sourceSchema(): string {
  const schema = z.toJSONSchema(SourceMetadata, { io: "input", target: "draft-2020-12", reused: "ref" });
  const properties = {
    $schema: { type: "string", description: "Where editors find this schema; read by nobody else." },
    ...schema.properties,
  };
  return print({ ...schema, $schema: DIALECT, properties });
}

/** Of `manifest.json` 2.0 in an archive. */
export const manifestSchema = (): string =>
  print({
    ...z.toJSONSchema(Manifest, { io: "input", target: "draft-2020-12", reused: "ref" }),
    $schema: DIALECT,
  });

const print = (schema: object): string => `${JSON.stringify(schema, null, 2)}\n`;
