/** What is installed, without the file lists: what planning needs of packages it does not touch. */
import type { PackageTier, PlaneTier } from "../contracts/index.ts";
import { PLANE_TIERS } from "../contracts/index.ts";
import { type Database, isSettled, stampOf } from "../effects/index.ts";
import {
  type Installed,
  installedIds,
  manifestCopyPath,
  readReceipt,
  receiptPath,
} from "../receipts/index.ts";
import { tokenOf, tokensOfReceipt } from "./mention-token.ts";
import { type IndexEffects, withIndex } from "./open.ts";

export interface Head {
  readonly package_id: string;
  readonly version: string;
  readonly tier: PackageTier;
  readonly plane_id: PlaneTier;
  readonly content_digest: string;
  readonly installed_at: string;
  readonly dependencies: readonly { readonly id: string; readonly range: string }[];
  readonly conflicts: readonly string[];
}

export const headOf = ({ receipt, manifest }: Installed): Head => ({
  package_id: receipt.package_id,
  version: receipt.version,
  tier: receipt.tier,
  plane_id: receipt.plane_id,
  content_digest: receipt.content_digest,
  installed_at: receipt.installed_at,
  dependencies: manifest.dependencies.map(({ id, range }) => ({ id, range })),
  conflicts: manifest.conflicts,
});

/** Everything installed, highest plane tier first, then by id. @throws RECEIPT_DAMAGED */
export function installedHeads(effects: IndexEffects, root: string): Head[] {
  const { fs } = effects;
  const ids = PLANE_TIERS.flatMap((tier) => installedIds(fs, root, tier).map((id) => ({ tier, id })));
  return withIndex(
    effects,
    root,
    (database) => headsFrom(database, effects, root, ids),
    () =>
      ids.flatMap(({ tier, id }) => {
        const installed = readReceipt(fs, root, id, tier);
        return installed === undefined ? [] : [headOf(installed)];
      }),
  );
}

/**
 * Ids of packages whose receipts may hold this path, digest (with or without `sha256:`) or transaction; undefined where
 * the index cannot say. It is as good as the last `installedHeads`, which looks whether receipts changed.
 */
export function packagesHolding(effects: IndexEffects, root: string, text: string): string[] | undefined {
  return withIndex<string[] | undefined>(
    effects,
    root,
    (database) =>
      database
        .all("SELECT DISTINCT package_id FROM held WHERE token = ? ORDER BY package_id", tokenOf(text))
        .map((row) => String(row["package_id"])),
    () => undefined,
  );
}

interface Known {
  readonly stamp: string;
  readonly read_ms: number;
  readonly head: string;
}

interface Fresh {
  readonly tier: PlaneTier;
  readonly id: string;
  readonly stamp: string;
  readonly head: Head;
  readonly tokens: ReadonlySet<number>;
}

function headsFrom(
  database: Database,
  { fs, clock }: IndexEffects,
  root: string,
  ids: readonly { tier: PlaneTier; id: string }[],
): Head[] {
  const read_ms = clock.now_ms();
  const known = new Map<string, Known>();
  for (const row of database.all("SELECT plane_id, package_id, stamp, read_ms, head FROM head"))
    known.set(`${row["plane_id"]}/${row["package_id"]}`, row as unknown as Known);
  const fresh: Fresh[] = [];
  const heads = ids.flatMap((one): Head[] => {
    const { tier, id } = one;
    const stats = [receiptPath(id, tier), manifestCopyPath(id, tier)].map((path) =>
      fs.stat(`${root}/${path}`),
    );
    const stamp = stats.map((stat) => (stat === undefined ? "-" : stampOf(stat))).join(" ");
    const before = known.get(`${tier}/${id}`);
    known.delete(`${tier}/${id}`);
    if (
      before?.stamp === stamp &&
      stats.every((stat) => stat !== undefined && isSettled(stat, before.read_ms))
    )
      return [JSON.parse(before.head) as Head];
    const installed = readReceipt(fs, root, id, tier);
    if (installed === undefined) return [];
    const head = headOf(installed);
    if (stats.every((stat) => stat !== undefined))
      fresh.push({ tier, id, stamp, head, tokens: tokensOfReceipt(installed) });
    return [head];
  });
  if (fresh.length + known.size > 0)
    database.change(() => {
      for (const gone of known.keys()) {
        const [tier = "", id = ""] = gone.split("/");
        forget(database, tier, id);
      }
      for (const { tier, id, stamp, head, tokens } of fresh) {
        forget(database, tier, id);
        database.run(
          "INSERT INTO head VALUES (?, ?, ?, ?, ?)",
          tier,
          id,
          stamp,
          read_ms,
          JSON.stringify(head),
        );
        for (const token of tokens) database.run("INSERT INTO held VALUES (?, ?, ?)", token, tier, id);
      }
    });
  return heads;
}

function forget(database: Database, tier: string, id: string): void {
  database.run("DELETE FROM head WHERE plane_id = ? AND package_id = ?", tier, id);
  database.run("DELETE FROM held WHERE plane_id = ? AND package_id = ?", tier, id);
}
