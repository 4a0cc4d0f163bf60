/** `pkg plugin uninstall`: the package leaves with its files; what was registered stays known. */
import type { Effects } from "../../effects/index.ts";
import { findPlugin, requirePlugin } from "../../grants/index.ts";
import { type Plane, reading } from "../../plane/index.ts";
import type { Leaving } from "../leaving.ts";
import { type UninstallRequest, uninstall } from "../uninstall.ts";
import { enterPlugin, type PluginChange, unchanged } from "./change-plugin.ts";

export interface UninstallPluginResult extends PluginChange {
  readonly packages: readonly Leaving[];
  readonly dry_run: boolean;
}

/** @throws PLUGIN_NOT_FOUND, PLUGIN_RECORD_DAMAGED, and whatever `uninstall` throws */
export async function uninstallPlugin(
  effects: Effects,
  plane: Plane,
  name: string,
  request: Omit<UninstallRequest, "ids" | "tiers">,
): Promise<UninstallPluginResult> {
  const { token, dry_run } = request;
  const { record } = await reading(effects, plane, async () => findPlugin(effects, plane, name));
  if (record.state === "registered") {
    const { plugin } = await enterPlugin(effects, plane, { name, token }, "uninstall");
    return { ...unchanged(plugin), packages: [], dry_run };
  }
  const { package_id, plane_id, namespace, state } = record;
  const done = await uninstall(effects, plane, { ...request, ids: [package_id], tiers: [plane_id] });
  const after = await reading(effects, plane, async () => requirePlugin(effects, plane, namespace));
  const { packages, transaction_id, generation } = done;
  return {
    ...unchanged(after),
    previous_state: state,
    changed: transaction_id !== null,
    transaction_id,
    generation,
    packages,
    dry_run,
  };
}
