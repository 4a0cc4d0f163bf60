/**
 * Runs of the same scenarios held against each other, step by step: exit code, fault, answer, events, changed paths and what
 * stands in them, each with what the declared rules of `normalise.ts` and of the scenario replace.
 */
import type { GoldenScenario, GoldenStep, GoldenTrace } from "../contracts/index.ts";
import { subsetMismatches } from "./json-match.ts";
import type { Content, Contents } from "./judge/contents.ts";

/** One scenario as it was run once. */
export interface Lived {
  readonly scenario: GoldenScenario;
  /** By step. */
  readonly contents: ReadonlyMap<string, Contents>;
}

export interface Variation {
  readonly scenario: string;
  readonly step: string;
  /** What of the step varies. */
  readonly what: "steps" | "verdict" | "exit_code" | "fault" | "output" | "events" | "changes" | "contents";
  /** JSON pointer into the answer; null for everything else. */
  readonly pointer: string | null;
  /** Of the file whose contents vary, such as `plane/modules/x.txt`; null for everything else. */
  readonly path: string | null;
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
export function compareRuns(runs: readonly (readonly Lived[])[]): Compared {
  const [first = [], ...others] = runs;
  const variations = first.flatMap((lived, index) => varying(lived, index, others));
  return {
    runs: runs.length,
    scenarios: first.length,
    steps: first.reduce((sum, { scenario: { steps } }) => sum + steps.length, 0) * others.length,
    variations,
  };
}

/** Of each scenario what varies first: what follows from it says nothing of its own. */
function varying(lived: Lived, index: number, others: readonly (readonly Lived[])[]): Variation[] {
  const found: Variation[] = [];
  for (const [at, other] of others.entries()) {
    const differing = firstDifference(lived, other[index], at + 2);
    if (differing !== undefined && !found.some((one) => isSame(one, differing))) found.push(differing);
  }
  return found;
}

const isSame = (one: Variation, other: Variation): boolean =>
  one.step === other.step &&
  one.what === other.what &&
  one.pointer === other.pointer &&
  one.path === other.path;

function firstDifference(
  { scenario, contents }: Lived,
  other: Lived | undefined,
  run: number,
): Variation | undefined {
  for (const [at, step] of scenario.steps.entries()) {
    const about = { scenario: scenario.name, run, step: step.id, pointer: null, path: null };
    const beside = other?.scenario.steps[at];
    if (beside?.id !== step.id)
      return { ...about, what: "steps", first: step.id, other: beside?.id ?? "nothing" };
    const files = [contents.get(step.id), other?.contents.get(step.id)] as const;
    const difference = differenceOf(step, beside) ?? contentDifference(...files) ?? verdictOf(step, beside);
    if (difference !== undefined) return { ...about, ...difference };
  }
  return undefined;
}

type Difference = Pick<Variation, "what" | "first" | "other"> & Partial<Pick<Variation, "pointer" | "path">>;

const NOTHING: GoldenTrace = { output: null, events: [], changes: [] };

function differenceOf(one: GoldenStep, other: GoldenStep): Difference | undefined {
  const [first, second] = [one.trace ?? NOTHING, other.trace ?? NOTHING];
  return (
    outputDifference(first.output, second.output) ??
    textDifference("exit_code", one.exit_code, other.exit_code) ??
    textDifference("fault", one.fault, other.fault) ??
    listDifference("events", first.events, second.events) ??
    listDifference("changes", first.changes, second.changes)
  );
}

const verdictOf = (one: GoldenStep, other: GoldenStep): Difference | undefined =>
  textDifference("verdict", one.verdict, other.verdict);

const NO_FILES: Contents = new Map();

/** The first file that both wrote, and otherwise. */
function contentDifference(one: Contents = NO_FILES, other: Contents = NO_FILES): Difference | undefined {
  for (const [path, content] of one) {
    const beside = other.get(path);
    if (beside === undefined || isSameContent(content, beside)) continue;
    const [first, second] = shownDifference(content, beside);
    return { what: "contents", path, first, other: second };
  }
  return undefined;
}

export const isSameContent = (one: Content, other: Content): boolean =>
  one.digest === other.digest && one.mode === other.mode;

const SHOWN_MAX = 200;

/** Modes, else the first line that differs, else digests. */
function shownDifference(one: Content, other: Content): readonly [string, string] {
  if (one.mode !== other.mode) return [`mode ${one.mode}`, `mode ${other.mode}`];
  if (one.text === null || other.text === null) return [`sha256 ${one.digest}`, `sha256 ${other.digest}`];
  const [lines, others] = [one.text.split("\n"), other.text.split("\n")];
  const at = lines.findIndex((line, index) => line !== others[index]);
  const number = at < 0 ? lines.length : at;
  const shown = (line: string | undefined): string =>
    line === undefined ? "the end" : `line ${number + 1}: ${line.slice(0, SHOWN_MAX)}`;
  return [shown(lines[number]), shown(others[number])];
}

/** What one answer holds and the other has not, or otherwise. */
function outputDifference(one: unknown, other: unknown): Difference | undefined {
  const [forth] = subsetMismatches(other, one);
  if (forth !== undefined)
    return { what: "output", pointer: forth.pointer, first: forth.expected, other: forth.actual };
  const [back] = subsetMismatches(one, other);
  return back === undefined
    ? undefined
    : { what: "output", pointer: back.pointer, first: back.actual, other: back.expected };
}

const textDifference = (
  what: Variation["what"],
  one: string | number | null,
  other: string | number | null,
): Difference | undefined =>
  one === other ? undefined : { what, first: String(one ?? "none"), other: String(other ?? "none") };

/** What one of them has and the other has not, else that they come in another order. */
function listDifference(
  what: Variation["what"],
  one: readonly string[],
  other: readonly string[],
): Difference | undefined {
  const at = one.findIndex((line, index) => other[index] !== line);
  const differs = at >= 0 ? at : one.length === other.length ? -1 : one.length;
  if (differs < 0) return undefined;
  return { what, first: one[differs] ?? "nothing", other: other[differs] ?? "nothing" };
}
