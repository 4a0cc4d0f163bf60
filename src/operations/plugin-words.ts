/** What happened to a plugin, for people. */
import { z } from "zod";
import type { PluginChange } from "../lifecycle/index.ts";

export const pluginName = z
  .string()
  .min(1)
  .max(1024)
  .meta({ description: "Namespace of the plugin, or the id of its package.", positional: 0 });

export function changeText(one: PluginChange, dry_run = false): string {
  const { namespace, package_id, version, previous_state, state, reason, changed } = one;
  const why = reason === null ? "" : ` (${reason})`;
  const what = `${namespace} (${package_id} ${version})`;
  if (dry_run) return `${what} would be ${state}${why}\n`;
  if (!changed) return `${what} is ${state} already${why}; nothing to do.\n`;
  const from = previous_state === null || previous_state === state ? "" : `, was ${previous_state}`;
  return `SUCCESS: ${what} is ${state}${why}${from}\n`;
}
