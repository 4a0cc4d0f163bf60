/**
 * Runs of the same scenarios held against each other, step by step: exit code, fault, answer, events and changed paths, each
 * with what the declared rules of `normalise.ts` and of the scenario replace.
 */
import type { GoldenScenario, GoldenStep, GoldenTrace } from "../contracts/index.ts";
import { subsetMismatches } from "./json-match.ts";

export interface Variation {
  readonly scenario: string;
  readonly step: string;
  /** What of the step varies. */
  readonly what: "steps" | "verdict" | "exit_code" | "fault" | "output" | "events" | "changes";
  /** JSON pointer into the answer; null for everything else. */
  readonly pointer: string | null;
  /** From 1: the first run that differs from the first one. */
  readonly run: number;
  readonly first: string;
  readonly other: string;
}

export interface Compared {
  readonly runs: number;
  readonly scenarios: number;
  /** Steps that were held against each other, all runs together. */
  readonly steps: number;
  readonly variations: readonly Variation[];
}

/** @param runs at least two, of the same scenarios in the same order */
export function compareRuns(runs: readonly (readonly GoldenScenario[])[]): Compared {
  const [first = [], ...others] = runs;
  const variations = first.flatMap((scenario, index) => varying(scenario, index, others));
  return {
    runs: runs.length,
    scenarios: first.length,
    steps: first.reduce((sum, { steps }) => sum + steps.length, 0) * others.length,
    variations,
  };
}

/** Of each scenario what varies first: what follows from it says nothing of its own. */
function varying(
  scenario: GoldenScenario,
  index: number,
  others: readonly (readonly GoldenScenario[])[],
): Variation[] {
  const found: Variation[] = [];
  for (const [at, other] of others.entries()) {
    const differing = firstDifference(scenario, other[index], at + 2);
    if (differing !== undefined && !found.some((one) => isSame(one, differing))) found.push(differing);
  }
  return found;
}

const isSame = (one: Variation, other: Variation): boolean =>
  one.step === other.step && one.what === other.what && one.pointer === other.pointer;

function firstDifference(
  scenario: GoldenScenario,
  other: GoldenScenario | undefined,
  run: number,
): Variation | undefined {
  const about = { scenario: scenario.name, run };
  for (const [at, step] of scenario.steps.entries()) {
    const beside = other?.steps[at];
    if (beside?.id !== step.id)
      return {
        ...about,
        step: step.id,
        what: "steps",
        pointer: null,
        first: step.id,
        other: beside?.id ?? "nothing",
      };
    const [what, pointer, first, second] = differenceOf(step, beside) ?? [];
    if (what === undefined) continue;
    return {
      ...about,
      step: step.id,
      what,
      pointer: pointer ?? null,
      first: first ?? "",
      other: second ?? "",
    };
  }
  return undefined;
}

type Difference = readonly [Variation["what"], string | null, string, string];

const NOTHING: GoldenTrace = { output: null, events: [], changes: [] };

function differenceOf(one: GoldenStep, other: GoldenStep): Difference | undefined {
  const [first, second] = [one.trace ?? NOTHING, other.trace ?? NOTHING];
  return (
    outputDifference(first.output, second.output) ??
    textDifference("exit_code", one.exit_code, other.exit_code) ??
    textDifference("fault", one.fault, other.fault) ??
    listDifference("events", first.events, second.events) ??
    listDifference("changes", first.changes, second.changes) ??
    textDifference("verdict", one.verdict, other.verdict)
  );
}

/** What one answer holds and the other has not, or otherwise. */
function outputDifference(one: unknown, other: unknown): Difference | undefined {
  const [forth] = subsetMismatches(other, one);
  if (forth !== undefined) return ["output", forth.pointer, forth.expected, forth.actual];
  const [back] = subsetMismatches(one, other);
  return back === undefined ? undefined : ["output", back.pointer, back.actual, back.expected];
}

const textDifference = (
  what: Variation["what"],
  one: string | number | null,
  other: string | number | null,
): Difference | undefined =>
  one === other ? undefined : [what, null, String(one ?? "none"), String(other ?? "none")];

/** What one of them has and the other has not, else that they come in another order. */
function listDifference(
  what: Variation["what"],
  one: readonly string[],
  other: readonly string[],
): Difference | undefined {
  const at = one.findIndex((line, index) => other[index] !== line);
  const differs = at >= 0 ? at : one.length === other.length ? -1 : one.length;
  if (differs < 0) return undefined;
  return [what, null, one[differs] ?? "nothing", other[differs] ?? "nothing"];
}
