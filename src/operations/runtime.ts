/** Versions of what packages run on, looked up only when a package asks. */
import { API_VERSION, type Runtime } from "../lifecycle/index.ts";
import { findPython } from "../python/index.ts";
import type { Context } from "./define.ts";

export async function runtimeOf({ effects, version }: Context, needs_python: boolean): Promise<Runtime> {
  const python = needs_python ? (await findPython(effects, {})).version : undefined;
  return { host: version, api: API_VERSION, node: effects.host.node_version, python };
}
