/** One broken source for every code, at its exact place; the same section packed is refused with the same code. */
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import {
  findingOf,
  inspectManifest,
  inspectSource,
  manifestHash,
  metadataFaults,
} from "../../src/metadata/index.ts";
import { temporaryFolder, writeTree } from "../support/tree.ts";

const { fs } = nodeEffects();

const PLUGIN = `id = "PKG-T3-A-001"
[plugin]
namespace = "a"
kind = "agent"
capability = ["actions", "config", "health", "probes"]
runtime = "python"
entrypoint = "main.py"
[plugin.permissions]
tools = ["notes.read"]
tokens_max = 100
[[plugin.actions]]
id = "go"
title = "Go"
permissions = ["tool:notes.read", "tokens:50"]
input = { type = "object", required = ["n"], properties = { n = { type = "integer" } } }
output = { type = "object" }
examples = [{ input = { n = 1 }, output = {} }]
[[plugin.probes]]
id = "works"
action = "go"
input = { n = 1 }
expect = {}
[plugin.config]
defaults = { word = "x" }
schema = { type = "object", properties = { word = { type = "string" }, key = { type = "string", x-secret = true } } }
[plugin.health]
checks = [{ id = "one", kind = "pipe", argv = ["python", "modules/a/main.py"] }]
`;

const UNTIL_TITLE = PLUGIN.slice(PLUGIN.indexOf('kind = "agent"'), PLUGIN.indexOf('permissions = ["tool'));

async function problemsOf(text: string, files: Parameters<typeof writeTree>[1] = {}) {
  const directory = temporaryFolder();
  writeTree(directory, { "holdfast.toml": text, "main.py": "", "main.js": "", ...files });
  return (await inspectSource(fs, directory, "modules/a")).problems;
}

/** `was` is replaced by `is`; the line is where `is` then stands. */
const change = (was: string, is: string): string => {
  expect(PLUGIN).toContain(was);
  return PLUGIN.replace(was, is);
};

