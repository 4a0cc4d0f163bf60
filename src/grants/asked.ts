/** What the manifest of a plugin asks for, as far as an operator grants it. Pure. */
import type { Elevation, Manifest, PackedPlugin, PluginKind, Scope } from "../contracts/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import { aboveProfile } from "./profiles.ts";
import { scopesOf, turnScopes } from "./scopes.ts";

export interface Asked {
  readonly namespace: string;
  readonly package_id: string;
  readonly version: string;
  readonly kind: PluginKind;
  /** Sorted. */
  readonly capability: readonly PackedPlugin["capability"][number][];
  readonly runtime: PackedPlugin["runtime"];
  /** Below the plane's tier, as `root` is: moving the plugin's folder is a change of what runs. `none` where nothing runs. */
  readonly entrypoint: string;
  readonly root: string;
  readonly scopes: readonly Scope[];
  /** Those above the profile of the kind. */
  readonly above: readonly Scope[];
  readonly elevated: readonly Elevation[];
}

/** Undefined for a package without a plugin section. */
export function askedOf(manifest: Manifest): Asked | undefined {
  const { plugin, package_id, version } = manifest;
  if (plugin === undefined) return undefined;
  const { namespace, kind, runtime, root, entrypoint, elevated } = plugin;
  // What is written in turns is granted like any other writing.
  const scopes = [...new Set([...scopesOf(plugin.permissions), ...plugin.actions.flatMap(turnScopes)])].sort(
    compareCodePoints,
  );
  return {
    namespace,
    package_id,
    version,
    kind,
    capability: [...new Set(plugin.capability)].sort(compareCodePoints),
    runtime,
    entrypoint: entrypoint === undefined ? `none, in ${root}` : `${root}/${entrypoint}`,
    root,
    scopes,
    above: aboveProfile(kind, { namespace, root }, scopes),
    elevated,
  };
}
