/** Cases of the plugin section by itself. */
import { type Case, withToml } from "./case.ts";
import { broken, exchanged, GOOD, ID } from "./good.ts";

const GENERATION = (more: string): string =>
  `{\n  "manifestVersion": "v2",\n  "namespace": "notes",\n  "schemaVersion": "1.0.0",\n  "remVersionRange": "^1.0.0",\n  "description": "Writes daily notes."${more}\n}\n`;

/** What an older manifest cannot say stands beside it. */
const OF_GENERATION = `id = "${ID}"
license = "MIT"
target = "modules/notes"

[[health.checks]]
id = "there"
kind = "file"
path = "modules/notes/main.py"
`;

export const PLUGIN_CASES: readonly Case[] = [
  {
    code: "PLUGIN_CAPABILITY_UNBACKED",
    files: {
      "holdfast.toml": exchanged(
        exchanged(GOOD, 'capability = ["actions", "config", ', 'capability = ["actions", ⟦"config", '),
        '[plugin.config]\nschema = { type = "object", properties = { port = { type = "integer" } } }\ndefaults = { port = 80 }\n',
        "",
      ),
    },
    field: "/plugin/capability/1",
    step: "Write the section config or remove /plugin/capability/1",
    refused: "install",
  },
  {
    code: "PLUGIN_SECTION_UNDECLARED",
    files: {
      "holdfast.toml": exchanged(
        exchanged(GOOD, ', "probes"]', "]"),
        "[[plugin.probes]]",
        "[[plugin.⟦probes]]",
      ),
    },
    field: "/plugin/probes",
    step: 'Add "probes" to capability',
    refused: "install",
  },
  {
    code: "PLUGIN_SECTION_LATER",
    files: withToml(`${GOOD}\n[[plugin.⟦templates]]\nid = "daily"\n`),
    field: "/plugin/templates",
    step: "Remove /plugin/templates",
    refused: "install",
  },
  {
    code: "PLUGIN_GENERATION_UNKNOWN",
    files: { "holdfast.toml": null, "manifest.json": GENERATION("").replace('"v2"', '⟦"v3"') },
    field: "/manifestVersion",
    step: 'Write the plugin as "pkg new" does',
    mended: { "manifest.json": null },
    refused: "pack",
  },
  {
    code: "PLUGIN_FIELD_DEAD",
    files: {
      "holdfast.toml": OF_GENERATION,
      "manifest.json": GENERATION(',\n  "lifecycle": { ⟦"defaultEnabled": true }'),
    },
    field: "/lifecycle/defaultEnabled",
    step: "Delete /lifecycle/defaultEnabled",
    mended: { "holdfast.toml": OF_GENERATION, "manifest.json": GENERATION("") },
    refused: "pack",
  },
  {
    code: "PLUGIN_PERMISSION_UNDECLARED",
    files: broken('title = "Echo"', 'title = "Echo"\npermissions = [⟦"tool:shout"]'),
    field: "/plugin/actions/0/permissions/0",
    step: "or remove it at",
    refused: "install",
  },
  {
    code: "PLUGIN_TURN_KIND",
    files: broken('title = "Echo"', 'title = "Echo"\n⟦turn = { outputs = ["output/<session_id>/a.txt"] }'),
    field: "/plugin/actions/0/turn",
    step: "Write kind as agent",
    refused: "install",
  },
  {
    code: "PLUGIN_ACTION_UNKNOWN",
    files: broken('action = "echo"', 'action = ⟦"ecko"'),
    field: "/plugin/probes/0/action",
    step: "Name an action of the plugin",
    refused: "install",
  },
  {
    code: "PLUGIN_SCHEMA_INVALID",
    files: broken('output = { type = "object" }', 'output = { type = ⟦"objekt" }'),
    field: "/plugin/actions/0/output/type",
    step: "Correct the schema in holdfast.toml",
    refused: "install",
  },
  {
    code: "PLUGIN_EXAMPLE_INVALID",
    files: broken('examples]]\ninput = { text = "a" }', "examples]]\ninput = { text = ⟦1 }"),
    field: "/plugin/actions/0/examples/0/input/text",
    step: "Correct the example or the schema",
    refused: "install",
  },
  {
    code: "PLUGIN_PROBE_INVALID",
    files: broken('action = "echo"\ninput = { text = "a" }', 'action = "echo"\ninput = { text = ⟦1 }'),
    field: "/plugin/probes/0/input/text",
    step: "Correct the input of the probe",
    refused: "install",
  },
  {
    code: "PLUGIN_DEFAULT_INVALID",
    files: broken("defaults = { port = 80 }", 'defaults = { port = ⟦"80" }'),
    field: "/plugin/config/defaults/port",
    step: "Correct the default",
    refused: "install",
  },
  {
    code: "PLUGIN_SECRET_DEFAULT",
    files: {
      "holdfast.toml": exchanged(
        exchanged(GOOD, 'port = { type = "integer" }', 'port = { type = "integer", "x-secret" = true }'),
        "port = 80",
        "⟦port = 80",
      ),
    },
    field: "/plugin/config/defaults/port",
    step: "the operator names the secret",
    refused: "install",
  },
  {
    code: "PLUGIN_ENTRYPOINT_PATH",
    files: broken('entrypoint = "main.py"', 'entrypoint = ⟦"../main.py"'),
    field: "/plugin/entrypoint",
    step: "Name a file of the plugin's own folder",
    refused: "install",
  },
  {
    code: "PLUGIN_ENTRYPOINT_MISSING",
    files: broken('entrypoint = "main.py"', 'entrypoint = ⟦"absent.py"'),
    field: "/plugin/entrypoint",
    step: "Create the file or correct the entrypoint",
    refused: "install",
  },
  {
    code: "PLUGIN_ENTRYPOINT_KIND",
    files: {
      "holdfast.toml": exchanged(GOOD, 'entrypoint = "main.py"', 'entrypoint = ⟦"folder.py"'),
      "folder.py/x.txt": "a folder\n",
    },
    field: "/plugin/entrypoint",
    step: "Put a regular file there or correct the entrypoint",
    mended: { "holdfast.toml": GOOD, "folder.py": null },
    refused: "pack",
  },
  {
    code: "PLUGIN_ENTRYPOINT_RUNTIME",
    files: broken('runtime = "python"\nentrypoint = "main.py"', 'runtime = "node"\nentrypoint = ⟦"main.py"'),
    field: "/plugin/entrypoint",
    step: "Correct the runtime or the entrypoint",
    refused: "install",
  },
  {
    code: "PLUGIN_PACKAGE_TYPE",
    files: broken('package_type = "plugin"', 'package_type = ⟦"spec"'),
    field: "/package_type",
    step: "Write package_type as plugin",
    refused: "install",
  },
];
