/** The schemas editors use say yes to what the product accepts, and no to what it refuses by shape. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { PLUGIN_KINDS } from "../../src/contracts/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { buildManifest } from "../../src/lifecycle/build-manifest.ts";
import { inspectSource, parseToml } from "../../src/metadata/index.ts";
import { newPlugin } from "../../src/scaffold/index.ts";
import { temporaryFolder } from "../support/tree.ts";

const ROOT = join(import.meta.dirname, "../..");
const schema = (name: string) => {
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, validateFormats: false });
  return ajv.compile(JSON.parse(readFileSync(join(ROOT, "docs/reference/schema", name), "utf8")));
};
const source = schema("holdfast-source.schema.json");
const packed = schema("manifest.schema.json");

type Document = Record<string, unknown>;
const toml = (path: string): Document => parseToml(readFileSync(path, "utf8"), path);

test("both accept what pkg new writes and what pack makes of it, for every kind and runtime", async () => {
  const folder = temporaryFolder();
  const effects = nodeEffects();
  for (const kind of PLUGIN_KINDS)
    for (const runtime of ["python", "node"] as const) {
      const directory = join(folder, `${kind}-${runtime}`);
      const { package_id, target } = newPlugin(effects, { directory, kind, runtime, dry_run: false }, "{}");
      expect(source(toml(join(directory, "holdfast.toml"))), JSON.stringify(source.errors)).toBe(true);
      const { metadata = {} } = await inspectSource(effects.fs, directory);
      const digest = { sha256: "0".repeat(64), size_bytes: 1, executable: false };
      const files = [{ file: "", path: `${target}/main.py`, digest }];
      const manifest = buildManifest(metadata, package_id, target, files);
      expect(packed(JSON.parse(JSON.stringify(manifest))), JSON.stringify(packed.errors)).toBe(true);
    }
});

test("the first accepts the metadata of our own modules, and the one extra key for editors", () => {
  for (const name of ["agent_runtime", "example_agent", "stdlib_evidence"]) {
    const { tool } = toml(join(ROOT, `modules/${name}/pyproject.toml`)) as { tool: { holdfast: Document } };
    expect(source(tool.holdfast), JSON.stringify(source.errors)).toBe(true);
    expect(source({ $schema: "./x.json", ...tool.holdfast })).toBe(true);
  }
});

test.each([
  ["an unknown key", { versoin: "1.0.0" }, "/versoin"],
  ["an unknown key deep inside", { plugin: { permissions: { netwrk: [] } } }, "/plugin/permissions/netwrk"],
  ["an unknown kind", { plugin: { kind: "nod" } }, "/plugin/kind"],
  ["a wrong id", { id: "a" }, "/id"],
])("the first refuses %s where the product does", (_, change, place) => {
  const { plugin, ...top } = change as { plugin?: Document };
  const base = { namespace: "a", kind: "node", runtime: "node" };
  expect(source({ ...top, plugin: { ...base, ...plugin } })).toBe(false);
  const places = source.errors?.map(({ instancePath, params }) => {
    const extra = (params as { additionalProperty?: string }).additionalProperty;
    return extra === undefined ? instancePath : `${instancePath}/${extra}`;
  });
  expect(places).toContain(place);
});

test("every field an author may write says what it is", () => {
  const { properties, $defs } = JSON.parse(
    readFileSync(join(ROOT, "docs/reference/schema/holdfast-source.schema.json"), "utf8"),
  ) as { properties: object; $defs: { PluginSection: { properties: object } } };
  const plugin = $defs.PluginSection.properties;
  const silent = (fields: object): string[] =>
    Object.entries(fields as Record<string, { description?: string }>)
      .filter(([, { description }]) => description === undefined)
      .map(([name]) => name);
  expect(silent(properties)).toEqual([]);
  expect(silent(plugin)).toEqual([]);
  expect(Object.keys(plugin).length).toBeGreaterThan(10);
});
