/** `name[#n]=action[,action]` separated by `;` to rules. */
import { nearest } from "../../kernel/index.ts";
import { ARTEFACTS, PHASES, VERBS } from "./catalogue.ts";
import { make } from "./faults.ts";

export type Action =
  | { readonly kind: "kill" | "torn" | "lost" }
  | { readonly kind: "error"; readonly code: "EIO" | "ENOSPC" | "EACCES" | "EMFILE" }
  | { readonly kind: "delay"; readonly duration_ms: number };

export interface Rule {
  /** As written, without the actions. */
  readonly name: string;
  /** Phase, artefact, verb; `*` is any. */
  readonly segments: readonly [string, string, string];
  /** From 1; undefined is every occurrence. */
  readonly occurrence: number | undefined;
  readonly actions: readonly Action[];
}

const ERROR_CODES = ["EIO", "ENOSPC", "EACCES", "EMFILE"] as const;
const KNOWN = [PHASES, ARTEFACTS, VERBS].map((names) => Object.keys(names));

/** @throws FAILPOINT_INVALID naming the part that cannot be read */
export function parseFailpoints(spec: string): Rule[] {
  const parts = spec.split(";").map((part) => part.trim());
  return parts.filter((part) => part !== "").map(parseRule);
}

function parseRule(part: string): Rule {
  const [, name = "", count, actions] = /^([^#=]+)(?:#(\d+|every))?=(.+)$/.exec(part) ?? [];
  if (actions === undefined)
    throw refused(part, "it must read name=action, such as activate.file.rename#3=kill");
  if (count === "0") throw refused(part, "occurrences are counted from 1");
  return {
    name: part.slice(0, part.indexOf("=")),
    segments: parseName(part, name),
    occurrence: count === "every" ? undefined : Number(count ?? 1),
    actions: actions.split(",").map((action) => {
      const parsed = parseAction(action.trim());
      if (parsed === undefined) throw refused(part, `there is no action ${action}`);
      return parsed;
    }),
  };
}

const refused = (part: string, problem: string) =>
  make("FAILPOINT_INVALID", `failpoint ${part}: ${problem}`, { part, problem });

function parseName(part: string, name: string): Rule["segments"] {
  const short = /^phase\.([a-z-]+)$/.exec(name)?.[1];
  const segments = short === undefined ? name.split(".") : [short, "*", "*"];
  const [phase, artefact, verb] = segments;
  if (segments.length !== 3 || phase === undefined || artefact === undefined || verb === undefined)
    throw refused(part, "a name has three parts: phase.artefact.verb");
  for (const [index, segment] of segments.entries()) {
    const known = KNOWN[index] ?? [];
    if (segment === "*" || known.includes(segment)) continue;
    const [near] = nearest(segment, known);
    throw refused(part, `there is no ${segment}${near === undefined ? "" : `; did you mean ${near}?`}`);
  }
  return [phase, artefact, verb];
}

function parseAction(text: string): Action | undefined {
  if (text === "kill" || text === "torn" || text === "lost") return { kind: text };
  const code = ERROR_CODES.find((one) => text === `error:${one}`);
  if (code !== undefined) return { kind: "error", code };
  const duration = /^delay:(\d{1,6})$/.exec(text)?.[1];
  return duration === undefined ? undefined : { kind: "delay", duration_ms: Number(duration) };
}
