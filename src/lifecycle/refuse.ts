/** Turns complete lists of problems into refusals, and refuses secrets where words belong. */
import { type Details, Fault, refuseAll } from "../kernel/index.ts";
import { make } from "./faults.ts";

export { refuseAll } from "../kernel/index.ts";

/** Refuses what would enter: `details.findings` lists every reason, as preflight does, also where there is but one. */
export function refuseEntry(problems: readonly Fault[]): void {
  const [only, ...others] = problems;
  if (only === undefined || others.length > 0) return refuseAll(problems);
  const { code, message, next_step, details, exit_code } = only;
  const findings = [only.toJSON() as unknown as Details];
  throw new Fault({ code, message, next_step, exit_code, details: { ...details, findings } });
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
