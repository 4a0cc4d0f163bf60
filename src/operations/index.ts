import type { FAULT_CATALOGUES } from "./fault-catalogue.ts";

export type { OnPhase } from "../lifecycle/index.ts";
export type { CommandEnd, Context, Operation, Outcome } from "./define.ts";
export { OPERATIONS } from "./table.ts";

/** Loads every room, so only reference pages and checks ask for it. */
export async function readFaultCatalogues(): Promise<typeof FAULT_CATALOGUES> {
  return (await import("./fault-catalogue.ts")).FAULT_CATALOGUES;
}
