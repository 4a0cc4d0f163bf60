/** Flags of a trace that do not go together are refused: one that is passed over would be answered wrongly. */
import { make } from "./faults.ts";

const QUESTIONS = ["why", "diff", "who", "impact", "inventory", "installed", "verify"] as const;
/** The second name stands where a subject does. */
const TAKES_TWO: ReadonlySet<Flag> = new Set(["why", "diff"]);
const OF_NOW = ["diff", "inventory", "installed", "verify"] as const;
const LISTS = ["inventory", "installed", "verify"] as const;
const FORMS = ["mermaid", "html"] as const;
/** A flag, and the one it belongs to. */
const NEEDS = [
  ["package", "diff"],
  ["text", "diff"],
  ["limit", "why"],
  ["all", "explain"],
  ["out", "html"],
] as const;

type Flag = (typeof QUESTIONS)[number] | (typeof FORMS)[number] | (typeof NEEDS)[number][number] | "at";
/** The input of a trace: a flag that was not given is undefined or false. */
type Asked = { readonly [F in Flag]?: unknown };

/** @throws INPUT_CONFLICT */
export function requireOneQuestion(input: Asked): void {
  const is_given = (flag: Flag): boolean => input[flag] !== undefined && input[flag] !== false;
  const asked: Flag[] = QUESTIONS.filter(is_given);
  if (is_given("explain") && asked.some((flag) => !TAKES_TWO.has(flag))) asked.push("explain");
  two(asked, "are two questions; ask one at a time");
  two(FORMS.filter(is_given), "are two forms of an answer, which has one");
  const now = OF_NOW.find(is_given);
  if (now !== undefined && is_given("at")) two(["at", now], "do not go together: that is only told of now");
  const question = QUESTIONS.find(is_given);
  if (question !== undefined && is_given("all"))
    two(["all", question], "do not go together: that answer is whole");
  const list = LISTS.find(is_given);
  const form = FORMS.find(is_given);
  if (list !== undefined && form !== undefined)
    two([form, list], "do not go together: a picture shows one subject, or the plane");
  for (const [flag, owner] of NEEDS) {
    if (is_given(flag) && !is_given(owner))
      throw conflict([flag, owner], `--${flag} goes with --${owner} only`);
  }
}

function two(flags: readonly string[], why: string): void {
  if (flags.length > 1) throw conflict(flags, `--${flags[0] ?? ""} and --${flags[1] ?? ""} ${why}`);
}

const conflict = (fields: readonly string[], message: string) =>
  make("INPUT_CONFLICT", message, { fields, command: "trace" });