const CASES: readonly (readonly [code: string, was: string, is: string, field: string, place: string])[] = [
  ["METADATA_INVALID", 'kind = "agent"', 'kind = "nod"', "/plugin/kind", "4:8"],
  ["METADATA_INVALID", 'namespace = "a"', 'namespace = "A b"', "/plugin/namespace", "3:13"],
  ["METADATA_INVALID", 'runtime = "python"\n', "", "/plugin/runtime", "2:2"],
  ["METADATA_INVALID", 'title = "Go"', "title = 3", "/plugin/actions/0/title", "13:9"],
  ["METADATA_FIELD_UNKNOWN", 'kind = "agent"', 'kind = "agent"\nactons = []', "/plugin/actons", "5:1"],
  [
    "METADATA_FIELD_UNKNOWN",
    "tokens_max = 100",
    "tokens_max = 100\nnetwrk = []",
    "/plugin/permissions/netwrk",
    "11:1",
  ],
  ["METADATA_FIELD_UNKNOWN", "expect = {}", "expct = {}", "/plugin/probes/0/expct", "22:1"],
  [
    "METADATA_DUPLICATE",
    'tools = ["notes.read"]',
    'tools = ["notes.read", "notes.read"]',
    "/plugin/permissions/tools/1",
    "9:24",
  ],
  [
    "METADATA_DUPLICATE",
    '"config", "health"',
    '"config", "config", "health"',
    "/plugin/capability/2",
    "5:36",
  ],
  [
    "METADATA_DUPLICATE",
    "[[plugin.probes]]",
    '[[plugin.actions]]\nid = "go"\ntitle = "x"\ninput = {}\noutput = {}\n[[plugin.probes]]',
    "/plugin/actions/1/id",
    "19:6",
  ],
  [
    "METADATA_DUPLICATE",
    '"modules/a/main.py"] }',
    '"modules/a/main.py"] }, { id = "one", kind = "file", path = "x" }',
    "/plugin/health/checks/1/id",
    "27:89",
  ],
  [
    "PLUGIN_CAPABILITY_UNBACKED",
    '[plugin.health]\nchecks = [{ id = "one", kind = "pipe", argv = ["python", "modules/a/main.py"] }]\n',
    "",
    "/plugin/capability/2",
    "5:36",
  ],
  ["PLUGIN_SECTION_UNDECLARED", '"config", ', "", "/plugin/config", "23:9"],
  ["PLUGIN_SECTION_UNDECLARED", ', "probes"', "", "/plugin/probes", "18:10"],
  ["PLUGIN_SECTION_LATER", 'kind = "agent"', 'kind = "agent"\nroutes = []', "/plugin/routes", "5:1"],
  ["PLUGIN_SECTION_LATER", '"config", ', '"config", "schedules", ', "/plugin/capability/2", "5:36"],
  [
    "PLUGIN_PERMISSION_UNDECLARED",
    '"tool:notes.read"',
    '"network:a.org"',
    "/plugin/actions/0/permissions/0",
    "14:16",
  ],
  ["PLUGIN_PERMISSION_UNDECLARED", '"tokens:50"', '"tokens:101"', "/plugin/actions/0/permissions/1", "14:35"],
  [
    "PLUGIN_TURN_KIND",
    UNTIL_TITLE,
    `${UNTIL_TITLE.replace('"agent"', '"quality_gate"')}turn = { outputs = ["output/<session_id>/a.txt"] }
`,
    "/plugin/actions/0/turn",
    "14:1",
  ],
  ["PLUGIN_ACTION_UNKNOWN", 'action = "go"', 'action = "gone"', "/plugin/probes/0/action", "20:10"],
  [
    "PLUGIN_SCHEMA_INVALID",
    'required = ["n"]',
    'requird = ["n"]',
    "/plugin/actions/0/input/requird",
    "15:28",
  ],
  [
    "PLUGIN_SCHEMA_INVALID",
    'n = { type = "integer" }',
    'n = { type = "int" }',
    "/plugin/actions/0/input/properties/n/type",
    "15:74",
  ],
  [
    "PLUGIN_SCHEMA_INVALID",
    'output = { type = "object" }',
    'output = { "$ref" = "https://example.org/s.json" }',
    "/plugin/actions/0/output/$ref",
    "16:21",
  ],
  [
    "PLUGIN_SCHEMA_INVALID",
    'schema = { type = "object", ',
    "schema = { ",
    "/plugin/config/schema/type",
    "25:10",
  ],
  [
    "PLUGIN_SCHEMA_INVALID",
    'output = { type = "object" }',
    'output = { type = "string", pattern = "(?=a)" }',
    "/plugin/actions/0/output/pattern",
    "16:39",
  ],
  [
    "PLUGIN_EXAMPLE_INVALID",
    "input = { n = 1 }, output",
    'input = { n = "1" }, output',
    "/plugin/actions/0/examples/0/input/n",
    "17:29",
  ],
  [
    "PLUGIN_EXAMPLE_INVALID",
    "output = {} }]",
    "output = [] }]",
    "/plugin/actions/0/examples/0/output",
    "17:43",
  ],
  ["PLUGIN_PROBE_INVALID", "\ninput = { n = 1 }", "\ninput = { m = 1 }", "/plugin/probes/0/input/n", "21:9"],
  [
    "PLUGIN_DEFAULT_INVALID",
    'defaults = { word = "x" }',
    "defaults = { word = 1 }",
    "/plugin/config/defaults/word",
    "24:21",
  ],
  [
    "PLUGIN_DEFAULT_INVALID",
    'word = { type = "string" }',
    'word = { type = "string", default = "y" }',
    "/plugin/config/schema/properties/word/default",
    "25:80",
  ],
  [
    "PLUGIN_SECRET_DEFAULT",
    'defaults = { word = "x" }',
    'defaults = { key = "s" }',
    "/plugin/config/defaults/key",
    "24:14",
  ],
  ["PLUGIN_ENTRYPOINT_MISSING", '"main.py"\n', '"gone.py"\n', "/plugin/entrypoint", "7:14"],
  ["PLUGIN_ENTRYPOINT_MISSING", 'entrypoint = "main.py"\n', "", "/plugin/entrypoint", "2:2"],
  ["PLUGIN_ENTRYPOINT_PATH", '"main.py"\n', '"../main.py"\n', "/plugin/entrypoint", "7:14"],
  ["PLUGIN_ENTRYPOINT_PATH", '"main.py"\n', '"/etc/main.py"\n', "/plugin/entrypoint", "7:14"],
  ["PLUGIN_ENTRYPOINT_PATH", '"main.py"\n', '"a\\\\main.py"\n', "/plugin/entrypoint", "7:14"],
  ["PLUGIN_ENTRYPOINT_RUNTIME", '"main.py"\n', '"main.js"\n', "/plugin/entrypoint", "7:14"],
  [
    "PLUGIN_PACKAGE_TYPE",
    'id = "PKG-T3-A-001"',
    'id = "PKG-T3-A-001"\npackage_type = "library"',
    "/package_type",
    "2:16",
  ],
];

