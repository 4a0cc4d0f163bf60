/** A code of a fault or finding, explained from the catalogue the program carries. */
import type { CodeTrace, TraceStatement } from "../contracts/index.ts";
import { nearest } from "../kernel/index.ts";
import { evidence } from "./evidence.ts";
import { historyOf } from "./history.ts";
import type { Sight } from "./sight.ts";

/** What `scripts/codes.mjs` finds out about a code. */
interface ExplainedCode {
  readonly room: string;
  /** Null for a finding. */
  readonly exit_code: number | null;
  /** One or two sentences. */
  readonly meaning: string;
  /** Files of this program. */
  readonly raised_in: readonly string[];
  /** What stands in <> is filled in. */
  readonly messages: readonly string[];
  readonly next_steps: readonly string[];
}

const EXIT_MEANINGS: Readonly<Record<number, string>> = {
  1: "a check failed, or the subject is unknown",
  2: "usage or bad input",
  3: "refused: authority, policy, ownership or a gate",
  4: "the state is damaged, or a recovery is pending",
  5: "the environment: a missing tool, a full disk",
  6: "it failed and was rolled back",
  70: "a bug of ours",
  130: "interrupted, and undone",
};

/** Codes of a run are in lower case, as other hosts know them; all others are in upper case. */
const asWritten = (codes: Readonly<Record<string, string>>, word: string): string =>
  [word, word.toUpperCase(), word.toLowerCase()].find((one) => Object.hasOwn(codes, one)) ??
  word.toUpperCase();

/** Codes much like this; empty for what does not look like one. */
export async function nearCodes(subject: string): Promise<string[]> {
  if (!/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(subject) || subject.length > 100) return [];
  const { CODES } = await import("./generated/codes.ts");
  return nearest(subject, Object.keys(CODES)).slice(0, 3);
}

export interface CodeExplanation extends ExplainedCode {
  readonly code: string;
  readonly kind: "fault" | "finding";
  readonly exit_meaning: string | null;
}

/** The code as a user may write it, or the codes nearest to what he wrote. */
export async function explainCode(
  subject: string,
): Promise<CodeExplanation | { readonly near: readonly string[] }> {
  const { CODES } = await import("./generated/codes.ts");
  const code = asWritten(CODES, subject.trim().replaceAll(/[- ]/g, "_").slice(0, 100));
  const found = Object.hasOwn(CODES, code) ? CODES[code] : undefined;
  return found === undefined
    ? { near: nearest(code, Object.keys(CODES)).slice(0, 3) }
    : described(code, found);
}

/** Every code, by name. */
export async function codeList(): Promise<
  Pick<CodeExplanation, "code" | "kind" | "room" | "exit_code" | "meaning">[]
> {
  const { CODES } = await import("./generated/codes.ts");
  return Object.entries(CODES).map(([code, found]) => {
    const { kind, room, exit_code, meaning } = described(code, found);
    return { code, kind, room, exit_code, meaning };
  });
}

function described(code: string, found: string): CodeExplanation {
  const explained = JSON.parse(found) as ExplainedCode;
  const { exit_code } = explained;
  return {
    code,
    kind: exit_code === null ? "finding" : "fault",
    exit_meaning: exit_code === null ? null : (EXIT_MEANINGS[exit_code] ?? null),
    ...explained,
  };
}

/** Undefined for what is no code of this program. */
export async function traceCode(
  sight: Sight,
  subject: string,
): Promise<{ data: CodeTrace; statements: TraceStatement[] } | undefined> {
  if (!/^[A-Z][A-Z0-9]*([_-][A-Z0-9]+)*$/i.test(subject)) return undefined;
  // Loaded here alone: it is long, and no other subject needs it.
  const { CODES } = await import("./generated/codes.ts");
  const code = asWritten(CODES, subject.replaceAll("-", "_"));
  const found = Object.hasOwn(CODES, code) ? CODES[code] : undefined;
  if (found === undefined) return undefined;
  const { room, exit_code, messages, next_steps } = JSON.parse(found) as ExplainedCode;
  const data: CodeTrace = {
    code,
    kind: exit_code === null ? "finding" : "fault",
    room,
    exit_code,
    exit_meaning: exit_code === null ? null : (EXIT_MEANINGS[exit_code] ?? null),
    messages: [...messages],
    next_steps: [...next_steps],
    ...historyOf(sight, code, 5),
  };
  const says = `${code} is a ${data.kind} of ${room}`;
  return { data, statements: [{ about: "/code", says, evidence: [evidence("program", code)] }] };
}
