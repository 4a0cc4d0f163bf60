/** What can be wrong with a step, and what to do about each. */
import type { GoldenProblem } from "../contracts/index.ts";

export const PROBLEMS = {
  EXIT_CODE: "It ended otherwise than expected.",
  FAULT_CODE: "It was refused with another code than expected.",
  STATE: "Another version is installed than expected.",
  PLUGIN_STATE: "A plugin is in another state than expected.",
  FILE: "A file is missing, or there though it should not be.",
  ROW: "A registry does not hold the row that was expected.",
  EVENTS: "The ledger did not get the entries that were expected.",
  OUTPUT: "The answer is not what was expected.",
  INTEGRITY: "The plane is not whole after the step.",
  LEDGER: "The ledger does not verify after the step.",
  NOT_RESTORED: "A step that failed left something changed.",
  RESIDUE: "Something was left behind, or taken away, that no rule explains.",
  PROCESS_LEFT: "A process was still running.",
  PORT_LEFT: "A port was still open.",
  SECRET_SHOWN: "A secret stands where it must not.",
  DENIED: "It tried what it was not granted.",
  VARIES: "It answered differently when asked the same again.",
  API_UNRECORDED: "It asked an API for something that was not recorded.",
  OUTPUT_CHANGED: "A patch version answers differently than the version before.",
  RECORDING: "It differs from the recording.",
  INJECTION_UNREACHED: "The failure that was to be injected never happened.",
  TAMPER_UNSEEN: "A change of a governed file was not found.",
  CONCURRENT: "A command that ran with others died, or ended without a code.",
  HOST: "A host program could not be used, or is not what it says.",
  PREFLIGHT: "Preflight finds something against it that has nothing to do with the cell.",
  NOT_REFUSED: "It lies outside its declared ranges, and nothing refused it.",
  NOT_RUN: "A cell of the matrix was not run.",
  ENVIRONMENT: "Variables of the harness were changed.",
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

export interface About {
  readonly subject?: string | undefined;
  readonly expected?: string | undefined;
  readonly actual?: string | undefined;
}

export function problem(code: ProblemCode, message: string, about: About, next_step: string): GoldenProblem {
  const { subject, expected, actual } = about;
  return {
    code,
    message,
    ...(subject === undefined ? {} : { subject }),
    ...(expected === undefined ? {} : { expected }),
    ...(actual === undefined ? {} : { actual }),
    next_step,
  };
}
