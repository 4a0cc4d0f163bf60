/** A package that lies in the plane and has no archive in the store: what it would be refused for if it came today. */
import type { PreflightSubject } from "../../contracts/index.ts";
import { locate } from "../../metadata/index.ts";
import type { Plane } from "../../plane/index.ts";
import { Tally } from "../../preflight/index.ts";
import { type Installed, manifestCopyPath } from "../../receipts/index.ts";
import { checkNeeds } from "../install-plan.ts";
import { checkPluginEntry } from "../plugin-entry.ts";
import { addAdvice, addFaults, countManifest, type Judged, runtimeFor } from "./judge.ts";
import { addStoredConfig } from "./stored-config.ts";
import { headsOf, type PreflightWorld } from "./world.ts";

export async function judgeInstalled(
  world: PreflightWorld & { readonly plane: Plane },
  subject: string,
  { receipt, manifest }: Installed,
): Promise<PreflightSubject> {
  const { effects, plane, runtime } = world;
  const tally = new Tally();
  const path = manifestCopyPath(receipt.package_id, receipt.plane_id);
  const text = effects.fs.readText(`${plane.root}/${path}`);
  const judged: Judged = {
    tally,
    manifest,
    locate: async (pointers) => {
      const places = await locate(
        text,
        "json",
        pointers.map((pointer) => ({ pointer, of: "value" })),
      );
      return pointers.map((field, index) => ({ path, field, ...places[index] }));
    },
  };
  countManifest(judged);
  const { dependencies, conflicts, spec_id, framework_id } = manifest;
  tally.ran("dependencies", dependencies.length + conflicts.length);
  tally.ran("governance-chain", [spec_id, framework_id].filter((id) => id !== undefined).length);
  const versions = await runtimeFor(manifest, runtime);
  const others = headsOf(world).filter(({ package_id }) => package_id !== manifest.package_id);
  if (manifest.plugin !== undefined) tally.ran("permission-policy", 1);
  await addFaults(judged, await checkPluginEntry(effects, plane, manifest));
  await addFaults(judged, checkNeeds(effects, plane, others, [{ manifest, fresh: true }], versions));
  await addStoredConfig(world, judged);
  await addAdvice(judged);
  return tally.report({
    subject,
    subject_kind: "installed",
    package_id: manifest.package_id,
    version: manifest.version,
  });
}
