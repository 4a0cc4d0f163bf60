/** Mends: what is mended reads as meant, everything else keeps its bytes, and what has no one mend is left alone. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { edited } from "../../src/preflight/fix/edit.ts";
import { fixText } from "../../src/preflight/fix/fix-text.ts";
import { picture } from "../support/tree.ts";
import { exchanged, GOOD, GOOD_FILES } from "./good.ts";
import { type Scene, scene } from "./scene.ts";

const FOLDER = "src/notes";

async function source(files: Record<string, string>): Promise<Scene> {
  const at = await scene();
  at.put(
    Object.fromEntries(
      Object.entries({ ...GOOD_FILES, ...files }).map(([name, text]) => [`${FOLDER}/${name}`, text]),
    ),
  );
  return at;
}

const read = ({ root }: Scene, name = "holdfast.toml"): string =>
  readFileSync(join(root, FOLDER, name), "utf8");

describe("pkg preflight --fix", () => {
  test("four problems of one TOML file, comments and layout kept, and nothing else touched", async () => {
    const broken = exchanged(
      exchanged(exchanged(GOOD, 'kind = "node"', 'knd = "node" # what it is'), ', "probes"]', "]"),
      'requires = ["actions"]',
      'requires = [ "pipe",  "actions" ] # of the plane',
    ).concat(
      '\n[[plugin.elevated]]\npermission = "network:api.example.org"\nreason = "used to fetch rates"\n',
    );
    const at = await source({ "holdfast.toml": broken });
    const before = picture(join(at.root, "src"));
    const shown = await at.pkg("preflight", FOLDER, "--fix", "--dry-run", "--json");
    expect(picture(join(at.root, "src"))).toEqual(before);
    const { fixes, diff } = shown.json();
    expect(fixes.map(({ code }: { code: string }) => code)).toEqual([
      "METADATA_FIELD_UNKNOWN",
      "PLUGIN_SECTION_UNDECLARED",
      "ELEVATION_NEEDLESS",
      "ADVICE_LIST_UNTIDY",
    ]);
    expect(diff).toContain('-knd = "node" # what it is\n');
    expect(diff).toMatch(/^--- a\/src\/notes\/holdfast\.toml/);
    const ran = await at.pkg("preflight", FOLDER, "--fix");
    expect(ran.stdout).toContain("4 mended, as shown above.");
    const wanted = exchanged(
      exchanged(GOOD, 'kind = "node"', 'kind = "node" # what it is'),
      'requires = ["actions"]',
      'requires = [ "actions",  "pipe" ] # of the plane',
    );
    expect(read(at)).toBe(wanted);
    const after = picture(join(at.root, "src"));
    const changed = Object.keys(after).filter((path) => after[path] !== before[path]);
    expect(changed).toEqual(["notes/holdfast.toml"]);
    expect((await at.pkg("preflight", FOLDER, "--fix", "--json")).json().fixes).toEqual([]);
  });

  test("JSON in a package.json, with its own indentation", async () => {
    const holdfast = {
      id: "PKG-T1-NOTES-001",
      license: "MIT",
      targt: "modules/notes",
      metadata: { b: [1, 2] },
    };
    const text = `${JSON.stringify({ name: "notes", version: "1.0.0", holdfast, other: [1] }, null, "\t")}\n`;
    const at = await scene();
    at.put({ [`${FOLDER}/package.json`]: text, [`${FOLDER}/x.js`]: "1;\n" });
    const { fixes } = (await at.pkg("preflight", FOLDER, "--fix", "--json")).json();
    expect(fixes).toMatchObject([
      { path: `${FOLDER}/package.json`, field: "/holdfast/targt", code: "METADATA_FIELD_UNKNOWN" },
    ]);
    expect(read(at, "package.json")).toBe(text.replace('"targt"', '"target"'));
  });

  test("a name far from every known one, two equal ids and a wrong value are left to a person", async () => {
    for (const [passage, by] of [
      ['kind = "node"', 'kind = "node"\nquux = 1'],
      ['version = "1.0.0"', 'version = "one"'],
      ['kind = "node"', 'knd = "node"\nkind = "node"'],
    ] as const) {
      const at = await source({ "holdfast.toml": exchanged(GOOD, passage, by) });
      const ran = await at.pkg("preflight", FOLDER, "--fix", "--json");
      expect(ran.json().fixes, by).toEqual([]);
      expect(read(at)).toBe(exchanged(GOOD, passage, by));
    }
  });

  test("text that names nothing mendable says so", async () => {
    const at = await source({});
    expect((await at.pkg("preflight", FOLDER, "--fix")).stdout).toContain(
      "Nothing that can be mended safely.",
    );
  });
});

describe("an edit of text", () => {
  const texts = fc.array(fc.stringMatching(/^[a-z]{1,3}$/), { minLength: 1, maxLength: 6 });
  const layouts = fc.constantFrom(", ", ",\n    ", " ,  ");

  test("tidies any list in both languages exactly as the value would be tidied", () => {
    fc.assert(
      fc.property(texts, layouts, fc.boolean(), (list, comma, is_json) => {
        const inner = list.map((text) => JSON.stringify(text)).join(comma);
        const text = is_json
          ? `{ "a": { "list": [${inner}], "b": 1 } }`
          : `[a]\nlist = [${inner}]\nb = 1 # one\n`;
        const edit = { kind: "tidy", at: ["a", "list"] } as const;
        const next = fixText(text, is_json ? "json" : "toml", edit);
        const tidy = JSON.stringify([...new Set(list)].sort());
        const is_tidy = tidy === JSON.stringify(list);
        expect(next === undefined).toBe(is_tidy);
        if (next === undefined) return;
        expect(next).toContain(is_json ? '"b": 1' : "b = 1 # one");
        expect(edited({ a: { list, b: 1 } }, edit)).toEqual({ a: { list: JSON.parse(tidy), b: 1 } });
      }),
      { numRuns: 200, seed: 5 },
    );
  });

  test("refuses what would read as something else", () => {
    expect(fixText("a = 1\n", "toml", { kind: "tidy", at: ["a"] })).toBeUndefined();
    expect(fixText("a = 1\nb = 2\n", "toml", { kind: "rename", at: ["a"], to: "b" })).toBeUndefined();
    expect(fixText("no toml at all", "toml", { kind: "rename", at: ["a"], to: "b" })).toBeUndefined();
    expect(fixText('{"a":1}', "json", { kind: "remove", at: ["b"] })).toBeUndefined();
    expect(
      fixText("[x]\na = 1\n[x.y]\nb = 1\n", "toml", { kind: "rename", at: ["x"], to: "z" }),
    ).toBeUndefined();
  });

  test("removes an item of a list, first, middle and last, and adds to an empty one", () => {
    const list = "l = [{ a = 1 }, { a = 2 }, { a = 3 }]\n";
    const gone = [0, 1, 2].map((index) => fixText(list, "toml", { kind: "remove", at: ["l", index] }));
    expect(gone).toEqual([
      "l = [{ a = 2 }, { a = 3 }]\n",
      "l = [{ a = 1 }, { a = 3 }]\n",
      "l = [{ a = 1 }, { a = 2 }]\n",
    ]);
    expect(fixText("[p]\nc = []\n", "toml", { kind: "add", at: ["p", "c"], text: "x" })).toBe(
      '[p]\nc = ["x"]\n',
    );
    const between = { kind: "add", at: ["p", "c"], text: "m" } as const;
    expect(fixText('[p]\nc = ["a", "z"] # words\n', "toml", between)).toBe(
      '[p]\nc = ["a", "m", "z"] # words\n',
    );
    expect(fixText('{"p":{"c":["a","z"]}}', "json", between)).toBe('{"p":{"c":["a","m", "z"]}}');
    expect(fixText("[p]\na = 1\n[q]\n", "toml", { kind: "add", at: ["p", "c"], text: "x" })).toBe(
      '[p]\na = 1\nc = ["x"]\n[q]\n',
    );
    expect(fixText('{"p":{}}', "json", { kind: "add", at: ["p", "c"], text: "x" })).toMatch(
      /"c": \[\s*"x"\s*\]/,
    );
  });
});
