/** What stands against a plugin entering this plane, whatever else is there: its own section, its place, and the policy. Changes nothing. */
import type { Manifest } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { askedOf, checkPluginPlace, policyDenials } from "../grants/index.ts";
import { Fault } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { checkPlugin, pointerOfAsked } from "../preflight/index.ts";

/** Complete list; empty for a package that is no plugin. A policy that cannot be used is one of the problems. */
export async function checkPluginEntry(
  effects: Pick<Effects, "fs">,
  plane: Plane,
  manifest: Manifest,
  judged?: string,
): Promise<Fault[]> {
  return [
    ...checkPlugin(manifest, judged),
    ...checkPluginPlace(plane, manifest),
    ...(await checkPolicy(effects, plane, manifest)),
  ];
}

async function checkPolicy(effects: Pick<Effects, "fs">, plane: Plane, manifest: Manifest): Promise<Fault[]> {
  const asked = askedOf(manifest);
  if (asked === undefined || manifest.plugin === undefined) return [];
  const { plugin } = manifest;
  try {
    const denials = await policyDenials(effects, plane, asked);
    return denials.map((fault) => {
      const { scope } = fault.details;
      return typeof scope === "string" ? withField(fault, pointerOfAsked(plugin, scope)) : fault;
    });
  } catch (error) {
    if (error instanceof Fault) return [error];
    throw error;
  }
}

/** The rule speaks of a scope; the manifest asks for it in a field. */
function withField(fault: Fault, field: string): Fault {
  const { code, message, next_step, exit_code, details } = fault;
  return new Fault({ code, message, next_step, exit_code, details: { ...details, field } });
}
