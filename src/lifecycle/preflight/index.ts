export { preflight } from "./preflight.ts";
export type { PreflightWorld } from "./world.ts";
