/** The golden harness for tests of plugins: a run as a function, and matchers for what it found. */
import { fileURLToPath } from "node:url";
import type { GoldenReport } from "../contracts/index.ts";
import { nodeEffects } from "../effects/node/index.ts";
import { type GoldenOptions, runGoldenWith } from "./run-golden.ts";

export type { GoldenProblem, GoldenReport, GoldenScenario, GoldenStep } from "../contracts/index.ts";
export { Fault } from "../kernel/index.ts";
export { goldenFaults } from "./faults.ts";
export { goldenStep } from "./find-step.ts";
export { goldenMatchers, type Matched } from "./matchers.ts";
export type { GoldenOptions } from "./run-golden.ts";

/** Beside `dist/lib/golden`, or `src/golden`. */
const PROGRAM = ["../../../bin/golden.cjs", "../../bin/golden.cjs"] as const;

/**
 * Runs lives of packages, from install to uninstall, in planes of their own. The report of a failure is a report, too:
 * hold it against `expect(report).toPassGolden()`.
 *
 * ```ts
 * const report = await runGolden("greeter", { cwd: import.meta.dirname });
 * ```
 * @param subjects scenario files, folders of them, source folders or package ids; `[]` means everything below the root
 * @throws Fault what `golden run` refuses with, GOLDEN_UNANSWERED
 */
export async function runGolden(
  subjects: string | readonly string[],
  options: GoldenOptions = {},
): Promise<GoldenReport> {
  const effects = nodeEffects();
  const places = PROGRAM.map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const program = places.find((path) => effects.fs.stat(path)?.kind === "file") ?? places[0] ?? "golden";
  return runGoldenWith(effects, [process.execPath, program], subjects, options);
}
