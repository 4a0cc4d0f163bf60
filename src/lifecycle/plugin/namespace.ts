/** A namespace belongs to one package in one tier, whoever else names it in a manifest. */
import type { Manifest, PlaneTier } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { makeGrantFault, ownerOf, readPlugin } from "../../grants/index.ts";
import type { Fault } from "../../kernel/index.ts";
import type { Plane } from "../../plane/index.ts";
import { make } from "../faults.ts";

/** Empty for a package that is no plugin. @throws PLUGIN_RECORD_DAMAGED, AUTH_SECRET_* */
export function checkNamespace(
  effects: Effects,
  plane: Plane,
  { package_id, plugin }: Pick<Manifest, "package_id" | "plugin">,
  tier: PlaneTier,
): Fault[] {
  if (plugin === undefined) return [];
  const { namespace } = plugin;
  const owner = ownerOf(effects, plane, namespace);
  if (owner === undefined) return [];
  if (owner !== package_id) return [taken(namespace, package_id, owner)];
  const record = readPlugin(effects, plane, namespace)?.record;
  if (record === undefined || record.state === "registered" || record.plane_id === tier) return [];
  return [taken(namespace, package_id, `${owner} in ${record.plane_id}`)];
}

/** Names of the plugins of a change that belong to others, or to each other. Complete list. */
export function checkNamespaces(
  effects: Effects,
  plane: Plane,
  asks: readonly { readonly target: { readonly manifest: Manifest }; readonly tier: PlaneTier }[],
): Fault[] {
  const first = new Map<string, string>();
  return asks.flatMap(({ target: { manifest }, tier }) => {
    const { package_id, plugin } = manifest;
    if (plugin === undefined) return [];
    const owner = first.get(plugin.namespace);
    first.set(plugin.namespace, `${package_id} in ${tier}`);
    return owner === undefined
      ? checkNamespace(effects, plane, manifest, tier)
      : [taken(plugin.namespace, `${package_id} in ${tier}`, owner)];
  });
}

const taken = (namespace: string, package_id: string, owner: string): Fault =>
  makeGrantFault(
    "PLUGIN_NAMESPACE_TAKEN",
    `${package_id} names its plugin ${namespace}, which belongs to ${owner}`,
    { namespace, package_id, owner, field: "/plugin/namespace" },
  );

/** Empty for a plugin. */
export const noPlugin = ({ manifest: { package_id, plugin } }: { readonly manifest: Manifest }): Fault[] =>
  plugin !== undefined
    ? []
    : [
        make("PLUGIN_SECTION_MISSING", `${package_id} has no plugin section, so it is no plugin`, {
          package_id,
        }),
      ];
