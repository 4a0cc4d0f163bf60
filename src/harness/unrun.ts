/** Steps and scenarios that were not done. */
import type { GoldenScenario, GoldenStep } from "../contracts/index.ts";
import type { Fault } from "../kernel/index.ts";

export const notRun = (id: string, what: string): GoldenStep => ({
  id,
  do: what,
  verdict: "not-run",
  duration_ms: 0,
  exit_code: null,
  fault: null,
  injected: null,
  counts: {},
  problems: [],
  trace: null,
});

type Head = Pick<GoldenScenario, "name" | "title" | "canonical" | "required" | "scenario_digest">;

/** A scenario of which nothing is known but why. */
export const unrunScenario = (head: Head, why: GoldenStep): GoldenScenario => ({
  ...head,
  verdict: why.verdict,
  duration_ms: 0,
  packages: [],
  steps: [why],
});

/** What cannot even be packed is the package's own fault; anything else says nothing of it. */
export const brokenWorld = ({ code, message, next_step, exit_code, details }: Fault): GoldenStep => ({
  ...notRun("world", "prepare"),
  verdict: code === "SCENARIO_PACKAGE" || details["operation"] === "pack" ? "fail" : "infra-failure",
  exit_code,
  fault: code,
  problems: [{ code, message, next_step }],
});
