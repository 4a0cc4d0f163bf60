/** What the operator set, held against the schema of a version that would come: he hears of it before the update, not after. */
import { configOf, readPlugin } from "../../grants/index.ts";
import { Fault } from "../../kernel/index.ts";
import type { Plane } from "../../plane/index.ts";
import { findingFrom } from "../../preflight/index.ts";
import type { Judged } from "./judge.ts";
import type { PreflightWorld } from "./world.ts";

const FIELD = "/plugin/config/schema";

/** A note, since settings can only be changed once the new schema is there. */
export async function addStoredConfig(
  { effects, plane }: PreflightWorld & { readonly plane: Plane },
  { tally, manifest, locate }: Judged,
): Promise<void> {
  const { plugin, package_id } = manifest;
  if (plugin?.config === undefined) return;
  try {
    const found = readPlugin(effects, plane, plugin.namespace);
    if (found === undefined || found.record.package_id !== package_id) return;
    tally.ran("configuration", 1);
    await configOf(effects, plane, { ...found, manifest });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const [place] = await locate([FIELD]);
    tally.add("configuration", [{ ...findingFrom(error, place), severity: "note", package_id }]);
  }
}
