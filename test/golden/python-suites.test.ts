/** The suites in Python that lie in no module are run by npm test, so they must be where it looks. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { REPOSITORY } from "../support/cli.ts";

test("every suite that is named is there and holds tests", () => {
  const script = readFileSync(join(REPOSITORY, "scripts/python-suites.mjs"), "utf8");
  const starts = [...script.matchAll(/start: "([^"]+)"/g)].map(([, start = ""]) => start);
  expect(starts).toHaveLength(2);
  for (const start of starts)
    expect(readdirSync(join(REPOSITORY, start)).filter((name) => /^test_.*\.py$/.test(name)).length).toBe(1);
});
