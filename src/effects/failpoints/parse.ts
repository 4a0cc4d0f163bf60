/** `name[#n]=action[,action]` separated by `;` to rules. Nothing that could not be meant gets through. */
import { nearest } from "../../kernel/index.ts";
import { ACTIONS, type ActionName, ARTEFACTS, CATALOGUE, makesSense, PHASES, VERBS } from "./catalogue.ts";
import { make } from "./faults.ts";

export type Action =
  | { readonly kind: "kill" | "torn" | "lost"; readonly name: ActionName }
  | { readonly kind: "error"; readonly name: ActionName; readonly code: string }
  | { readonly kind: "delay"; readonly name: ActionName; readonly duration_ms: number };

export interface Rule {
  /** As written, without the actions. */
  readonly name: string;
  /** Phase, artefact, verb; `*` is any. */
  readonly segments: readonly [string, string, string];
  /** From 1; undefined is every occurrence. */
  readonly occurrence: number | undefined;
  readonly actions: readonly Action[];
}

const SEGMENTS = [
  ["phase", Object.keys(PHASES)],
  ["artefact", Object.keys(ARTEFACTS)],
  ["verb", Object.keys(VERBS)],
] as const;
const SHOWN_MAX = 120;

type Refuse = (problem: string) => never;

/** @throws FAILPOINT_INVALID naming the part that cannot be read and the name nearest to it */
export function parseFailpoints(spec: string): readonly Rule[] {
  const parts = spec.split(";").map((part) => part.trim());
  const rules = parts.filter((part) => part !== "").map(parseRule);
  if (rules.length === 0) refuseIn(spec)("it names no point");
  return rules;
}

function refuseIn(part: string): Refuse {
  const shown = part.slice(0, SHOWN_MAX).toWellFormed();
  return (problem) => {
    throw make("FAILPOINT_INVALID", `HOLDFAST_FAILPOINTS, "${shown}": ${problem.toWellFormed()}`, {
      part: shown,
      problem: problem.toWellFormed(),
    });
  };
}

function parseRule(part: string): Rule {
  const refuse: Refuse = refuseIn(part);
  const at = part.indexOf("=");
  const name = part.slice(0, Math.max(0, at)).trim();
  const [point = "", count, ...more] = name.split("#");
  if (at < 0 || point === "" || more.length > 0)
    return refuse("it must read name=action, such as activate.file.rename#3=kill");
  const segments = parseName(point, refuse);
  const actions = part
    .slice(at + 1)
    .split(",")
    .map((text) => parseAction(text.trim(), refuse));
  for (const { name: action } of actions) requireSense(action, segments, refuse);
  return { name, segments, occurrence: parseCount(count, refuse), actions };
}

/** `phase.NAME` is short for `NAME.*.*`. */
function parseName(point: string, refuse: Refuse): Rule["segments"] {
  const given = point.split(".");
  const [first = "", second = "", third = ""] =
    given.length === 2 && given[0] === "phase" ? [given[1], "*", "*"] : given;
  if (given.length !== 3 && given[0] !== "phase")
    return refuse("a name has three parts, phase.artefact.verb, or reads phase.NAME");
  const segments = [first, second, third] as const;
  for (const [index, [what, known]] of SEGMENTS.entries()) {
    const segment = segments[index] ?? "";
    if (segment !== "*" && !known.includes(segment))
      return refuse(`there is no ${what} "${segment.slice(0, SHOWN_MAX)}"${suggest(segment, known)}`);
  }
  if (pairsOf(segments).length > 0) return segments;
  const verbs = pairsOf([first, second, "*"]).map(({ verb }) => verb);
  return refuse(`nothing does "${third}" to ${second}; known for it: ${verbs.join(", ")}`);
}

interface Pair {
  readonly artefact: string;
  readonly verb: keyof typeof VERBS;
}

/** What of the catalogue a name can mean. */
function pairsOf([, artefact, verb]: Rule["segments"]): Pair[] {
  return CATALOGUE.map(({ pattern }): Pair => {
    const [, its_artefact = "", its_verb = ""] = pattern.split(".");
    return { artefact: its_artefact, verb: its_verb as Pair["verb"] };
  }).filter(
    (pair) => (artefact === "*" || artefact === pair.artefact) && (verb === "*" || verb === pair.verb),
  );
}

function requireSense(action: ActionName, segments: Rule["segments"], refuse: Refuse): void {
  if (!pairsOf(segments).some(({ verb }) => makesSense(action, verb)))
    refuse(`${action} cannot happen to ${segments.join(".")}`);
}

function parseCount(count: string | undefined, refuse: Refuse): number | undefined {
  if (count === "every") return undefined;
  if (count === undefined) return 1;
  if (!/^[1-9]\d{0,8}$/.test(count)) return refuse("after # comes a number from 1, or every");
  return Number(count);
}

function parseAction(text: string, refuse: Refuse): Action {
  if (text === "kill" || text === "torn" || text === "lost") return { kind: text, name: text };
  const duration = /^delay:(\d{1,6})$/.exec(text)?.[1];
  if (duration !== undefined) return { kind: "delay", name: "delay:MS", duration_ms: Number(duration) };
  if (text.startsWith("error:") && Object.hasOwn(ACTIONS, text))
    return { kind: "error", name: text as ActionName, code: text.slice("error:".length) };
  const known = Object.keys(ACTIONS);
  return refuse(`there is no action "${text.slice(0, SHOWN_MAX)}"${suggest(text, known)}`);
}

function suggest(text: string, known: readonly string[]): string {
  const [near] = nearest(text.slice(0, SHOWN_MAX), known, 1);
  return near === undefined ? `; known: ${known.join(", ")}` : `; did you mean ${near}?`;
}
