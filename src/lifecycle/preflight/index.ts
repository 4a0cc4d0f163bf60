export { type ChangedManifests, changedManifests } from "./changed.ts";
export { type Fixed, fixSource } from "./fix.ts";
export { preflight } from "./preflight.ts";
export type { PreflightWorld } from "./world.ts";
