/** What an install says without refusing: the same advice as preflight, judged by what enters. */
import type { Finding } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { type Plane, reading } from "../plane/index.ts";
import { advise } from "../preflight/index.ts";
import type { InstallPlan } from "./install-plan.ts";
import { checkStoredConfig } from "./preflight/stored-config.ts";

/** Each package once, in the order in which they enter. */
export async function adviceFor(
  effects: Effects,
  plane: Plane,
  { entering }: InstallPlan,
): Promise<Finding[]> {
  const manifests = new Map(entering.map(({ target: { manifest } }) => [manifest.package_id, manifest]));
  const found: Finding[] = [];
  for (const manifest of manifests.values()) {
    const { finding } = await reading(effects, plane, () => checkStoredConfig(effects, plane, manifest));
    if (finding !== undefined) found.push(finding);
    found.push(...advise(manifest));
  }
  return found;
}
