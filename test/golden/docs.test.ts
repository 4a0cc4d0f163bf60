/** docs/golden.md leaves nothing out: fields, steps, problem codes, ways to be broken; its code is that of the examples. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { Scenario } from "../../src/contracts/index.ts";
import { BROKEN_WAYS } from "../../src/harness/fixtures/generated.ts";
import { PROBLEMS } from "../../src/harness/problems.ts";
import { REPOSITORY } from "../support/cli.ts";

const read = (path: string): string => readFileSync(join(REPOSITORY, path), "utf8");
const page = read("docs/golden.md");
const blocksOf = (language: string): string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, "g"))].map(([, text = ""]) => text);

interface Schema {
  readonly properties?: Record<string, Schema>;
  readonly [key: string]: unknown;
}

/** Every name of a field, however deep. */
function fieldsOf(schema: unknown, found = new Set<string>()): Set<string> {
  if (Array.isArray(schema)) for (const one of schema) fieldsOf(one, found);
  else if (typeof schema === "object" && schema !== null) {
    for (const name of Object.keys((schema as Schema).properties ?? {})) found.add(name);
    for (const inner of Object.values(schema)) fieldsOf(inner, found);
  }
  return found;
}

test("every field of a scenario stands in an example, and every step and answer is named", () => {
  const toml = blocksOf("toml").join("\n");
  const fields = [...fieldsOf(z.toJSONSchema(Scenario, { io: "input" }))];
  expect(fields.length).toBeGreaterThan(60);
  const used = (name: string): boolean => new RegExp(`(^|[\\s{.\\[])${name}(\\]|\\.|\\s*=)`, "m").test(toml);
  const described = new Set(["plugin", "yes", "approve"]);
  expect(fields.filter((name) => !used(name) && !described.has(name))).toEqual([]);
  for (const name of described) expect(page).toContain(name);
  const schema = JSON.stringify(z.toJSONSchema(Scenario, { io: "input" }));
  const kinds = [
    ...new Set(
      [...schema.matchAll(/"do":\{"type":"string","const":"([a-z]+)"/g)].map(([, kind = ""]) => kind),
    ),
  ];
  expect(kinds.length).toBe(13);
  expect(kinds.filter((kind) => !page.includes(`\`${kind}\``))).toEqual([]);
});

const rowsOf = (head: string): string[][] => {
  const from = page.indexOf(`| ${head} |`);
  expect(from).toBeGreaterThan(0);
  const rows = page.slice(from).split("\n\n")[0]?.split("\n").slice(2) ?? [];
  return rows.map((row) =>
    row
      .split("|")
      .map((cell) => cell.trim().replaceAll("`", ""))
      .slice(1, -1),
  );
};

test("the table of problems is the one the harness has", () => {
  expect(rowsOf("code | means")).toEqual(Object.entries(PROBLEMS));
});

test("every way to be broken is told", () => {
  expect(rowsOf("broken | what is wrong").map(([way]) => way)).toEqual(Object.keys(BROKEN_WAYS));
});

test("the code shown is that of the examples, which run", () => {
  for (const [language, path] of [
    ["ts", "examples/plugin-tests/test/greeter.test.ts"],
    ["python", "examples/plugin-tests/tests/test_greeter.py"],
  ] as const) {
    const [block = ""] = blocksOf(language);
    expect(block.length).toBeGreaterThan(200);
    expect(read(path)).toContain(block.trimEnd());
  }
});
