/** Runs held against each other: what varies is named, what does not is counted. */
import { describe, expect, test } from "vitest";
import type { GoldenScenario, GoldenStep } from "../../src/contracts/index.ts";
import { type Contents, compareRuns, type Lived } from "../../src/harness/index.ts";

const step = (id: string, more: Partial<GoldenStep> = {}): GoldenStep => ({
  id,
  do: "execute",
  verdict: "pass",
  duration_ms: Math.round(Math.random() * 1000),
  exit_code: 0,
  fault: null,
  injected: null,
  counts: {},
  problems: [],
  trace: { output: { result: { n: 1 } }, events: ["a"], changes: ["+ x"] },
  ...more,
});
const life = (...steps: GoldenStep[]): Lived[] => [{ contents: new Map(), scenario: scenarioOf(steps) }];
const scenarioOf = (steps: GoldenStep[]): GoldenScenario => ({
  name: "life",
  title: "life",
  canonical: true,
  required: true,
  scenario_digest: "c".repeat(64),
  verdict: "pass",
  duration_ms: 1,
  packages: [],
  steps,
});
const answering = (output: GoldenStep["trace"] extends infer T ? NonNullable<T> : never, id = "execute-1") =>
  step(id, { trace: output });
const trace = { output: { result: { n: 1 } }, events: ["a"], changes: ["+ x"] };

test("times do not count, and every step of every run does", () => {
  const runs = [1, 2, 3].map(() => life(step("install"), step("execute-1")));
  expect(compareRuns(runs)).toEqual({ runs: 3, scenarios: 1, steps: 4, variations: [] });
});

describe("what varies", () => {
  test.each([
    ["a number in the answer", { ...trace, output: { result: { n: 2 } } }, "output", "/result/n", "1", "2"],
    [
      "a field that is there at times",
      { ...trace, output: { result: { n: 1, m: 1 } } },
      "output",
      "/result/m",
      "nothing",
      "1",
    ],
    ["an answer that is gone", { ...trace, output: null }, "output", "/", '{"result":{"n":1}}', "null"],
    ["an entry of the ledger", { ...trace, events: ["a", "b"] }, "events", null, "nothing", "b"],
    ["a path that changed", { ...trace, changes: ["+ y"] }, "changes", null, "+ x", "+ y"],
  ])("%s", (_, other, what, pointer, first, second) => {
    const runs = [life(answering(trace)), life(answering(trace)), life(answering(other))];
    expect(compareRuns(runs).variations).toEqual([
      { scenario: "life", step: "execute-1", what, pointer, path: null, run: 3, first, other: second },
    ]);
  });

  test("an exit code, a fault, a step that is not there; each once, and of each run only the first", () => {
    const good = life(step("a"), step("b"));
    const bad = life(step("a", { exit_code: 3, fault: "X_Y", verdict: "fail" }), step("b", { exit_code: 1 }));
    const short = life(step("a"));
    expect(compareRuns([good, bad, bad, short]).variations).toEqual([
      {
        scenario: "life",
        step: "a",
        what: "exit_code",
        pointer: null,
        path: null,
        run: 2,
        first: "0",
        other: "3",
      },
      {
        scenario: "life",
        step: "b",
        what: "steps",
        pointer: null,
        path: null,
        run: 4,
        first: "b",
        other: "nothing",
      },
    ]);
  });
});

describe("what stands in the files a step wrote", () => {
  const file = (text: string | null, more: { digest?: string; mode?: string } = {}) => ({
    mode: "0644",
    digest: text ?? "",
    text,
    ...more,
  });
  const writing = (files: Record<string, ReturnType<typeof file>>): Lived[] => {
    const contents: Contents = new Map(Object.entries(files));
    return [{ scenario: scenarioOf([step("execute-1")]), contents: new Map([["execute-1", contents]]) }];
  };
  const about = { scenario: "life", step: "execute-1", what: "contents", pointer: null, run: 2 };

  test.each([
    ["a line", file("a\nb\n"), file("a\nc\n"), "line 2: b", "line 2: c"],
    ["its end", file("a\nb"), file("a"), "line 2: b", "the end"],
    ["what is no text", file(null, { digest: "1" }), file(null, { digest: "2" }), "sha256 1", "sha256 2"],
    ["its mode", file("a"), file("a", { mode: "0755" }), "mode 0644", "mode 0755"],
  ])("%s", (_, one, other, first, second) => {
    const runs = [
      writing({ "plane/a": file("same"), "plane/x": one }),
      writing({ "plane/a": file("same"), "plane/x": other }),
    ];
    expect(compareRuns(runs).variations).toEqual([{ ...about, path: "plane/x", first, other: second }]);
    expect(compareRuns([runs[0] ?? [], runs[0] ?? []]).variations).toEqual([]);
  });
});
