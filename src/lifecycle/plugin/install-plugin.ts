/** `pkg plugin install`: the package with its plugin, or only the state where the files are there already. */
import type { Finding } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { EVENTS, pluginOfPackage, readPlugin, requirePlugin } from "../../grants/index.ts";
import { type Plane, reading } from "../../plane/index.ts";
import { readReceipt } from "../../receipts/index.ts";
import type { Wanted } from "../candidate.ts";
import { type InstallRequest, install } from "../install.ts";
import type { InstalledPackage } from "../install-describe.ts";
import {
  changePlugin,
  enterPlugin,
  type PluginChange,
  requireTransition,
  unchanged,
} from "./change-plugin.ts";
import { installedRecord, unsealed } from "./records.ts";

export interface InstallPluginResult extends PluginChange {
  /** What entered with it. */
  readonly packages: readonly InstalledPackage[];
  /** What preflight advises of it. */
  readonly advice: readonly Finding[];
  readonly dry_run: boolean;
}

/**
 * @param name a namespace, a package id (with `@version`), or an archive
 * @throws PLUGIN_NOT_FOUND, PLUGIN_TRANSITION, PLUGIN_SECTION_MISSING, and whatever `install` throws
 */
export async function installPlugin(
  effects: Effects,
  plane: Plane,
  name: string,
  request: Omit<InstallRequest, "wanted"> & { readonly digest?: string | undefined },
): Promise<InstallPluginResult> {
  const { token, wait_ms, dry_run, digest, ...rest } = request;
  const wanted = await reading(effects, plane, async () => whatIsMeant(effects, plane, name));
  if (wanted.here !== undefined) {
    const entered = await enterPlugin(effects, plane, { name: wanted.here, token }, "install");
    const { record } = entered.plugin;
    if (!requireTransition(record.namespace, record.state, "install") || dry_run)
      return { ...unchanged(entered.plugin), packages: [], advice: [], dry_run };
    const about = { namespace: record.namespace, operation: "plugin_install", actor: entered.actor, wait_ms };
    const done = await changePlugin(effects, plane, about, (found) => {
      const { state } = found.record;
      if (!requireTransition(record.namespace, state, "install")) return undefined;
      const now = new Date(effects.clock.now_ms()).toISOString();
      return { record: installedRecord(unsealed(found), now), previous_state: state, event: EVENTS.install };
    });
    return { ...done, packages: [], advice: [], dry_run };
  }
  const vouched: Wanted = digest === undefined ? wanted : { ...wanted, digest };
  const installing = { ...rest, token, wait_ms, dry_run, wanted: [vouched], plugins_only: true };
  const { packages, advice, transaction_id, generation } = await install(effects, plane, installing);
  const named = packages.find(({ package_id }) => package_id === wanted.id?.split("@")[0]) ?? packages.at(-1);
  const package_id = named?.package_id ?? "";
  const plugin = await reading(effects, plane, async () => pluginOfPackage(effects, plane, package_id));
  const state =
    plugin === undefined ? { ...NOT_YET, package_id, version: named?.version ?? "" } : unchanged(plugin);
  const changed = transaction_id !== null;
  return {
    ...state,
    previous_state: changed ? (wanted.was ?? null) : state.previous_state,
    changed,
    transaction_id,
    generation,
    packages,
    advice,
    dry_run,
  };
}

const NOT_YET = {
  namespace: "",
  previous_state: null,
  state: "installed",
  reason: null,
  changed: false,
} as const;

interface Meant extends Wanted {
  /** Namespace of a plugin whose files are in place, so that only its state is to change. */
  readonly here?: string;
  readonly was?: PluginChange["previous_state"];
}

function whatIsMeant(effects: Effects, plane: Plane, name: string): Meant {
  const is_archive = /[/\\]|\.tar\.gz$|^https?:/.test(name);
  if (is_archive) return { archive: name };
  const [package_id = "", version] = name.split("@");
  const plugin = name.startsWith("PKG-")
    ? pluginOfPackage(effects, plane, package_id)
    : (readPlugin(effects, plane, name) ?? requirePlugin(effects, plane, name));
  if (plugin === undefined) return { id: name };
  const { record } = plugin;
  const receipt = readReceipt(effects.fs, plane.root, record.package_id, record.plane_id)?.receipt;
  const is_here = receipt?.manifest_hash === record.manifest_hash;
  if (is_here && (version === undefined || version === record.version)) return { here: record.namespace };
  const was = record.state;
  // By its namespace, the very version that was registered is meant.
  return name.startsWith("PKG-") ? { id: name, was } : { id: `${record.package_id}@${record.version}`, was };
}
