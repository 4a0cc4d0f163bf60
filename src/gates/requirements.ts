/** What one version must have passed: each required scenario anywhere, and in each required cell its life or its matrix. */
import type { EvidenceCell, EvidenceTest, RequiredCell } from "../contracts/index.ts";
import type { RequiredScenario } from "../harness/index.ts";
import type { Subject } from "./book.ts";
import { MATRIX } from "./report-tests.ts";
import { CANONICAL, type GateRules } from "./rules.ts";

export interface Requirement {
  /** `canonical`, the name of a scenario, or `matrix` for a cell. */
  readonly scenario: string;
  /** Null where any will do. */
  readonly cell: RequiredCell | null;
  /** sha256 of the scenario as it is now; null where no file of it is here. */
  readonly scenario_digest: string | null;
  /** What fills it. */
  readonly command: string;
}

/** @param written scenarios of `golden/` that ask to be required and are about this package */
export function requirementsOf(
  subject: Subject,
  { scenarios, cells }: Pick<GateRules, "scenarios" | "cells">,
  written: readonly RequiredScenario[],
): Requirement[] {
  const by_name = new Map(written.map((one) => [one.name, one]));
  const own_canonical = written.find(({ canonical }) => canonical);
  const names = new Set(scenarios);
  for (const { name, canonical } of written) if (!canonical || !names.has(CANONICAL)) names.add(name);
  const of_scenarios = [...names].map((scenario) => {
    const file = scenario === CANONICAL ? own_canonical : by_name.get(scenario);
    const word = file?.path ?? `${subject.package_id}@${subject.version}`;
    return {
      scenario,
      cell: null,
      scenario_digest: file?.digest ?? null,
      command: `golden run ${shellWord(word)} --record`,
    };
  });
  return [...of_scenarios, ...cells.map((cell) => requiredCell(subject, cell))];
}

export const requiredCell = (subject: Subject, cell: RequiredCell): Requirement => ({
  scenario: MATRIX,
  cell,
  scenario_digest: null,
  command: matrixCommand(subject, cell),
});

/** A word with a blank in it would not be one word. */
const shellWord = (word: string): string =>
  /^[\w@./+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

function matrixCommand({ package_id, version }: Subject, cell: RequiredCell): string {
  const flags = (["host", "api", "python"] as const).flatMap((name) => {
    const value = cell[name];
    return value === undefined ? [] : [`--${name}s ${shellWord(value)}`];
  });
  return ["golden matrix", `${package_id}@${version}`, ...flags, "--record"].join(" ");
}

export const isAbout = ({ scenario }: Requirement, test: EvidenceTest): boolean => {
  if (scenario === MATRIX) return test.scenario === MATRIX || test.canonical;
  return scenario === CANONICAL ? test.canonical : test.scenario === scenario;
};

export const isInCell = (wanted: RequiredCell | null, { host, api, python }: EvidenceCell): boolean =>
  wanted === null || (isHost(wanted.host, host) && fits(wanted.api, api) && fits(wanted.python, python));

/** `workbench@2.0.0`, `workbench`, or a version alone, of whichever program. */
function isHost(wanted: string | undefined, actual: string): boolean {
  if (wanted === undefined || wanted === actual) return true;
  const [name = "", version = ""] = actual.split("@");
  const [first = "", second] = wanted.split("@");
  if (second !== undefined) return first === name && fits(second, version);
  return first === name || fits(first, version);
}

/** `3.12` is 3.12 and every 3.12.x. */
const fits = (wanted: string | undefined, actual: string): boolean =>
  wanted === undefined || actual === wanted || actual.startsWith(`${wanted}.`);

export const cellText = (cell: RequiredCell | null): string => {
  const parts = (["host", "api", "python"] as const).flatMap((name) =>
    cell?.[name] === undefined ? [] : [`${name} ${cell[name]}`],
  );
  return parts.length === 0 ? "" : ` [${parts.join(", ")}]`;
};
