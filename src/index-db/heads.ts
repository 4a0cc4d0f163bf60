/** What is installed, without the file lists: what planning needs of packages it does not touch. */
import { PLANE_TIERS } from "../contracts/index.ts";
import type { Database } from "../effects/index.ts";
import type { Fault } from "../kernel/index.ts";
import { asDamage, type InstalledHead, installedIds, readReceipt } from "../receipts/index.ts";
import { keepReceiptStates, type LookedAt } from "./known-states.ts";
import { type IndexEffects, withIndex } from "./open.ts";
import { type Fresh, forgetPackage, type Head, keepPackage, type Place, parseHead } from "./receipt-rows.ts";
import { ReceiptStamp } from "./receipt-stamp.ts";
import { forgetSource, STRAYS } from "./sources.ts";

export const headOf = ({ receipt, manifest }: InstalledHead): Head => ({
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
export const installedHeads = (effects: IndexEffects, root: string): Head[] =>
  readHeads(effects, root, refuse);

/** The same where some receipts cannot be read: those are left out and named. */
export function readableHeads(
  effects: IndexEffects,
  root: string,
): { readonly heads: Head[]; readonly damaged: readonly Fault[] } {
  const damaged: Fault[] = [];
  const heads = readHeads(effects, root, (error, { id, tier }) => damaged.push(asDamage(error, id, tier)));
  return { heads, damaged };
}

type OnDamage = (error: unknown, place: Place) => void;
const refuse = (error: unknown): never => {
  throw error;
};

function readHeads(effects: IndexEffects, root: string, onDamage: OnDamage): Head[] {
  const places = placesOf(effects, root);
  // Told once, whichever way they are read in the end.
  const found = new Map<Place, unknown>();
  const note: OnDamage = (error, place) => found.set(place, error);
  const heads = withIndex<Head[]>(
    effects,
    root,
    (database) => headsFrom(database, effects, root, places, note).heads,
    () => places.flatMap((place) => orDamage(place, note, () => headAt(effects, root, place)) ?? []),
  );
  for (const [place, error] of found) onDamage(error, place);
  return heads;
}

function headAt({ fs }: Pick<IndexEffects, "fs">, root: string, { tier, id }: Place): Head | undefined {
  const installed = readReceipt(fs, root, id, tier);
  return installed === undefined ? undefined : headOf(installed);
}

function orDamage<T>(place: Place, onDamage: OnDamage, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    onDamage(error, place);
    return undefined;
  }
}

/**
 * Brings the index to what the receipts say, each looked at, and keeps the state of all. False when another process is
 * writing there, or a receipt comes or goes. @throws RECEIPT_DAMAGED
 */
export function followReceipts(database: Database, effects: IndexEffects, root: string): boolean {
  const { is_kept, looked_at } = headsFrom(database, effects, root, placesOf(effects, root), refuse);
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

/** Undefined where the index is damaged: the receipt is read again then. */
function headIn(text: string): Head | undefined {
  try {
    return parseHead(text);
  } catch {
    return undefined;
  }
}

function headsFrom(
  database: Database,
  effects: IndexEffects,
  root: string,
  places: readonly Place[],
  onDamage: OnDamage,
): { readonly heads: Head[]; readonly is_kept: boolean; readonly looked_at: LookedAt[] } {
  const read_ms = effects.clock.now_ms();
  const known = new Map<string, Known>();
  for (const row of database.all("SELECT plane_id, package_id, stamp, read_ms, head FROM head"))
    known.set(`${row["plane_id"]}/${row["package_id"]}`, row as unknown as Known);
  const fresh: Fresh[] = [];
  const looked_at: LookedAt[] = [];
  const headNow = (place: Place): Head[] => {
    const { tier, id } = place;
    const before = known.get(`${tier}/${id}`);
    known.delete(`${tier}/${id}`);
    const stamp = new ReceiptStamp(effects, root, place);
    const as_before = before !== undefined && stamp.isOf(before) ? headIn(before.head) : undefined;
    if (before !== undefined && as_before !== undefined) {
      looked_at.push({ tier, id, stamp, read_ms: before.read_ms });
      return [as_before];
    }
    const installed = readReceipt(effects.fs, root, id, tier);
    if (installed === undefined) return [];
    looked_at.push({ tier, id, stamp, read_ms });
    const head = headOf(installed);
    if (stamp.is_whole) fresh.push({ tier, id, stamp: stamp.text, head, installed });
    return [head];
  };
  const heads = places.flatMap((place) => orDamage(place, onDamage, () => headNow(place)) ?? []);
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
