export { cliFaults } from "./faults.ts";
export { type Program, runCommand, type Setting, type Terminal } from "./run.ts";
export type { FlagSpec, OperationSpec } from "./table.ts";
