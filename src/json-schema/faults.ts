import { defineFaults, kind } from "../kernel/index.ts";

export const { catalogue: jsonSchemaFaults, make } = defineFaults({
  JSON_SCHEMA_REFUSED: kind<{ pointer: string; problems: readonly string[] }>(
    2,
    (d) =>
      `Correct ${d.pointer} of the schema in the plugin's source, then run "pkg preflight DIR" with its folder.`,
  ),
});
