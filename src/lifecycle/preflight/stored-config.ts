/** What the operator set, held against the schema of a version that would come: he hears of it before the update, not after. */
import type { Finding, Manifest } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { configOf, readPlugin } from "../../grants/index.ts";
import { Fault } from "../../kernel/index.ts";
import type { Plane } from "../../plane/index.ts";
import { defined, findingFrom } from "../../preflight/index.ts";
import type { Judged } from "./judge.ts";
import type { PreflightWorld } from "./world.ts";

const FIELD = "/plugin/config/schema";

/** A note, since settings can only be changed once the new schema is there. */
export async function addStoredConfig(
  { effects, plane }: PreflightWorld & { readonly plane: Plane },
  { tally, manifest, locate }: Judged,
): Promise<void> {
  const { examined, finding } = await checkStoredConfig(effects, plane, manifest);
  tally.ran("configuration", examined);
  if (finding === undefined) return;
  const [place] = await locate([FIELD]);
  tally.add("configuration", [{ ...finding, ...defined(place ?? {}) }]);
}

/** Examines nothing where nobody set anything for this plugin yet. */
export async function checkStoredConfig(
  effects: Effects,
  plane: Plane,
  manifest: Manifest,
): Promise<{ readonly examined: number; readonly finding?: Finding }> {
  const { plugin, package_id } = manifest;
  if (plugin?.config === undefined) return { examined: 0 };
  try {
    const found = readPlugin(effects, plane, plugin.namespace);
    if (found === undefined || found.record.package_id !== package_id) return { examined: 0 };
    await configOf(effects, plane, { ...found, manifest });
    return { examined: 1 };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const note = { severity: "note", field: FIELD, package_id } as const;
    return { examined: 1, finding: { ...findingFrom(error), ...note } };
  }
}
