/** What one version must have passed: each required scenario, in each required cell. */
import type { EvidenceCell, EvidenceTest, RequiredCell } from "../contracts/index.ts";
import type { RequiredScenario } from "../harness/index.ts";
import type { Subject } from "./book.ts";
import { CANONICAL, type GateRules } from "./rules.ts";

export interface Requirement {
  /** `canonical`, or the name of a scenario. */
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
  return [...names].flatMap((scenario) => {
    const file = scenario === CANONICAL ? own_canonical : by_name.get(scenario);
    const word = file?.path ?? `${subject.package_id}@${subject.version}`;
    return (cells.length === 0 ? [null] : cells).map((cell) => ({
      scenario,
      cell,
      scenario_digest: file?.digest ?? null,
      command: commandFor(word, cell),
    }));
  });
}

/** A word with a blank in it would not be one word. */
function commandFor(word: string, cell: RequiredCell | null): string {
  const subject = /^[\w@./+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
  if (cell === null) return `golden run ${subject} --record`;
  const flags = (["host", "api", "python"] as const).flatMap((name) =>
    cell[name] === undefined ? [] : [`--${name} ${cell[name]}`],
  );
  return ["golden matrix", subject, ...flags, "--record"].join(" ");
}

export const isAbout = ({ scenario }: Requirement, test: EvidenceTest): boolean =>
  scenario === CANONICAL ? test.canonical : test.scenario === scenario;

export const isInCell = (wanted: RequiredCell | null, { host, api, python }: EvidenceCell): boolean =>
  wanted === null || (fits(wanted.host, host) && fits(wanted.api, api) && fits(wanted.python, python));

/** `3.12` is 3.12 and every 3.12.x. */
const fits = (wanted: string | undefined, actual: string): boolean =>
  wanted === undefined || actual === wanted || actual.startsWith(`${wanted}.`);

export const cellText = (cell: RequiredCell | null): string => {
  const parts = (["host", "api", "python"] as const).flatMap((name) =>
    cell?.[name] === undefined ? [] : [`${name} ${cell[name]}`],
  );
  return parts.length === 0 ? "" : ` [${parts.join(", ")}]`;
};
