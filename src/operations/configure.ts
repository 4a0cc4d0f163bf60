import { z } from "zod";
import type { Effects } from "../effects/index.ts";
import {
  type Assignment,
  configOf,
  configSection,
  findPlugin,
  keptVersions,
  makeGrantFault,
  plainText,
  secretKeys,
  type Value,
} from "../grants/index.ts";
import { Fault } from "../kernel/index.ts";
import { configurePlugin, refuseToken } from "../lifecycle/index.ts";
import { parseToml } from "../metadata/index.ts";
import { absolute, type Plane, reading } from "../plane/index.ts";
import { type Context, type Outcome, operation, planeOf } from "./define.ts";
import { make } from "./faults.ts";
import { dryRun } from "./fields.ts";
import { pluginName } from "./plugin-words.ts";

export const configure = operation({
  name: "configure",
  summary:
    "Set what a plugin can be configured with, held against its schema; secrets are named, never written.",
  examples: [
    "pkg configure notes retries=8 --dry-run",
    "pkg configure notes api_key=env:NOTES_API_KEY",
    "pkg configure notes --show",
  ],
  authorised: true,
  input: z.strictObject({
    name: pluginName,
    settings: z.array(z.string().max(65_536)).optional().meta({
      description: "KEY=VALUE; the schema says of which type. A secret is KEY=env:NAME or KEY=file:/PATH.",
      positional: 1,
    }),
    file: z.string().optional().meta({ description: "JSON or TOML file with settings." }),
    unset: z
      .array(z.string().max(256))
      .optional()
      .meta({ description: "Take a setting away; repeat for several." }),
    show: z.boolean().default(false).meta({ description: "Show what is in force; needs no token." }),
    rollback: z.coerce
      .number()
      .int()
      .min(1)
      .optional()
      .meta({ description: "Go back to this earlier version of the configuration." }),
    dry_run: dryRun,
  }),
  run: async (context, input): Promise<Outcome<Answer>> => {
    const { effects, token, wait_ms } = context;
    const plane = planeOf(context);
    const { name, rollback, dry_run } = input;
    if (input.show) return { result: await shown(effects, plane, name) };
    const assignments = assignmentsOf(context, input);
    if (assignments.length === 0 && rollback === undefined)
      throw make("INPUT_MISSING", "name a setting, or --file, --unset, --rollback or --show", {
        field: "settings",
        command: "pkg configure",
      });
    const request = { name, assignments, rollback, dry_run, token, wait_ms };
    return { result: { kind: "changed" as const, ...(await configurePlugin(effects, plane, request)) } };
  },
  text: (result) => (result.kind === "shown" ? shownText(result) : changedText(result)),
  json: (result) => {
    const { kind: _, ...rest } = result;
    return rest;
  },
});

type Shown = Awaited<ReturnType<typeof shown>>;
type Changed = { readonly kind: "changed" } & Awaited<ReturnType<typeof configurePlugin>>;
type Answer = Shown | Changed;

interface Input {
  readonly name: string;
  readonly settings?: readonly string[] | undefined;
  readonly file?: string | undefined;
  readonly unset?: readonly string[] | undefined;
}

/** The file first, words over it, and what is taken away last. */
function assignmentsOf({ effects, token }: Context, { name, settings, file, unset }: Input): Assignment[] {
  for (const word of [...(settings ?? []), ...(unset ?? [])]) refuseToken(token, { setting: word });
  const from_file = file === undefined ? [] : fileSettings(effects, name, file);
  const from_words = (settings ?? []).map((word): Assignment => {
    const at = word.indexOf("=");
    if (at > 0) return { key: word.slice(0, at), text: word.slice(at + 1) };
    // It may be a value whose key was forgotten, and that may be a secret.
    throw makeGrantFault("PLUGIN_CONFIG_WORD", "a setting is written KEY=VALUE", {
      namespace: name,
      word: `${word.length} characters`,
    });
  });
  return [...from_file, ...from_words, ...(unset ?? []).map((key): Assignment => ({ key, unset: true }))];
}

