/** The configuration a run gets: secrets are read at the last moment, for this run alone, and held nowhere else. */
import type { SecretReference } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { configOf, type Plugin, plainText } from "../grants/index.ts";
import { compileSchema } from "../json-schema/index.ts";
import type { Fault } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { make } from "./faults.ts";
import { resolveSecret } from "./secret-reference.ts";

export interface RunConfig {
  /** With secrets. Goes to the process and nowhere else. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly secrets: readonly string[];
  /** 0 while nobody set anything. */
  readonly version: number;
}

/** @throws plugin_secret_missing, PLUGIN_CONFIG_INVALID, PLUGIN_RECORD_DAMAGED */
export async function configFor(
  effects: Pick<Effects, "fs" | "host">,
  plane: Plane,
  plugin: Plugin,
): Promise<RunConfig> {
  const config = plugin.manifest.plugin?.config;
  if (config === undefined) return { values: {}, secrets: [], version: 0 };
  const { values, secrets, config_version } = await configOf(effects, plane, plugin);
  const { namespace } = plugin.record;
  const resolved = Object.entries(secrets).map(([key, reference]): [string, string] => [
    key,
    secretOf(effects, plane, { namespace, key, reference }),
  ]);
  const whole = Object.fromEntries([...Object.entries(values), ...resolved]);
  const [issue] = (await compileSchema(config.schema, { secrets: true })).validate(whole);
  if (issue !== undefined) {
    const key = plainText(issue.pointer.slice(1));
    throw missing(namespace, key, plainText(issue.message));
  }
  return { values: whole, secrets: resolved.map(([, value]) => value), version: config_version };
}

function secretOf(
  effects: Pick<Effects, "fs" | "host">,
  plane: Plane,
  named: { readonly namespace: string; readonly key: string; readonly reference: SecretReference },
): string {
  const found = resolveSecret(effects, plane, named.reference);
  if ("value" in found) return found.value;
  throw missing(named.namespace, plainText(named.key), found.problem);
}

const missing = (namespace: string, key: string, problem: string): Fault =>
  make("plugin_secret_missing", `the setting ${key} of ${namespace} cannot be had: ${problem}`, {
    namespace,
    key,
    problem,
  });
