/** The wall a plugin runs behind: seen to hold for its profile, on this machine as it is now. */
import type { Effects } from "../effects/index.ts";
import type { Plugin } from "../grants/index.ts";
import type { Plane } from "../plane/index.ts";
import { provenWall, type Wall } from "../sandbox/index.ts";
import type { Hosting } from "./hosting.ts";
import { type Program, programFor } from "./program.ts";

export interface Walled {
  readonly wall: Wall;
  readonly program: Program;
}

/** The approval without which nothing runs behind this layer; records and answers name it. */
export const acceptedFor = (layer: string): { readonly accepted?: string } =>
  layer === "namespaces" ? { accepted: "run-without-bubblewrap" } : {};

/** @throws SANDBOX_LAYER_MISSING, SANDBOX_UNPROVEN, plugin_interpreter_missing, PYTHON_*, WHEEL_*, ENVIRONMENT_* */
export async function wallFor(
  effects: Effects,
  plane: Plane,
  hosting: Hosting,
  plugin: Plugin,
): Promise<Walled> {
  const { kind, runtime } = plugin.asked;
  const program = await programFor(effects, plane, hosting, plugin);
  const { executable, readable, version } = program.base ?? program;
  const wall = await provenWall(effects, {
    kind,
    runtime,
    interpreter: { executable, readable, ...(version === undefined ? {} : { version }) },
    cache_folder: `${plane.root}/.holdfast/cache`,
    accepts_weaker: hosting.accepts_weaker,
  });
  return { wall, program };
}
