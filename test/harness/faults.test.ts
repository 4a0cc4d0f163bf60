/** What nobody foresaw costs one scenario, with a code, and never the run. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { planRun, runScenario } from "../../src/harness/index.ts";
import { temporaryFolder } from "../support/tree.ts";

test("a harness that fails says so of this scenario: HARNESS_FAILED", async () => {
  const root = temporaryFolder();
  mkdirSync(join(root, "tmp"));
  const effects = nodeEffects({ host: { env: { TMPDIR: join(root, "tmp") } } });
  writeFileSync(
    join(root, "one.toml"),
    'schema_version = "1.0"\nname = "one"\n[packages.simple.generate]\nfiles = 1\n[[steps]]\ndo = "restart"\n',
  );
  const [file] = await planRun(effects, ["one.toml"], { root, cwd: root, subjects: new Map() });
  const broken = (): never => {
    throw new TypeError("nobody thought of this");
  };
  if (file === undefined) throw new Error("no scenario was read");
  const { verdict, steps } = await runScenario(effects, file, {
    driver: { within: broken, apart: broken },
    subjects: new Map(),
  });
  expect(verdict).toBe("infra-failure");
  expect(steps.at(-1)?.problems[0]).toMatchObject({
    code: "HARNESS_FAILED",
    message: "the harness failed: nobody thought of this",
  });
});
