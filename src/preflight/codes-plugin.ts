/** Codes of the plugin section by itself. */
import type { PreflightCode } from "./code.ts";

const ACTION =
  '[[plugin.actions]]\nid = "echo"\ntitle = "Echo"\ninput = { type = "object" }\noutput = { type = "object" }';

export const PLUGIN_CODES = {
  PLUGIN_CAPABILITY_UNBACKED: {
    check: "manifest",
    title: "A capability without its section",
    help: "A plugin that says it offers something has the section that says what.",
    broken: '[plugin]\ncapability = ["actions", "config"]\n(no plugin.config)',
    fix: '[plugin]\ncapability = ["actions"]',
  },
  PLUGIN_SECTION_UNDECLARED: {
    check: "manifest",
    title: "A section without its capability",
    help: "Readers look at the capabilities first; a section that none names would be overlooked.",
    broken: `[plugin]\ncapability = []\n${ACTION}`,
    fix: `[plugin]\ncapability = ["actions"]\n${ACTION}`,
  },
  PLUGIN_SECTION_LATER: {
    check: "manifest",
    title: "A section of a later version",
    help: "Nothing here would act on it, so it is refused until it has its effect.",
    broken: "[[plugin.templates]]",
    fix: "(no plugin.templates)",
  },
  PLUGIN_GENERATION_UNKNOWN: {
    check: "manifest",
    title: "A generation of manifests nobody here knows",
    help: "A manifest of an unknown generation is never read as an older one: it would lose what it asks for.",
    broken: '{ "manifestVersion": "v3", "namespace": "notes" }',
    fix: '{ "manifestVersion": "v2", "namespace": "notes" }',
  },
  PLUGIN_FIELD_DEAD: {
    check: "manifest",
    title: "A field without any effect",
    help: "Every reader accepted it and none ever read it; who writes it believes in something that does not happen.",
    broken: '{ "manifestVersion": "v2", "lifecycle": { "defaultEnabled": true } }',
    fix: '{ "manifestVersion": "v2" }',
  },
  PLUGIN_PERMISSION_UNDECLARED: {
    check: "manifest",
    title: "An action needs what the plugin does not ask for",
    help: "What an action needs must be among the permissions of the plugin: those are what an operator sees and grants.",
    broken: `${ACTION}\npermissions = ["network:api.example.org"]\n(plugin.permissions asks for no network)`,
    fix: '[plugin.permissions]\nnetwork = ["api.example.org"]',
  },
  PLUGIN_ACTION_UNKNOWN: {
    check: "manifest",
    title: "A probe of an action that is not there",
    help: "A probe proves an action of its own plugin.",
    broken: '[[plugin.probes]]\nid = "smoke"\naction = "ecko"',
    fix: '[[plugin.probes]]\nid = "smoke"\naction = "echo"',
  },
  PLUGIN_TURN_KIND: {
    check: "manifest",
    title: "A turn of a plugin that is no agent",
    help: "In a turn an agent writes the outputs it declares; other kinds promise to write nothing, or their own data alone.",
    broken: `[plugin]\nkind = "node"\n${ACTION}\nturn = { outputs = ["output/<session_id>/a.txt"] }`,
    fix: '[plugin]\nkind = "agent"',
  },
  PLUGIN_SCHEMA_INVALID: {
    check: "manifest",
    title: "A JSON Schema that is none",
    help: "Input, output and configuration are held against schemas of draft 2020-12; one with a mistake would let anything pass.",
    broken: 'input = { type = "objekt" }',
    fix: 'input = { type = "object" }',
  },
  PLUGIN_EXAMPLE_INVALID: {
    check: "manifest",
    title: "An example that its schema refuses",
    help: "Examples are what callers copy, so they must work.",
    broken: 'input = { type = "object", required = ["text"] }\n[[plugin.actions.examples]]\ninput = { }',
    fix: '[[plugin.actions.examples]]\ninput = { text = "a" }',
  },
  PLUGIN_PROBE_INVALID: {
    check: "manifest",
    title: "A probe with an input that its action refuses",
    help: "Such a probe proves nothing: it is refused before it runs.",
    broken: '[[plugin.probes]]\nid = "smoke"\naction = "echo"\ninput = { }\n(echo requires text)',
    fix: 'input = { text = "a" }',
  },
  PLUGIN_DEFAULT_INVALID: {
    check: "configuration",
    title: "A default that its schema refuses",
    help: "Defaults are in force where the operator says nothing, so they must be valid on their own.",
    broken:
      '[plugin.config]\nschema = { properties = { port = { type = "integer" } } }\ndefaults = { port = "80" }',
    fix: "defaults = { port = 80 }",
  },
  PLUGIN_SECRET_DEFAULT: {
    check: "configuration",
    title: "A secret with a value in the manifest",
    help: "A secret is named by the operator, never written where everybody can read it.",
    broken: "(a default for a setting that is a secret)",
    fix: "(no default: the operator names the secret)",
  },
  PLUGIN_ENTRYPOINT_PATH: {
    check: "manifest",
    title: "An entrypoint outside of the plugin's folder",
    help: "A plugin runs its own file and no other.",
    broken: '[plugin]\nentrypoint = "../other/main.py"',
    fix: '[plugin]\nentrypoint = "main.py"',
  },
  PLUGIN_ENTRYPOINT_MISSING: {
    check: "manifest",
    title: "An entrypoint that is not there",
    help: "A plugin with actions has a program that runs them.",
    broken: '[plugin]\nentrypoint = "absent.py"',
    fix: '[plugin]\nentrypoint = "main.py"',
  },
  PLUGIN_ENTRYPOINT_KIND: {
    check: "manifest",
    title: "An entrypoint that is no regular file",
    help: "A link could be pointed elsewhere between the check and the use.",
    broken: "(main.py is a symbolic link or a folder)",
    fix: "(main.py is a regular file)",
  },
  PLUGIN_ENTRYPOINT_RUNTIME: {
    check: "manifest",
    title: "An entrypoint that its runtime does not run",
    help: "The runtime runs files of its own language.",
    broken: '[plugin]\nruntime = "node"\nentrypoint = "main.py"',
    fix: '[plugin]\nruntime = "python"\nentrypoint = "main.py"',
  },
  PLUGIN_PACKAGE_TYPE: {
    check: "manifest",
    title: "A plugin section in a package that runs nothing",
    help: "Frameworks, specs and policies are documents; one that runs code is something else.",
    broken: 'package_type = "spec"\n[plugin]',
    fix: 'package_type = "plugin"\n[plugin]',
  },
} as const satisfies Readonly<Record<string, PreflightCode>>;
