/** Turns complete lists of problems into refusals, and refuses secrets where words belong. */
import { make } from "./faults.ts";

export { refuseAll } from "../kernel/index.ts";

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
