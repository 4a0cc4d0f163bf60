/** Lives of the greeter, each in a plane of its own: npm install, then npx vitest run. */
import { fileURLToPath } from "node:url";
import { goldenMatchers, goldenStep, runGolden } from "holdfast/golden";
import "holdfast/golden/vitest";
import { expect, test } from "vitest";

expect.extend(goldenMatchers);

const cwd = fileURLToPath(new URL("..", import.meta.url));

test("the greeter lives its canonical life as recorded", { timeout: 120_000 }, async ({ signal }) => {
  const report = await runGolden("golden/greeter.toml", { cwd, signal });
  expect(report).toPassGolden();
  expect(report).toMatchRecording();
  expect(goldenStep(report, "execute-1").trace?.output).toEqual({ greeting: "Hello, Ada!" });
});

test("a patch version that answers otherwise is found", { timeout: 120_000 }, async ({ signal }) => {
  const report = await runGolden("golden/next-answers-otherwise.toml", { cwd, signal });
  expect(report).not.toPassGolden();
  expect(report).toPassGoldenAt("update");
  expect(report).toFailGoldenAt("execute-updated-1", "OUTPUT");
});
