/** What a change of packages does to the records of plugins. */
import type { Effects } from "../../effects/index.ts";
import type { Transaction } from "../../journal/index.ts";
import type { Plane } from "../../plane/index.ts";
import type { Occasion, PackageChange } from "../package-change.ts";
import type { LedgerNote } from "../transact.ts";
import { followPackages } from "./follow-packages.ts";
import { restoreRecords } from "./restore-records.ts";

/** An undo puts back what was; any other change is judged by what was granted. @throws PLUGIN_NAMESPACE_TAKEN, PLUGIN_RECORD_DAMAGED */
export function followPlugins(
  effects: Effects,
  plane: Plane,
  transaction: Transaction,
  change: PackageChange,
  { undone_generation: generation, about: { user } }: Occasion,
): LedgerNote[] {
  if (generation === undefined) return followPackages(effects, plane, transaction, change, user);
  return restoreRecords(effects, plane, transaction, { generation, user });
}
