/** Simulated effects, for the harness and for tests. */
export { SimulatedCrash } from "./crashing-file-system.ts";
export { type Answer, type CutDisk, type Mutation, SimDisk } from "./disk.ts";
export type { RenamePromise } from "./disk-state.ts";
export { type SimOptions, simEffects } from "./effects.ts";
export { seededNumbers } from "./seeded-numbers.ts";
