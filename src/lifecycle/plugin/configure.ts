/** Configure: settings that fit the plugin's schema become its next configuration; the one before is kept. */
import type { StoredConfig } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import {
  type Assignment,
  configPath,
  configSection,
  EVENTS,
  keptConfig,
  keptConfigPath,
  keptVersions,
  type Plugin,
  type Settings,
  settled,
  storedConfig,
} from "../../grants/index.ts";
import type { Transaction } from "../../journal/index.ts";
import { compareCodePoints, type Json, prettyJson, sha256Hex } from "../../kernel/index.ts";
import { digestOf, type Plane, reading } from "../../plane/index.ts";
import { changePlugin, enterPlugin, type PluginRequest } from "./change-plugin.ts";
import { unsealed } from "./records.ts";

export interface ConfigureRequest extends PluginRequest {
  readonly assignments: readonly Assignment[];
  /** Starts from this earlier configuration instead of the one in force. */
  readonly rollback?: number | undefined;
  readonly dry_run: boolean;
}

export interface ConfigureResult {
  readonly namespace: string;
  readonly package_id: string;
  readonly changed: boolean;
  readonly dry_run: boolean;
  readonly config_version: number;
  /** Bare hex; null while nobody set anything. */
  readonly config_digest: string | null;
  /** Names of settings that are other than before. */
  readonly changed_keys: readonly string[];
  readonly transaction_id: string | null;
  readonly generation: number | null;
}

/** So many earlier configurations are kept. */
const KEPT_MAX = 20;

/**
 * @throws PLUGIN_NOT_FOUND, PLUGIN_CONFIG_NONE, PLUGIN_CONFIG_INVALID, PLUGIN_CONFIG_VERSION, PLUGIN_SECRET_INLINE, AUTH_*,
 * TRANSACTION_FAILED
 */
export async function configurePlugin(
  effects: Effects,
  plane: Plane,
  request: ConfigureRequest,
): Promise<ConfigureResult> {
  const entered = await enterPlugin(effects, plane, request, "configure");
  const { namespace, package_id } = entered.plugin.record;
  const planned = await reading(effects, plane, async () => plan(effects, plane, entered.plugin, request));
  const keys = changedKeys(planned.before, planned.after);
  const base = { namespace, package_id, changed_keys: keys, dry_run: request.dry_run };
  const none = { transaction_id: null, generation: null, changed: false };
  const in_force = {
    config_version: planned.before?.config_version ?? 0,
    config_digest: entered.plugin.record.config_digest ?? null,
  };
  if (keys.length === 0 || request.dry_run) return { ...base, ...none, ...in_force };
  const made: Made = { bytes: Buffer.alloc(0), version: 0, before: undefined };
  const about = { namespace, operation: "configure", actor: entered.actor, wait_ms: request.wait_ms };
  const done = await changePlugin(
    effects,
    plane,
    about,
    (found, { user }, transaction_id) => {
      // Somebody may have configured or updated it meanwhile: what they did is not overwritten by what was seen before.
      const { config_digest, manifest_hash } = entered.plugin.record;
      if (found.record.config_digest !== config_digest || found.record.manifest_hash !== manifest_hash)
        return undefined;
      const before = storedConfig(effects, plane, found);
      const version = Math.max(before?.config_version ?? 0, ...keptVersions(effects, plane, namespace)) + 1;
      const set_at = new Date(effects.clock.now_ms()).toISOString();
      const by = { set_by: user, set_at, transaction_id };
      const stored: StoredConfig = { config_version: version, namespace, ...planned.after, ...by };
      Object.assign(made, { bytes: Buffer.from(prettyJson(stored as unknown as Json)), version, before });
      return configured(found, made);
    },
    (transaction) => stageConfig(effects, plane, transaction, namespace, made),
  );
  if (!done.changed) return configurePlugin(effects, plane, request);
  const { transaction_id, generation } = done;
  const { version: config_version } = made;
  const config_digest = sha256Hex(made.bytes);
  return { ...base, config_version, config_digest, changed: true, transaction_id, generation };
}

/** The next configuration, and the one it follows. */
interface Made {
  readonly bytes: Buffer;
  readonly version: number;
  readonly before: StoredConfig | undefined;
}

function configured(found: Plugin, { bytes, version }: Made) {
  const config_digest = sha256Hex(bytes);
  const previous_config_digest = found.record.config_digest ?? null;
  return {
    record: { ...unsealed(found), config_digest },
    previous_state: found.record.state,
    event: EVENTS.configure,
    metadata: { config_version: version, config_digest, previous_config_digest },
  };
}

function stageConfig(
  effects: Effects,
  plane: Plane,
  transaction: Transaction,
  namespace: string,
  { bytes, before }: Made,
): void {
  const path = configPath(namespace);
  const stands = `${plane.root}/${path}`;
  if (before !== undefined) {
    const kept = { bytes: effects.fs.read(stands), mode: 0o644 };
    transaction.put(keptConfigPath(namespace, before.config_version), kept);
  }
  transaction.put(path, { bytes, mode: 0o644 }, digestOf(effects.fs, stands));
  const surplus = keptVersions(effects, plane, namespace).slice(0, -KEPT_MAX);
  for (const version of surplus) transaction.remove(keptConfigPath(namespace, version));
}

async function plan(
  effects: Effects,
  plane: Plane,
  plugin: Plugin,
  { assignments, rollback }: Pick<ConfigureRequest, "assignments" | "rollback">,
): Promise<{ before: StoredConfig | undefined; after: Settings }> {
  const { namespace } = plugin.record;
  const config = configSection(plugin);
  const before = storedConfig(effects, plane, plugin);
  const from = rollback === undefined ? before : keptConfig(effects, plane, plugin, rollback);
  const start = { values: from?.values ?? {}, secrets: from?.secrets ?? {} };
  const after = await settled(start, assignments, { namespace, config, plane_root: plane.root });
  return { before, after };
}

function changedKeys(before: Settings | undefined, after: Settings): string[] {
  const flat = (settings: Settings | undefined): Map<string, string> =>
    new Map(
      [...Object.entries(settings?.values ?? {}), ...Object.entries(settings?.secrets ?? {})].map(
        ([key, value]) => [key, JSON.stringify(value)],
      ),
    );
  const [old, now] = [flat(before), flat(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((key) => old.get(key) !== now.get(key))
    .sort(compareCodePoints);
}
