/** A subject that must be known: its exact name, or a fault that suggests the nearest ones. */
import { nearest } from "../kernel/index.ts";
import { make } from "./faults.ts";
import { knownPackages } from "./receipts.ts";
import type { Sight } from "./sight.ts";
import type { State } from "./state.ts";

const SHOWN_CHARACTERS_MAX = 120;
const COMPARED_CHARACTERS_MAX = 200;

/** The id of a package that is registered or in force, in capitals. @throws TRACE_SUBJECT_UNKNOWN */
export function knownPackage(sight: Sight, state: State, subject: string): string {
  for (const id of new Set([subject, subject.toUpperCase()])) {
    if (state.summaryOf(id) !== undefined) return id;
    if (state.at === null && sight.table("packages_registry").has(id)) return id;
  }
  const when = state.at === null ? "" : ` in force at ${state.at}`;
  throw unknown(subject, `there is no package ${shown(subject)}${when}`, [
    ...(state.at === null ? knownPackages(sight) : state.ids()),
  ]);
}

export function unknown(subject: string, message: string, names: readonly string[]) {
  const near =
    subject.length > COMPARED_CHARACTERS_MAX ? [] : nearest(subject.toUpperCase(), [...names]).slice(0, 5);
  const hint = near.length === 0 ? "" : `; did you mean ${near.join(" or ")}?`;
  return make("TRACE_SUBJECT_UNKNOWN", `${message}${hint}`, { subject: shown(subject), near });
}

/** Quoted and cut: it came from outside. */
export const shown = (text: string): string =>
  JSON.stringify(text.slice(0, SHOWN_CHARACTERS_MAX).toWellFormed());
