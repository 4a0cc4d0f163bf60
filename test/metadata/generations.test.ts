/** The older generations: read as they were meant, upgraded, and never taken for one another. */
import { describe, expect, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { findingOf, inspectSource } from "../../src/metadata/index.ts";
import { temporaryFolder, writeTree } from "../support/tree.ts";

const { fs } = nodeEffects();
const OPEN = { type: "object" };
const V1 = { namespace: "daily.note", schemaVersion: "v1", payloadSchema: OPEN };
const V2 = {
  manifestVersion: "v2",
  namespace: "daily-note",
  schemaVersion: "v2",
  remVersionRange: ">=0.1.0",
  displayName: "Daily",
  capabilities: ["cli_actions"],
  permissions: ["notes.read", "notes.write"],
  notePayloadSchema: OPEN,
  cli: { actions: [{ id: "echo", title: "Echo", requiredPermissions: ["notes.read"] }] },
};

async function read(document: object, name = "plugin.json", files: Parameters<typeof writeTree>[1] = {}) {
  const directory = temporaryFolder();
  writeTree(directory, {
    [name]: JSON.stringify(document, null, 2),
    "dist/cli.js": "",
    "index.js": "",
    ...files,
  });
  return inspectSource(fs, directory, "src");
}
const said = async (document: object, name?: string) =>
  (await read(document, name)).problems.map(findingOf).map(({ code, field }) => `${code} ${field}`);

describe("a v2 manifest", () => {
  test.each(["plugin.json", "manifest.json"])("in %s is upgraded and counted as legacy", async (name) => {
    const { metadata, legacy_reads, forms, problems } = await read(V2, name);
    expect(problems).toEqual([]);
    expect([legacy_reads, forms]).toEqual([1, [name]]);
    expect(metadata).toMatchObject({
      id: "PKG-DAILY-NOTE",
      compat: { host: ">=0.1.0" },
      metadata: { plugin_generation: "v2", plugin_schema_version: "v2" },
      plugin: {
        namespace: "daily-note",
        title: "Daily",
        kind: "agent",
        runtime: "node",
        entrypoint: "dist/cli.js",
        capability: ["actions"],
        permissions: { tools: ["notes.read", "notes.write"] },
        actions: [{ id: "echo", input: OPEN, output: OPEN, permissions: ["tool:notes.read"] }],
      },
    });
    expect(metadata).not.toHaveProperty("version");
  });

  test("takes its schemas, its entrypoint and a version that is one", async () => {
    const schema = { type: "object", required: ["n"], properties: { n: { type: "integer" } } };
    const actions = [{ id: "echo", title: "Echo", inputSchema: schema, outputSchema: { type: "string" } }];
    const v2 = { ...V2, schemaVersion: "1.2.0", cli: { entrypoint: "index.js", actions } };
    const { metadata } = await read(v2);
    expect(metadata?.version).toBe("1.2.0");
    expect(metadata?.plugin).toMatchObject({
      entrypoint: "index.js",
      actions: [{ input: schema, output: { type: "string" } }],
    });
    const beside = await read(v2, "plugin.json", { "holdfast.toml": 'id = "PKG-N"\nversion = "3.0.0"\n' });
    expect([beside.problems, beside.metadata?.id, beside.metadata?.version]).toEqual([[], "PKG-N", "3.0.0"]);
  });

  test("that asks for fields of a note asks for them in its configuration", async () => {
    const payload = { type: "object", required: ["who"], properties: { who: { type: "string" } } };
    const { metadata } = await read({ ...V2, notePayloadSchema: payload });
    expect(metadata?.plugin?.capability).toEqual(["actions", "config"]);
    expect(metadata?.plugin?.config?.schema).toEqual({ ...payload, additionalProperties: true });
  });

  test.each<[string, object, string[]]>([
    [
      "an action twice",
      { cli: { actions: [...V2.cli.actions, { id: "echo", title: "x" }] } },
      ["METADATA_DUPLICATE /cli/actions/1/id"],
    ],
    ["an unknown key", { displayname: "x" }, ["METADATA_FIELD_UNKNOWN /displayname"]],
    [
      "an unknown key of an action",
      { cli: { actions: [{ id: "a", title: "x", inputSchma: {} }] } },
      ["METADATA_FIELD_UNKNOWN /cli/actions/0/inputSchma"],
    ],
    ["cli_actions without actions", { cli: undefined }, ["PLUGIN_CAPABILITY_UNBACKED /capabilities/0"]],
    ["actions without cli_actions", { capabilities: [] }, ["PLUGIN_SECTION_UNDECLARED /cli/actions"]],
    [
      "a permission nobody declared",
      { permissions: ["notes.write"] },
      ["PLUGIN_PERMISSION_UNDECLARED /cli/actions/0/requiredPermissions/0"],
    ],
    [
      "a permission that is none",
      { permissions: ["notes.read", "notes.delete"] },
      ["METADATA_INVALID /permissions/1"],
    ],
    [
      "a permission twice",
      { permissions: ["notes.read", "notes.read"] },
      ["METADATA_DUPLICATE /permissions/1"],
    ],
    ["templates", { templates: [] }, ["PLUGIN_SECTION_LATER /templates"]],
    [
      "a user interface",
      { ui: { panels: [] }, capabilities: ["cli_actions", "ui_panels"] },
      ["PLUGIN_SECTION_LATER /capabilities/1", "PLUGIN_SECTION_LATER /ui"],
    ],
    [
      "defaultEnabled",
      { lifecycle: { defaultEnabled: true } },
      ["PLUGIN_FIELD_DEAD /lifecycle/defaultEnabled"],
    ],
    [
      "updatePolicy",
      { lifecycle: { updatePolicy: "manual" } },
      ["PLUGIN_FIELD_DEAD /lifecycle/updatePolicy"],
    ],
    [
      "maxRuntimeSeconds",
      { scheduledTasks: [{ maxRuntimeSeconds: 5 }] },
      ["PLUGIN_SECTION_LATER /scheduledTasks", "PLUGIN_FIELD_DEAD /scheduledTasks/0/maxRuntimeSeconds"],
    ],
    [
      "facetFields",
      { entityTypes: [{ indexes: { facetFields: [] } }] },
      ["PLUGIN_SECTION_LATER /entityTypes", "PLUGIN_FIELD_DEAD /entityTypes/0/indexes/facetFields"],
    ],
    [
      "two schemas of a note",
      { payloadSchema: { type: "object", required: ["a"] } },
      ["METADATA_CONFLICT /notePayloadSchema"],
    ],
    ["no range", { remVersionRange: undefined }, ["METADATA_INVALID /remVersionRange"]],
    [
      "a schema that is none",
      { cli: { actions: [{ id: "a", title: "x", inputSchema: { type: "objct" } }] } },
      ["PLUGIN_SCHEMA_INVALID /cli/actions/0/inputSchema/type"],
    ],
    [
      "an entrypoint that is not there",
      { cli: { ...V2.cli, entrypoint: "no.js" } },
      ["PLUGIN_ENTRYPOINT_MISSING /cli/entrypoint"],
    ],
    ["a generation to come", { manifestVersion: "v3" }, ["PLUGIN_GENERATION_UNKNOWN /manifestVersion"]],
  ])("with %s is refused", async (_, change, expected) => {
    expect(await said({ ...V2, ...change })).toEqual(expected);
    // What would make it a v1 manifest does not save it.
    expect(await said({ ...V2, payloadSchema: OPEN, ...change })).toEqual(expected);
  });
});

describe("a v1 manifest", () => {
  test("is a plugin without actions; its schema is that of its configuration", async () => {
    const payloadSchema = {
      type: "object",
      required: ["a"],
      properties: { a: { type: "array", items: { type: "string" } } },
    };
    const { metadata, problems, legacy_reads } = await read({ ...V1, payloadSchema });
    expect([problems, legacy_reads]).toEqual([[], 1]);
    expect(metadata?.plugin).toMatchObject({ namespace: "daily.note", actions: [], capability: ["config"] });
    expect((await read(V1)).metadata?.plugin).toMatchObject({ capability: [] });
  });

  test.each<[string, object, string[]]>([
    ["an unknown key", { displayName: "x" }, ["METADATA_FIELD_UNKNOWN /displayName"]],
    [
      "a key of v2",
      { capabilities: ["cli_actions"], remVersionRange: "*" },
      ["METADATA_FIELD_UNKNOWN /capabilities", "METADATA_FIELD_UNKNOWN /remVersionRange"],
    ],
    ["no schema", { payloadSchema: undefined }, ["METADATA_INVALID /payloadSchema"]],
    [
      "a nested schema",
      { payloadSchema: { type: "object", properties: { a: { type: "object", properties: {} } } } },
      ["METADATA_FIELD_UNKNOWN /payloadSchema/properties/a/properties"],
    ],
  ])("with %s is refused", async (_, change, expected) => {
    expect((await said({ ...V1, ...change })).toSorted()).toEqual(expected);
  });
});

test("a plugin.json of somebody else is left alone, and a $schema line says nothing", async () => {
  expect(await read({ id: "panel", type: "datasource" })).toMatchObject({ forms: [], problems: [] });
  expect(await said({ $schema: "./x.json", ...V2 })).toEqual([]);
});
