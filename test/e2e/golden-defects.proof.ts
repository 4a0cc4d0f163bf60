/** Twenty-odd plugins, each broken in one way: each is caught, with the step and the cause; the sound one is let be. */
import { expect, test } from "vitest";
import type { GoldenReport } from "../../src/contracts/index.ts";
import { DEFECTS, writeDefects } from "../harness/defects.ts";
import { runProgram } from "../support/cli.ts";
import { temporaryFolder } from "../support/tree.ts";

test("every seeded defect is found, at its step and by its cause", { timeout: 300_000 }, () => {
  const folder = temporaryFolder();
  writeDefects(folder);
  const home = temporaryFolder();
  const env = { PATH: process.env["PATH"] ?? "", HOME: home, TMPDIR: home };
  const { status, stdout, stderr } = runProgram("golden", ["run", ".", "--json"], { cwd: folder, env });
  expect(status, stderr).toBe(1);
  // One of them lets its secret out; the report does not.
  expect(stdout).not.toMatch(/planted-[0-9a-f]{32}/);
  const { scenarios, totals } = JSON.parse(stdout) as GoldenReport;
  expect(DEFECTS.length).toBeGreaterThan(20);
  expect(totals.scenarios).toBe(DEFECTS.length);
  for (const { name, found } of DEFECTS) {
    const steps = scenarios.find((one) => one.name === name)?.steps ?? [];
    const failed = steps.filter(({ verdict }) => verdict !== "pass" && verdict !== "not-run");
    const told = failed.flatMap(({ id, problems }) =>
      problems.map(({ code, message, subject = "" }) => ({ id, code, text: `${message} ${subject}` })),
    );
    if (found === undefined) expect([name, told]).toEqual([name, []]);
    else {
      const [step, code, cause] = found;
      const fits = told.filter(
        (one) =>
          new RegExp(`^${step}$`).test(one.id) &&
          new RegExp(`^${code}$`).test(one.code) &&
          cause.test(one.text),
      );
      expect(fits.length, `${name}: ${JSON.stringify(told)}`).toBeGreaterThan(0);
    }
  }
});
