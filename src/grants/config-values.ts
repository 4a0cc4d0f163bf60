/** Settings as words become values of the type the schema wants, and together must fit it. */

import type { JsonSchema, PluginConfig, SecretReference, StoredConfig } from "../contracts/index.ts";
import { SecretReference as SecretReferenceShape } from "../contracts/index.ts";
import { type CompiledSchema, compileSchema } from "../json-schema/index.ts";
import type { Json } from "../kernel/index.ts";
import { propertiesOf, secretKeys, storedSchema } from "./config-schema.ts";
import { make } from "./faults.ts";
import { plainText } from "./scopes.ts";

export type Settings = Pick<StoredConfig, "values" | "secrets">;
export type Value = StoredConfig["values"][string];

export const NO_SETTINGS: Settings = { values: {}, secrets: {} };

/** Changes to the settings, in the order given. Text comes from words and is typed by the schema; values are as in a file. */
export type Assignment =
  | { readonly key: string; readonly text: string }
  | { readonly key: string; readonly value: Value }
  | { readonly key: string; readonly unset: true };

interface About {
  readonly namespace: string;
  readonly config: PluginConfig;
  /** Absolute folder in which no secret may lie. */
  readonly plane_root: string;
}

/** @throws PLUGIN_SECRET_INLINE, PLUGIN_CONFIG_INVALID, JSON_SCHEMA_REFUSED */
export async function settled(
  before: Settings,
  assignments: readonly Assignment[],
  about: About,
): Promise<Settings> {
  const { schema } = about.config;
  const secrets = secretKeys(schema);
  const compiled = await compileSchema(storedSchema(schema));
  const values = new Map(Object.entries(before.values));
  const references = new Map(Object.entries(before.secrets));
  for (const one of assignments) {
    const { key } = one;
    values.delete(key);
    references.delete(key);
    if ("unset" in one) continue;
    if (secrets.has(key)) references.set(key, referenceIn(one, about));
    else values.set(key, "text" in one ? typed(key, one.text, schema, compiled) : one.value);
  }
  const after = { values: Object.fromEntries(values), secrets: Object.fromEntries(references) };
  requireFitting(after, compiled, about);
  return after;
}

/** Defaults below what was set; secrets by their references. */
export const effectiveValues = ({ values }: Settings, { defaults }: PluginConfig): Record<string, Value> =>
  Object.fromEntries([...Object.entries(defaults), ...Object.entries(values)]);

/** @throws PLUGIN_CONFIG_INVALID, JSON_SCHEMA_REFUSED */
export async function requireSettings(settings: Settings, about: About): Promise<void> {
  requireFitting(settings, await compileSchema(storedSchema(about.config.schema)), about);
}

function requireFitting(
  settings: Settings,
  compiled: CompiledSchema,
  { namespace, config }: Pick<About, "namespace" | "config">,
): void {
  const whole = { ...effectiveValues(settings, config), ...settings.secrets };
  const [first, ...others] = compiled.validate(whole);
  if (first === undefined) return;
  const problems = [first, ...others].map(({ pointer, message }) => `${plainText(pointer)} ${message}`);
  throw make(
    "PLUGIN_CONFIG_INVALID",
    `the configuration of ${namespace} does not fit: ${problems[0]}${others.length === 0 ? "" : ` (and ${others.length} more)`}`,
    { namespace, field: plainText(first.pointer), problems },
  );
}

/** A text stays one where the schema takes it; `8` becomes a number where it wants one. */
function typed(key: string, text: string, schema: JsonSchema, compiled: CompiledSchema): Value {
  const type = propertiesOf(schema).get(key)?.["type"];
  const read = parsed(text);
  const candidates: Value[] = type === "string" || read === undefined ? [text] : [read.value, text];
  const fits = (value: Value): boolean => {
    const path = `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    return compiled
      .validate({ [key]: value })
      .every(({ pointer }) => pointer !== path && !pointer.startsWith(`${path}/`));
  };
  return candidates.find(fits) ?? candidates[0] ?? text;
}

function parsed(text: string): { readonly value: Value } | undefined {
  try {
    return { value: JSON.parse(text) as Value };
  } catch {
    return undefined;
  }
}

/** What is no reference is refused and not repeated anywhere. */
function referenceIn(
  one: { readonly key: string } & ({ readonly text: string } | { readonly value: Value }),
  { namespace, plane_root }: About,
): SecretReference {
  const given: Json = "text" in one ? one.text : one.value;
  const [, kind, name = ""] =
    typeof given === "string" ? (/^(env|file):(.+)$/s.exec(given) ?? []) : ([] as string[]);
  const reference = SecretReferenceShape.safeParse(
    kind === "env" ? { env: name } : kind === "file" ? { file: name } : given,
  ).data;
  const is_inside =
    reference !== undefined &&
    "file" in reference &&
    (!/^\/[^\0]*$/.test(reference.file) ||
      /(^|\/)\.\.?(\/|$)/.test(reference.file) ||
      `${reference.file}/`.startsWith(`${plane_root}/`));
  if (reference !== undefined && !is_inside) return reference;
  const key = plainText(one.key.slice(0, 64));
  throw make("PLUGIN_SECRET_INLINE", `${key} of ${namespace} is a secret, which is named and never written`, {
    namespace,
    field: `/${key}`,
    key,
  });
}
