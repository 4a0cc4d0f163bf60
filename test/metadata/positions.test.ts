import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { findingOf, inspectSource, locate } from "../../src/metadata/index.ts";
import { temporaryFolder, writeTree } from "../support/tree.ts";

const { fs } = nodeEffects();

async function inspect(files: Parameters<typeof writeTree>[1]) {
  const directory = temporaryFolder();
  writeTree(directory, files);
  return inspectSource(fs, directory, ".");
}
const places = async (files: Parameters<typeof writeTree>[1]) =>
  (await inspect(files)).problems
    .map(findingOf)
    .map(({ code, path, field, line, column }) => `${code} ${path}:${line}:${column} ${field}`);

describe("locate()", () => {
  test("finds keys, values and the nearest parent in TOML, whatever way they are written", async () => {
    const text = [
      'a.b."c/d" = 1',
      "[t]",
      "x = { y = [1, [2, 3]] }",
      "[[t.list]]",
      "n = 1",
      "[[t.list]]",
      "n = 2",
      "[t.list.sub]",
      "m = 3",
    ].join("\n");
    const at = async (pointer: string, of: "key" | "value" = "value") => {
      const [place] = await locate(text, "toml", [{ pointer, of }]);
      return `${place?.line}:${place?.column}`;
    };
    expect(await at("/a/b/c~1d")).toBe("1:13");
    expect(await at("/a/b/c~1d", "key")).toBe("1:5");
    expect(await at("/t/x/y/1/0")).toBe("3:16");
    expect(await at("/t/list/1/n")).toBe("7:5");
    expect(await at("/t/list/1/sub/m", "key")).toBe("9:1");
    expect(await at("/t/list/1/gone/deep")).toBe("6:5");
    expect(await at("/nowhere")).toBe("1:1");
  });

  test("counts lines by line feeds and columns by UTF-16 units, with a byte order mark or carriage returns", async () => {
    const [place] = await locate('\uFEFF{\r\n\t"😀": {"a": 1}}', "json", [{ pointer: "/😀/a", of: "value" }]);
    expect(place).toEqual({ line: 2, column: 14 });
  });

  test("leads to the very value, in any JSON document", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), fc.nat(3), fc.nat(), async (value, indent, choice) => {
        const text = JSON.stringify(value, null, indent);
        const all: { pointer: string; value: unknown }[] = [];
        const walk = (inner: unknown, pointer: string): void => {
          all.push({ pointer: pointer || "/", value: inner });
          if (typeof inner === "object" && inner !== null)
            for (const [key, next] of Object.entries(inner))
              walk(next, `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`);
        };
        walk(value, "");
        // The pointer of an empty key at the top is the same text as that of the document.
        const named = all.filter(({ pointer }) => !/^\/(\/|$)/.test(pointer));
        const chosen = named[choice % Math.max(1, named.length)];
        if (chosen === undefined) return;
        const [place] = await locate(text, "json", [{ pointer: chosen.pointer, of: "value" }]);
        const lines = text.split("\n");
        const rest = [
          lines[(place?.line ?? 1) - 1]?.slice((place?.column ?? 1) - 1),
          ...lines.slice(place?.line),
        ].join("\n");
        expect(rest.startsWith(JSON.stringify(chosen.value, null, 0).slice(0, 1))).toBe(true);
      }),
      { seed: 5, numRuns: 300 },
    );
  });
});

describe("each form", () => {
  test("has the pointers of its own file", async () => {
    expect(
      await places({
        "pyproject.toml":
          '[project]\nversion = "one"\n[tool.holdfast]\nid = "a"\n[tool.holdfast.plugin]\nnmespace = "a"\n',
        "package.json": '{"name": "=x",\n "holdfast": {"$schema": "x", "tier": "T9"}}',
      }),
    ).toEqual([
      "METADATA_INVALID pyproject.toml:2:11 /project/version",
      "METADATA_INVALID pyproject.toml:4:6 /tool/holdfast/id",
      "METADATA_INVALID pyproject.toml:5:16 /tool/holdfast/plugin/kind",
      "METADATA_INVALID pyproject.toml:5:16 /tool/holdfast/plugin/runtime",
      "METADATA_FIELD_UNKNOWN pyproject.toml:6:1 /tool/holdfast/plugin/nmespace",
      "METADATA_INVALID package.json:1:10 /name",
      "METADATA_INVALID package.json:2:39 /holdfast/tier",
    ]);
  });

  test("that says something else than another is told where", async () => {
    expect(
      await places({
        "package.json": '{"version": "1.0.0", "holdfast": {}}',
        "holdfast.toml": 'name = "a"\nversion = "2.0.0"\n',
      }),
    ).toEqual(["METADATA_CONFLICT holdfast.toml:2:11 /version"]);
  });
});

describe("a hostile file", () => {
  test.each<[string, Parameters<typeof writeTree>[1], string]>([
    [
      "a key twice",
      { "manifest.json": '{"id": "PKG-A",\n "id": "PKG-B"}' },
      "METADATA_KEY_DUPLICATE manifest.json:2:2 /id",
    ],
    [
      "an escaped key twice",
      { "manifest.json": '{"id": "PKG-A", "\\u0069d": "PKG-B"}' },
      "METADATA_KEY_DUPLICATE manifest.json:1:17 /id",
    ],
    [
      "a prototype",
      { "manifest.json": '{"metadata": {"__proto__": {"a": 1}}}' },
      "METADATA_FIELD_UNKNOWN manifest.json:1:15 /metadata/__proto__",
    ],
    [
      "a prototype in TOML",
      { "holdfast.toml": "[metadata]\n__proto__ = 1\n" },
      "METADATA_FIELD_UNKNOWN holdfast.toml:2:1 /metadata/__proto__",
    ],
    [
      "depth",
      { "manifest.json": `{"metadata": ${"[".repeat(100_000)}${"]".repeat(100_000)}}` },
      "METADATA_TOO_LARGE manifest.json:1:1 /",
    ],
    [
      "depth in TOML",
      { "holdfast.toml": `[metadata]\na = ${"[".repeat(300)}${"]".repeat(300)}\n` },
      "METADATA_TOO_LARGE holdfast.toml:1:1 /",
    ],
    ["size", { "holdfast.toml": `# ${"x".repeat(5 << 20)}\n` }, "METADATA_TOO_LARGE holdfast.toml:1:1 /"],
    ["no JSON", { "manifest.json": '{\n "id": nope}' }, "METADATA_SYNTAX manifest.json:2:8 /"],
    ["JSON that stops", { "manifest.json": '{\n "id": ' }, "METADATA_SYNTAX manifest.json:2:8 /"],
    ["no TOML", { "holdfast.toml": 'id = "PKG-A"\nname = = 1\n' }, "METADATA_SYNTAX holdfast.toml:2:8 /"],
  ])("with %s is refused at its place", async (_, files, expected) => {
    expect(await places(files)).toEqual([expected]);
    expect(({} as { a?: number }).a).toBeUndefined();
  });

  test("that is no text is refused", async () => {
    const directory = temporaryFolder();
    writeFileSync(join(directory, "holdfast.toml"), Buffer.from([0x61, 0xff, 0x0a]));
    expect((await inspectSource(fs, directory)).problems.map(({ message }) => message)).toEqual([
      "holdfast.toml / is not valid UTF-8",
    ]);
  });

  test("deeper than any stack is refused in TOML, too", async () => {
    const [first] = await places({ "holdfast.toml": `a = ${"[".repeat(100_000)}` });
    expect(first).toMatch(/^METADATA_(SYNTAX|TOO_LARGE) holdfast\.toml:/);
  });
});
