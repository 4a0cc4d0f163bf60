/** Matchers on reports made by hand: what passes, what does not, and what they then say. */
import { describe, expect, test } from "vitest";
import type { GoldenReport, GoldenScenario, GoldenStep } from "../../src/contracts/index.ts";
import { goldenMatchers, goldenStep } from "../../src/golden/index.ts";
import type { GoldenMatchers } from "../../src/golden/vitest.ts";

expect.extend(goldenMatchers);

const step = (id: string, more: Partial<GoldenStep> = {}): GoldenStep => ({
  id,
  do: id,
  verdict: "pass",
  duration_ms: 1,
  exit_code: 0,
  fault: null,
  injected: null,
  counts: { checks: 1 },
  problems: [],
  trace: { output: null, events: [], changes: [] },
  ...more,
});

const scenario = (name: string, ...steps: GoldenStep[]): GoldenScenario => ({
  name,
  title: name,
  canonical: false,
  required: true,
  scenario_digest: "0".repeat(64),
  verdict: steps.find(({ verdict }) => verdict !== "pass")?.verdict ?? "pass",
  duration_ms: 1,
  packages: [],
  steps,
});

const report = (...scenarios: GoldenScenario[]): GoldenReport =>
  ({
    schema_version: "1.0",
    totals: { scenarios: scenarios.length, steps: 2, passed: 1, failed: 0, checks: 2 },
    scenarios,
  }) as unknown as GoldenReport;

const BROKEN = step("execute", {
  verdict: "fail",
  problems: [
    {
      code: "OUTPUT",
      message: "the answer has 2 at /n",
      expected: "1",
      actual: "2",
      next_step: "Correct the plugin.",
    },
  ],
});
const GOOD = report(scenario("life", step("install"), step("execute")));
const BAD = report(
  scenario("first", step("install")),
  scenario("life", step("install"), BROKEN, step("uninstall", { verdict: "not-run" })),
);

const saying = (run: () => void): string => {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it passed");
};

test("what the types offer is what there is", () => {
  const names: Record<keyof GoldenMatchers<void>, true> = {
    toPassGolden: true,
    toPassGoldenAt: true,
    toFailGoldenAt: true,
    toMatchRecording: true,
  };
  expect(Object.keys(goldenMatchers).sort()).toEqual(Object.keys(names).sort());
});

describe("toPassGolden", () => {
  test("passes where all passed, and says step, code, values and next step where not", () => {
    expect(GOOD).toPassGolden();
    expect(BAD).not.toPassGolden();
    expect(saying(() => expect(BAD).toPassGolden())).toBe(
      [
        "expected every scenario to pass",
        "  life/execute: fail",
        "    [OUTPUT] the answer has 2 at /n",
        "      expected 1, got 2",
        "      next: Correct the plugin.",
      ].join("\n"),
    );
    expect(saying(() => expect(GOOD).not.toPassGolden())).toContain("all passed: 1 scenarios");
  });

  test("nothing that ran is no success, and neither is a scenario without a step", () => {
    expect(saying(() => expect(report()).toPassGolden())).toContain("none ran");
    const empty = report({ ...scenario("none"), verdict: "not-run" });
    expect(saying(() => expect(empty).toPassGolden())).toContain("none/(no step): not-run");
  });

  test("what is no report fails either way", () => {
    for (const wrong of [undefined, Promise.resolve(GOOD), { cells: [] }]) {
      expect(() => expect(wrong).toPassGolden()).toThrow(TypeError);
      expect(() => expect(wrong).not.toPassGolden()).toThrow(TypeError);
    }
  });
});

describe("toPassGoldenAt and toFailGoldenAt", () => {
  test("hold one step against a verdict and a code", () => {
    expect(BAD).toPassGoldenAt("install");
    expect(BAD).toFailGoldenAt("execute");
    expect(BAD).toFailGoldenAt("life/execute", "OUTPUT");
    expect(BAD).not.toFailGoldenAt("execute", "RESIDUE");
    // What did not run did neither.
    expect(BAD).not.toPassGoldenAt("uninstall");
    expect(BAD).not.toFailGoldenAt("uninstall");
    expect(saying(() => expect(BAD).toFailGoldenAt("execute", "RESIDUE"))).toContain("[OUTPUT]");
    expect(saying(() => expect(GOOD).toFailGoldenAt("execute"))).toContain("every scenario passed");
    expect(saying(() => expect(BAD).toPassGoldenAt("uninstall"))).toContain("it is not-run");
  });

  test("a step that is not there is no answer", () => {
    expect(() => expect(GOOD).not.toFailGoldenAt("exekute")).toThrow('no scenario has a step "exekute"');
    expect(() => goldenStep(GOOD, "exekute")).toThrow(
      expect.objectContaining({ code: "GOLDEN_STEP_UNKNOWN", next_step: "Did you mean execute?" }),
    );
    expect(goldenStep(BAD, "life/execute")).toBe(BROKEN);
  });
});

test("toMatchRecording wants every scenario held against a recording", () => {
  const same = scenario("life", step("install"), step("recording"));
  expect(report(same)).toMatchRecording();
  expect(report()).not.toMatchRecording();
  expect(saying(() => expect(report(same, scenario("other", step("install")))).toMatchRecording())).toContain(
    'other was not held against a recording: write "record = true"',
  );
  const differs = step("recording", {
    verdict: "fail",
    problems: [{ ...BROKEN.problems[0]!, code: "RECORDING" }],
  });
  expect(saying(() => expect(report(scenario("life", differs))).toMatchRecording())).toContain("[RECORDING]");
});
