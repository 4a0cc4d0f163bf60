/** What a program that is started from code may do, and what becomes of it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { runGolden } from "../../src/golden/index.ts";
import { type GoldenOptions, runGoldenWith } from "../../src/golden/run-golden.ts";
import { temporaryFolder } from "../support/tree.ts";

const saying = (script: string, options: GoldenOptions = {}, subjects: string | string[] = "x") => {
  const program = join(temporaryFolder(), "program.mjs");
  writeFileSync(program, script);
  return runGoldenWith(nodeEffects(), [process.execPath, program], subjects, options);
};

test("words and flags reach the program; subjects are never flags", async () => {
  const script = `console.log(JSON.stringify({ totals: {}, scenarios: process.argv.slice(2) }))`;
  const options = { root: "/r", workers: 2, update: true, keep: true };
  expect((await saying(script, options, ["--a", "b"])).scenarios).toEqual([
    "run",
    "--root=/r",
    "--workers=2",
    "--update",
    "--keep",
    "--json",
    "--",
    "--a",
    "b",
  ]);
});

test("a refusal is the fault it would be at a terminal", async () => {
  await expect(runGolden("PKG-T3-NOBODY-001", { cwd: temporaryFolder() })).rejects.toMatchObject({
    name: "Fault",
    code: "SUBJECT_UNKNOWN",
    exit_code: 1,
  });
});

test("no answer is told with how it ended and what it said last", async () => {
  await expect(saying(`console.error("broken"); process.exit(3)`)).rejects.toMatchObject({
    code: "GOLDEN_UNANSWERED",
    message: "golden run ended with 3 and no report",
    details: { said: "broken\n" },
  });
  await expect(saying("setTimeout(() => {}, 60_000)", { timeout_ms: 300 })).rejects.toMatchObject({
    code: "GOLDEN_UNANSWERED",
    message: "golden run did not end within 300 ms",
  });
});

test("a test that is stopped stops its run", async () => {
  const stop = new AbortController();
  const running = saying("setTimeout(() => {}, 60_000)", { signal: stop.signal });
  setTimeout(() => stop.abort(new Error("enough")), 200);
  await expect(running).rejects.toThrow("enough");
});
