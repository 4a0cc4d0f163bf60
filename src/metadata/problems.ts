/** Problems of one file, first with pointers alone, then with places: a Fault each, so that checks and commands say the same. */
import type { Finding } from "../contracts/index.ts";
import type { Details, Fault } from "../kernel/index.ts";
import { make, type PlacedCode } from "./faults.ts";
import type { Place, Syntax } from "./place.ts";
import { locate } from "./positions.ts";

/** One problem before its place is known. */
export interface Problem {
  readonly code: PlacedCode;
  /** What follows the file and pointer: "is not a known field". */
  readonly message: string;
  /** In the file's own terms. */
  readonly pointer: string;
  readonly of?: "key" | "value";
  /** Where it is known already. */
  readonly place?: Place;
  readonly details?: Details;
}

export interface Subject {
  /** File name, relative to the source folder. */
  readonly path: string;
  /** What "pkg preflight" is told to judge it again. */
  readonly judged: string;
  readonly text: string;
  readonly syntax: Syntax;
}

/** In the order of the file. */
export async function placed(subject: Subject, problems: readonly Problem[]): Promise<Fault[]> {
  const wanted = problems.map(({ pointer, of = "value" }) => ({ pointer, of }));
  const places = await locate(subject.text, subject.syntax, wanted);
  const end =
    subject.syntax === "json" && problems.some(({ code }) => code === "METADATA_SYNTAX")
      ? (await import("./json-places.ts")).firstJsonError(subject.text)
      : undefined;
  const placeOf = ({ code, place }: Problem, index: number): Place =>
    place ?? (code === "METADATA_SYNTAX" ? end : undefined) ?? places[index] ?? { line: 1, column: 1 };
  return problems
    .map((problem, index) => ({ problem, at: placeOf(problem, index) }))
    .sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column)
    .map(({ problem, at }) => fault(subject, problem, at));
}

function fault({ path, judged }: Subject, { code, message, pointer, details }: Problem, at: Place): Fault {
  return make(code, `${path} ${pointer} ${message}`, { ...details, path, field: pointer, judged, ...at });
}

/** A problem as a finding: the same code, sentence and next step, with its place. */
export function findingOf({ code, message, next_step, details }: Fault): Finding {
  const { path, field, line, column } = details;
  return {
    code,
    severity: "error",
    message,
    next_step,
    ...(typeof path === "string" ? { path } : {}),
    ...(typeof field === "string" ? { field } : {}),
    ...(typeof line === "number" ? { line } : {}),
    ...(typeof column === "number" ? { column } : {}),
  };
}
