export { checkSchema, type SchemaOptions } from "./check-schema.ts";
export { type CompiledSchema, compileSchema } from "./compile.ts";
export { jsonSchemaFaults } from "./faults.ts";
export type { SchemaIssue } from "./issue.ts";
export { nearestOf } from "./nearest.ts";
