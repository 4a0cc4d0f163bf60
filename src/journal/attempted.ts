/** What the ledger keeps of a change that was put back: the versions it would have brought. */
import type { AttemptedPackage } from "./records.ts";

/** An entry is one line of limited size; the journal's subject names the others. */
const LISTED_MAX = 100;

/** One package has its versions in the columns every other entry has; of several each is listed. */
export function attemptedFields(packages: readonly AttemptedPackage[]): { readonly [key: string]: unknown } {
  const [first] = packages;
  if (first === undefined) return {};
  const { version, from_version } = first;
  const columns = {
    ...(version === null ? {} : { version }),
    ...(from_version === null ? {} : { from_version }),
  };
  return { ...(packages.length === 1 ? columns : {}), attempted: packages.slice(0, LISTED_MAX) };
}
