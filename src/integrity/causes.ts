/** Gives each path that needs words the entry of the ledger that last changed what it belongs to. */
import type { Cause, JudgedPath } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import {
  GOVERNANCE_STREAM,
  PACKAGES_STREAM,
  type Plane,
  planeStream,
  readGeneration,
} from "../plane/index.ts";
import { entriesBackwards, type LedgerLine, packageKey, tierOf } from "./package-events.ts";

/** `touched`: by package and tier, see `packageKey`. In place. */
export function addCauses(
  fs: FileSystem,
  plane: Plane,
  touched: ReadonlyMap<string, Cause>,
  paths: readonly JudgedPath[],
): void {
  const by_id = new Map([...touched].map(([key, cause]) => [key.slice(0, key.indexOf("\0")), cause]));
  for (const judged of paths) {
    const cause =
      touched.get(packageKey(judged.owner ?? "", tierOf(judged.path))) ?? by_id.get(judged.owner ?? "");
    if (cause !== undefined) judged.cause = cause;
  }
  const registries = paths.filter(({ path }) => path.startsWith("registries/"));
  const cause = registries.length === 0 ? undefined : lastTransaction(fs, plane);
  if (cause !== undefined) for (const judged of registries) judged.cause = cause;
}

/** The newest entry of the transaction that the generation names: the last one that wrote registries. */
function lastTransaction(fs: FileSystem, plane: Plane): Cause | undefined {
  const id = transactionInForce(fs, plane.root);
  if (id === undefined || id === "") return undefined;
  for (const stream of [PACKAGES_STREAM, GOVERNANCE_STREAM]) {
    const entries: Iterable<LedgerLine> = entriesBackwards(fs, planeStream(plane, stream), [
      JSON.stringify(id),
    ]);
    for (const entry of entries) {
      const { user, transaction_id } = entry.metadata;
      if (transaction_id !== id || entry.event_type.endsWith("_STARTED")) continue;
      const by = typeof user === "string" ? user : null;
      return {
        event: entry.event_type,
        at: entry.timestamp,
        by,
        transaction_id: id,
        stream,
        entry_id: entry.id,
      };
    }
  }
  return undefined;
}

function transactionInForce(fs: FileSystem, root: string): string | undefined {
  try {
    return readGeneration(fs, root)?.transaction_id;
  } catch {
    return undefined;
  }
}
