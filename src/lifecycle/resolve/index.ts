export { resolve } from "./resolve.ts";
export type { Available, Clause, Conflict, InstalledPackage, Outcome, Problem } from "./types.ts";
