/** Packages entering and leaving in one transaction, and what for. */
import type { About } from "../journal/index.ts";
import type { Installed } from "../receipts/index.ts";
import type { Leaving } from "./leaving.ts";
import type { Entering } from "./target.ts";
import type { Conclusion, LedgerNote } from "./transact.ts";

export interface PackageChange {
  readonly entering: readonly Entering[];
  readonly leaving: readonly { readonly installed: Installed; readonly leaves: Leaving }[];
}

export interface Occasion {
  readonly about: About;
  readonly work_order_id: string | null;
  readonly check: Conclusion<unknown>["check"];
  /** The generation an undo takes back: records of plugins come back as they were before it. */
  readonly undone_generation?: number | undefined;
  /** Entries besides those of the packages themselves. */
  readonly notes?: readonly LedgerNote[];
}
