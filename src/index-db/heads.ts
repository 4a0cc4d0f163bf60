/** What is installed, without the file lists: what planning needs of packages it does not touch. */
import { PLANE_TIERS } from "../contracts/index.ts";
import type { Database } from "../effects/index.ts";
import { type Installed, installedIds, readReceipt } from "../receipts/index.ts";
import { keepReceiptStates, type LookedAt } from "./known-states.ts";
import { type IndexEffects, withIndex } from "./open.ts";
import { type Fresh, forgetPackage, type Head, keepPackage, type Place } from "./receipt-rows.ts";
import { ReceiptStamp } from "./receipt-stamp.ts";
import { forgetSource, STRAYS } from "./sources.ts";

export const headOf = ({ receipt, manifest }: Installed): Head => ({
  package_id: receipt.package_id,
  version: receipt.version,
  tier: receipt.tier,
  plane_id: receipt.plane_id,
  content_digest: receipt.content_digest,
  installed_at: receipt.installed_at,
  manifest_hash: receipt.manifest_hash,
  spec_id: manifest.spec_id ?? null,
  framework_id: manifest.framework_id ?? null,
  dependencies: manifest.dependencies.map(({ id, range }) => ({ id, range })),
  conflicts: manifest.conflicts,
});

/** Everything installed, highest plane tier first, then by id. @throws RECEIPT_DAMAGED */
export function installedHeads(effects: IndexEffects, root: string): Head[] {
  const { fs } = effects;
  const ids = placesOf(effects, root);
  return withIndex(
    effects,
    root,
    (database) => headsFrom(database, effects, root, ids).heads,
    () =>
      ids.flatMap(({ tier, id }) => {
        const installed = readReceipt(fs, root, id, tier);
        return installed === undefined ? [] : [headOf(installed)];
      }),
  );
}

/**
 * Brings the index to what the receipts say, each looked at, and keeps the state of all. False when another process is
 * writing there, or a receipt comes or goes. @throws RECEIPT_DAMAGED
 */
export function followReceipts(database: Database, effects: IndexEffects, root: string): boolean {
  const { is_kept, looked_at } = headsFrom(database, effects, root, placesOf(effects, root));
  // One that vanished while it was read has no rows.
  if (!is_kept || !looked_at.every(({ stamp }) => stamp.is_whole)) return false;
  keepReceiptStates(database, looked_at);
  return true;
}

const placesOf = ({ fs }: Pick<IndexEffects, "fs">, root: string): Place[] =>
  PLANE_TIERS.flatMap((tier) => installedIds(fs, root, tier).map((id) => ({ tier, id })));

interface Known {
  readonly stamp: string;
  readonly read_ms: number;
  readonly head: string;
}

function headsFrom(
  database: Database,
  effects: IndexEffects,
  root: string,
  places: readonly Place[],
): { readonly heads: Head[]; readonly is_kept: boolean; readonly looked_at: LookedAt[] } {
  const read_ms = effects.clock.now_ms();
  const known = new Map<string, Known>();
  for (const row of database.all("SELECT plane_id, package_id, stamp, read_ms, head FROM head"))
    known.set(`${row["plane_id"]}/${row["package_id"]}`, row as unknown as Known);
  const fresh: Fresh[] = [];
  const looked_at: LookedAt[] = [];
  const heads = places.flatMap((place): Head[] => {
    const { tier, id } = place;
    const stamp = new ReceiptStamp(effects, root, place);
    const before = known.get(`${tier}/${id}`);
    known.delete(`${tier}/${id}`);
    if (before !== undefined && stamp.isOf(before)) {
      looked_at.push({ tier, id, stamp, read_ms: before.read_ms });
      return [JSON.parse(before.head) as Head];
    }
    const installed = readReceipt(effects.fs, root, id, tier);
    if (installed === undefined) return [];
    looked_at.push({ tier, id, stamp, read_ms });
    const head = headOf(installed);
    if (stamp.is_whole) fresh.push({ tier, id, stamp: stamp.text, head, installed });
    return [head];
  });
  if (fresh.length + known.size === 0) return { heads, is_kept: true, looked_at };
  const is_kept = database.change(() => {
    for (const gone of known.keys()) {
      const [tier = "", id = ""] = gone.split("/");
      forgetPackage(database, tier, id);
    }
    for (const one of fresh) keepPackage(database, one, read_ms);
    // An edit by hand leaves the state of all receipts as it was, which strays go by.
    forgetSource(database, STRAYS);
    return true;
  });
  return { heads, is_kept: is_kept === true, looked_at };
}