const FILE_BYTES_MAX = 1 << 20;

function fileSettings({ fs, host }: Effects, namespace: string, file: string): Assignment[] {
  const path = absolute(host.cwd, file);
  const refuse = (problem: string): never => {
    throw makeGrantFault("PLUGIN_CONFIG_FILE", `${file} cannot be used: ${problem}`, {
      namespace,
      path: file,
      problem,
    });
  };
  const stat = fs.stat(path);
  if (stat?.kind !== "file" || stat.size_bytes > FILE_BYTES_MAX)
    return refuse("it is no regular file of at most 1 MiB");
  const value = parsedFile(fs, path, refuse);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return refuse("it holds no object");
  return Object.entries(value).map(([key, one]) => ({ key, value: one as Value }));
}

function parsedFile(fs: Effects["fs"], path: string, refuse: (problem: string) => never): unknown {
  try {
    const text = fs.readText(path);
    if (!path.endsWith(".toml")) return JSON.parse(text);
    // Dates become text and whole numbers plain ones, as a JSON file would have them.
    return JSON.parse(
      JSON.stringify(parseToml(text, path), (_key, one: unknown) =>
        typeof one === "bigint" ? Number(one) : one,
      ),
    );
  } catch (error) {
    // The parser's own words may repeat what stands there, and that may be a secret.
    if (error instanceof Fault && typeof error.details["line"] === "number")
      return refuse(`it is not valid TOML (line ${error.details["line"]})`);
    return refuse("it is not valid JSON or TOML");
  }
}

async function shown(effects: Effects, plane: Plane, name: string) {
  return reading(effects, plane, async () => {
    const plugin = findPlugin(effects, plane, name);
    const { record } = plugin;
    const { schema } = configSection(plugin);
    const { values, secrets, set, config_version, config_digest } = await configOf(effects, plane, plugin);
    return {
      kind: "shown" as const,
      namespace: record.namespace,
      package_id: record.package_id,
      config_version,
      config_digest,
      values,
      secrets,
      set: Object.keys(set.values),
      secret_keys: [...secretKeys(schema)],
      kept_versions: keptVersions(effects, plane, record.namespace),
    };
  });
}

function shownText(result: Shown): string {
  const { namespace, config_version, values, secrets, set, secret_keys, kept_versions } = result;
  const unset = secret_keys.filter((key) => !Object.hasOwn(secrets, key));
  return [
    `${namespace}: configuration ${config_version}${config_version === 0 ? " (nothing set)" : ""}`,
    ...Object.entries(values).map(
      ([key, value]) =>
        `  ${plainText(key)} = ${plainText(JSON.stringify(value))}${set.includes(key) ? "" : "  (default)"}`,
    ),
    ...Object.entries(secrets).map(
      ([key, reference]) => `  ${plainText(key)} = ${referenceText(reference)}  (secret)`,
    ),
    ...unset.map((key) => `  ${plainText(key)} is not set  (secret)`),
    ...(kept_versions.length === 0 ? [] : [`Earlier versions: ${kept_versions.join(", ")}`]),
    "",
  ].join("\n");
}

const referenceText = (reference: { env: string } | { file: string }): string =>
  "env" in reference ? `env:${reference.env}` : `file:${plainText(reference.file)}`;

function changedText(result: Changed): string {
  const { namespace, changed_keys, changed, dry_run, config_version } = result;
  const keys = changed_keys.map(plainText).join(", ");
  if (changed) return `SUCCESS: ${namespace} has configuration ${config_version}: ${keys}\n`;
  if (changed_keys.length === 0) return `${namespace} is configured so already; nothing to do.\n`;
  return dry_run ? `Would change ${keys} of ${namespace}\n` : `${namespace} was not changed\n`;
}
