/** Fault injection as a product: the ports misbehave at named points; no logic knows of it. See docs/failpoints.md. */
import type { Effects } from "../ports.ts";
import { type FailpointActions, Injector } from "./injector.ts";
import { Unsynced } from "./unsynced.ts";
import { watchEffects } from "./watch.ts";

export { ACTIONS, CATALOGUE, type CatalogueEntry, PHASES } from "./catalogue.ts";
export { failpointFaults } from "./faults.ts";
export type { FailpointActions } from "./injector.ts";
export { failpointProblem } from "./problem.ts";
export { type BeforeCall, type Point, pointName, watchEffects } from "./watch.ts";

/**
 * @param spec as `pkg failpoints` explains it
 * @returns effects that misbehave as told; `unreached` names the points that never came, at the end of a command
 * @throws FAILPOINT_INVALID before anything is touched
 */
export function withFailpoints(
  effects: Effects,
  spec: string,
  actions: FailpointActions,
): { readonly effects: Effects; readonly unreached: () => string[] } {
  const unsynced = new Unsynced(effects.fs);
  const injector = new Injector(spec, actions, unsynced);
  return {
    effects: watchEffects(effects, (point) => injector.before(point), unsynced),
    unreached: () => injector.unreached(),
  };
}
