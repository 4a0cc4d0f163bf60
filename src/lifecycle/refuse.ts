/** Checks collect every problem; this turns a complete list into the one fault the user sees. */
import { type Details, Fault } from "../kernel/index.ts";
import { make } from "./faults.ts";

/**
 * The first problem speaks (code, next step, exit code), all are listed under `details.findings`.
 * @throws Fault when the list is not empty
 */
export function refuseAll(problems: readonly Fault[]): void {
  const [first, ...others] = problems;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  const findings = problems.map((problem) => problem.toJSON() as unknown as Details);
  throw new Fault({
    code: first.code,
    message: `${first.message} (and ${others.length} more)`,
    next_step: first.next_step,
    details: { ...first.details, findings },
    exit_code: first.exit_code,
  });
}

/** A token typed in the wrong place would end up in the ledger. @throws TOKEN_MISPLACED */
export function refuseToken(
  token: string | undefined,
  words: Readonly<Record<string, string | undefined>>,
): void {
  if (token === undefined || token.length < 4) return;
  for (const [field, word] of Object.entries(words)) {
    if (word?.includes(token) === true)
      throw make("TOKEN_MISPLACED", `${field} holds the token itself`, { field });
  }
}
