/** The text of a new scenario: short, with the words an author needs to change it, and passing as it is. */
import type { SourceMetadata } from "../../contracts/index.ts";
import { defaultSettings } from "../default-settings.ts";
import { generatedMetadata } from "../plan-run.ts";
import { tomlInline } from "./toml-inline.ts";

export interface Wanted {
  /** Of the scenario: lower-case words. */
  readonly name: string;
  readonly canonical: boolean;
  /** Undefined for a plugin made up for the scenario. */
  readonly package?: {
    /** Of its folder, relative to the scenario. */
    readonly source: string;
    readonly metadata: SourceMetadata;
  };
}

export interface NewScenario {
  readonly text: string;
  /** What an author must add before it passes; empty for most packages. */
  readonly missing: readonly string[];
}

const MADE_UP = "sample";

export function newScenario(wanted: Wanted): NewScenario {
  const metadata = wanted.package?.metadata ?? generatedMetadata(MADE_UP);
  const handle = handleOf(metadata);
  const domains = domainsOf(metadata);
  const head = [
    "# After every step, whatever is expected of it: the plane is whole, its ledger verifies, nothing stays behind",
    "# that no rule explains, no process, no port, and no secret is shown. Judge: golden check; run: golden run.",
    'schema_version = "1.0"',
    `name = ${tomlInline(wanted.name)}`,
    `title = ${tomlInline(`Life of ${metadata.id ?? handle}`)}`,
  ];
  if (wanted.canonical)
    return {
      text: text([
        ...head,
        `canonical = "${handle}"`,
        "",
        ...source(handle, wanted),
        ...CANONICAL,
        ...apis(domains),
      ]),
      missing: domains.map((domain) => `the answers of ${domain}, under [[apis.answers]]`),
    };
  const steps = stepsOf(handle, metadata, domains);
  return { text: text([...head, "", ...source(handle, wanted), ...steps.flat()]), missing: [] };
}

const text = (lines: readonly string[]): string => `${lines.join("\n")}\n`;

const handleOf = ({ id, plugin, name }: SourceMetadata): string =>
  (plugin?.namespace ?? id ?? name ?? "package")
    .toLowerCase()
    .replace(/^pkg-/, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 64) || "package";

const source = (handle: string, wanted: Wanted): string[] =>
  wanted.package === undefined
    ? [
        '# A plugin made up for this scenario. For one of yours: source = "../modules/yours"',
        `[packages.${handle}]`,
        `generate = { name = "${MADE_UP}", plugin = true }`,
      ]
    : [
        "# Relative to this file; packed anew for every run.",
        `[packages.${handle}]`,
        `source = ${tomlInline(wanted.package.source)}`,
      ];

/** What a canonical scenario may say besides; all else follows from the package. */
const CANONICAL = [
  "",
  "# install, configure, execute, update, rollback, uninstall: what is configured, asked and expected follows from the",
  "# manifest. Configuration in place of what its schema gives:",
  "# [settings]",
  '# greeting = "good day "',
  "",
  "# How the next version differs; without it, the same bytes under the next number:",
  "# [packages.next]",
  '# source = "../modules/yours"',
  '# edits = [{ path = "main.py", find = "hello", replace = "good day" }]',
];

function apis(domains: readonly string[]): string[] {
  return domains.flatMap((domain) => [
    "",
    "# What this API answers here. golden run names each request that has no answer.",
    "[[apis]]",
    `domain = ${tomlInline(domain)}`,
    "",
    "[[apis.answers]]",
    'path = "/"',
    "json = {}",
  ]);
}

/** Names only: a wildcard cannot be answered for. */
const domainsOf = ({ plugin }: SourceMetadata): string[] =>
  (plugin?.permissions.network ?? []).filter((domain) => /^[a-z0-9.-]+(:\d+)?$/.test(domain));

function stepsOf(handle: string, metadata: SourceMetadata, domains: readonly string[]): string[][] {
  const { version = "1.0.0", plugin } = metadata;
  const install = [
    "",
    "[[steps]]",
    'do = "install"',
    `packages = ["${handle}"]`,
    "",
    "[steps.expect]",
    `state = { ${handle} = ${tomlInline(version)} }`,
    'events = ["INSTALLED"]',
  ];
  const uninstall = [
    "",
    "[[steps]]",
    'do = "uninstall"',
    `packages = ["${handle}"]`,
    "",
    "[steps.expect]",
    `state = { ${handle} = "absent" }`,
    'events = ["UNINSTALLED"]',
  ];
  if (plugin === undefined) return [install, uninstall];
  const enable = [
    "",
    "# A person agrees to its permissions.",
    "[[steps]]",
    'do = "enable"',
    `package = "${handle}"`,
    "",
    "[steps.expect]",
    `plugins = { ${tomlInline(plugin.namespace)} = "enabled" }`,
  ];
  return [
    install,
    enable,
    ...configured(handle, metadata),
    ...executed(handle, metadata, domains),
    uninstall,
  ];
}

function configured(handle: string, metadata: SourceMetadata): string[][] {
  const settings = tomlInline(defaultSettings(metadata));
  if (settings === undefined || settings === "{}") return [];
  return [["", "[[steps]]", 'do = "configure"', `package = "${handle}"`, `settings = ${settings}`]];
}

/** The first example of its actions, with the answer it declares. */
function executed(handle: string, { plugin }: SourceMetadata, domains: readonly string[]): string[][] {
  for (const { id, examples } of plugin?.actions ?? [])
    for (const { input, output } of examples) {
      const given = tomlInline(input);
      const answered = output === undefined ? undefined : tomlInline(output);
      if (given === undefined) continue;
      const step = [
        "",
        "[[steps]]",
        'do = "execute"',
        `package = "${handle}"`,
        `action = ${tomlInline(id)}`,
        `input = ${given}`,
        ...(answered === undefined
          ? []
          : ["", "# Fields that are not named may be anything.", "[steps.expect]", `output = ${answered}`]),
      ];
      // What the network would answer is not known yet, so the step waits for its author.
      return domains.length === 0 ? [step] : [recordFirst(domains, step)];
    }
  return [];
}

const recordFirst = (domains: readonly string[], step: readonly string[]): string[] => [
  "",
  `# It asks ${domains.join(", ")}. Record the answers, then take the # away.`,
  ...[...apis(domains), ...step].filter((line) => line !== "").map((line) => `# ${line}`),
];