describe("inspectSource()", () => {
  test("finds nothing where nothing is wrong", async () => {
    expect(await problemsOf(PLUGIN)).toEqual([]);
  });

  test.each(CASES)("%s: %j -> %j", async (code, was, is, field, place) => {
    const problems = await problemsOf(change(was, is));
    expect(problems.map(findingOf).map((one) => [one.code, one.field, `${one.line}:${one.column}`])).toEqual([
      [code, field, place],
    ]);
    const { next_step, message } = problems[0] ?? { next_step: "", message: "" };
    expect(next_step).toContain("holdfast.toml");
    expect(next_step).toMatch(/"pkg preflight modules\/a"\.$/);
    expect(message).toContain(field);
  });

  test("tells of an entrypoint that is a folder or lies behind a link", async () => {
    const directory = temporaryFolder();
    writeTree(directory, { "holdfast.toml": PLUGIN });
    mkdirSync(join(directory, "main.py"));
    const codes = async () => (await inspectSource(fs, directory)).problems.map(({ code }) => code);
    expect(await codes()).toEqual(["PLUGIN_ENTRYPOINT_KIND"]);
    const other = temporaryFolder();
    writeTree(other, { "holdfast.toml": PLUGIN.replace('"main.py"', '"sub/main.py"'), "real/main.py": "" });
    symlinkSync("real", join(other, "sub"));
    expect((await inspectSource(fs, other)).problems.map(({ code }) => code)).toEqual([
      "PLUGIN_ENTRYPOINT_KIND",
    ]);
  });

  test("tells everything at once, in the order of the file", async () => {
    const text = change('kind = "agent"', 'kind = "nod"\nactons = []')
      .replace('action = "go"', 'action = "gone"')
      .replace('"main.py"\n', '"gone.py"\n')
      .replace('word = "x"', "word = 1");
    const problems = await problemsOf(text);
    expect(problems.map(({ code }) => code)).toEqual([
      "METADATA_INVALID",
      "METADATA_FIELD_UNKNOWN",
      "PLUGIN_ENTRYPOINT_MISSING",
      "PLUGIN_ACTION_UNKNOWN",
      "PLUGIN_DEFAULT_INVALID",
    ]);
    expect(problems[1]?.message).toMatch(/the nearest is actions$/);
  });

  test("has a case for every code of a plugin section", () => {
    const tested = new Set(CASES.map(([code]) => code)).add("PLUGIN_ENTRYPOINT_KIND");
    const elsewhere = ["PLUGIN_GENERATION_UNKNOWN", "PLUGIN_FIELD_DEAD"];
    const known = Object.keys(metadataFaults).filter((code) => code.startsWith("PLUGIN_"));
    expect(known.filter((code) => !tested.has(code) && !elsewhere.includes(code))).toEqual([]);
  });
});

describe("inspectManifest()", () => {
  const packed = (plugin: object, more: object = {}) => ({
    schema_version: "2.0",
    package_id: "PKG-T3-A-001",
    name: "a",
    version: "1.0.0",
    tier: "T3",
    package_type: "plugin",
    plane_id: "ho3",
    assets: ["main.py", "main.js"].map((name) => ({
      path: `modules/a/${name}`,
      sha256: `sha256:${"0".repeat(64)}`,
      size_bytes: 1,
      executable: false,
      classification: "code",
    })),
    plugin,
    ...more,
  });

  test.each(CASES)("%s: %j -> %j has the same code in an archive", async (code, was, is, field) => {
    const { plugin, package_type = "plugin" } = await rawOf(change(was, is));
    const text = JSON.stringify(
      packed({ ...(plugin as object), root: "modules/a" }, { package_type }),
      null,
      1,
    );
    const { problems, manifest } = await inspectManifest(Buffer.from(text), "a.tar.gz");
    expect(problems.map((problem) => [problem.code, problem.details["field"]])).toEqual([[code, field]]);
    expect(manifest).toBeUndefined();
    // The place really is where that field stands.
    const { line = 0, column = 0 } = problems.map(findingOf)[0] ?? {};
    expect(text.split("\n")[line - 1]?.slice(column - 1)).not.toBe("");
  });

  test("reads a sound one, and names a schema nobody knows, a repeated key and what is no JSON", async () => {
    const { plugin } = await rawOf(PLUGIN);
    const sound = packed({ ...(plugin as object), root: "modules/a" });
    const of = async (text: string) => inspectManifest(Buffer.from(text), "a.tar.gz");
    const { manifest } = await of(JSON.stringify(sound));
    if (manifest?.plugin === undefined) throw new Error("no plugin was read");
    // The hash of a manifest covers the section.
    const other = { ...manifest, plugin: { ...manifest.plugin, namespace: "b" } };
    expect(manifestHash(other)).not.toBe(manifestHash(manifest));
    const codes = async (text: string) =>
      (await of(text)).problems.map(findingOf).map(({ code, line, column }) => `${code} ${line}:${column}`);
    expect(await codes('{"schema_version": "3.0"}')).toEqual(["MANIFEST_SCHEMA_UNKNOWN 1:20"]);
    expect(await codes("{}")).toEqual(["MANIFEST_SCHEMA_UNKNOWN 1:1"]);
    expect(await codes(JSON.stringify(sound).replace('"name":"a"', '"name":"a","name":"b"'))).toEqual([
      "METADATA_KEY_DUPLICATE 1:64",
    ]);
    expect(await codes('{\n  "a": x}')).toEqual(["METADATA_SYNTAX 2:8"]);
    expect(await codes("[]")).toEqual(["METADATA_SYNTAX 1:1"]);
    expect((await inspectManifest(Buffer.from([0x7b, 0xff]), "a")).problems[0]?.code).toBe("METADATA_SYNTAX");
    expect(await of('{"schema_version": "1.2"}')).toMatchObject({ problems: [], is_older: true });
  });
});

/** The document an author wrote, not judged. */
async function rawOf(text: string): Promise<Record<string, unknown>> {
  const { parseToml } = await import("../../src/metadata/index.ts");
  return parseToml(text, "holdfast.toml");
}
