export type { Context, Operation, Outcome } from "./define.ts";
export { OPERATIONS } from "./table.ts";
