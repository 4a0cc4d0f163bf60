/** The configuration of a plugin as it is in force. */
import {
  type SecretReference,
  type StoredConfig,
  StoredConfig as StoredConfigShape,
} from "../contracts/index.ts";
import { sha256Hex } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { effectiveValues, NO_SETTINGS, requireSettings, type Settings, type Value } from "./config-values.ts";
import { make } from "./faults.ts";
import { configPath, keptConfigPath, pluginDirectory } from "./places.ts";
import { type Plugin, type RecordEffects, requirePlugin } from "./record.ts";

export interface EffectiveConfig {
  /** 0 while nobody set anything. */
  readonly config_version: number;
  /** Bare hex of the stored file; null while nobody set anything. */
  readonly config_digest: string | null;
  /** Defaults of the manifest, and over them what was set. Never a secret. */
  readonly values: Readonly<Record<string, Value>>;
  readonly secrets: Readonly<Record<string, SecretReference>>;
  readonly set: Settings;
}

/** @throws PLUGIN_NOT_FOUND, PLUGIN_CONFIG_NONE, PLUGIN_CONFIG_INVALID, PLUGIN_RECORD_DAMAGED, AUTH_SECRET_* */
export async function effectiveConfig(
  effects: RecordEffects,
  plane: Plane,
  namespace: string,
): Promise<EffectiveConfig> {
  return configOf(effects, plane, requirePlugin(effects, plane, namespace));
}

/** @throws PLUGIN_CONFIG_NONE, PLUGIN_CONFIG_INVALID where an update wants other settings than those set */
export async function configOf(
  effects: Pick<RecordEffects, "fs">,
  plane: Plane,
  plugin: Plugin,
): Promise<EffectiveConfig> {
  const config = configSection(plugin);
  const stored = storedConfig(effects, plane, plugin);
  const set: Settings = stored ?? NO_SETTINGS;
  const { namespace } = plugin.record;
  await requireSettings(set, { namespace, config, plane_root: plane.root });
  return {
    config_version: stored?.config_version ?? 0,
    config_digest: plugin.record.config_digest ?? null,
    values: effectiveValues(set, config),
    secrets: set.secrets,
    set: { values: set.values, secrets: set.secrets },
  };
}

/** @throws PLUGIN_CONFIG_NONE */
export function configSection({ manifest, record: { namespace } }: Pick<Plugin, "manifest" | "record">) {
  const config = manifest.plugin?.config;
  if (config !== undefined) return config;
  throw make("PLUGIN_CONFIG_NONE", `${namespace} has nothing to configure`, { namespace });
}

/** Undefined while nobody set anything. @throws PLUGIN_RECORD_DAMAGED when it is not the one the record names */
export function storedConfig(
  { fs }: Pick<RecordEffects, "fs">,
  plane: Plane,
  { record }: Plugin,
): StoredConfig | undefined {
  const { namespace, config_digest, package_id } = record;
  const path = configPath(namespace);
  const is_there = fs.stat(`${plane.root}/${path}`) !== undefined;
  if (config_digest === undefined && !is_there) return undefined;
  const bytes = is_there ? fs.read(`${plane.root}/${path}`) : Buffer.alloc(0);
  const stored = config_digest === sha256Hex(bytes) ? parsedConfig(bytes) : undefined;
  if (stored !== undefined) return stored;
  const problem = "it was changed by other means than pkg configure";
  throw make("PLUGIN_RECORD_DAMAGED", `${path} cannot be used: ${problem}`, {
    namespace,
    path,
    problem,
    cure: `rm -r ${pluginDirectory(namespace)} && pkg plugin register ${package_id}`,
  });
}

/** An earlier configuration, by its version. @throws PLUGIN_CONFIG_VERSION */
export function keptConfig(
  { fs }: Pick<RecordEffects, "fs">,
  plane: Plane,
  { record: { namespace } }: Plugin,
  version: number,
): StoredConfig {
  const path = `${plane.root}/${keptConfigPath(namespace, version)}`;
  const stored = fs.stat(path)?.kind === "file" ? parsedConfig(fs.read(path)) : undefined;
  if (stored?.config_version === version && stored.namespace === namespace) return stored;
  throw make("PLUGIN_CONFIG_VERSION", `no configuration ${version} of ${namespace} is kept`, {
    namespace,
    version,
    kept: keptVersions({ fs }, plane, namespace),
  });
}

/** Oldest first. */
export function keptVersions({ fs }: Pick<RecordEffects, "fs">, plane: Plane, namespace: string): number[] {
  return fs
    .list(`${plane.root}/${pluginDirectory(namespace)}`)
    .flatMap(({ name }) => {
      const [, version] = /^config-(\d{1,9})\.json$/.exec(name) ?? [];
      return version === undefined ? [] : [Number(version)];
    })
    .sort((a, b) => a - b);
}

function parsedConfig(bytes: Buffer): StoredConfig | undefined {
  try {
    return StoredConfigShape.safeParse(JSON.parse(bytes.toString("utf8"))).data;
  } catch {
    return undefined;
  }
}
