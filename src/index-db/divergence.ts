/** Whether the index says something else than the files it takes itself to be current with: row by row, not by counts. */
import { type Database, isSettled, stampOf } from "../effects/index.ts";
import { type InstalledHead, manifestCopyPath, receiptPath } from "../receipts/index.ts";
import { scanRows } from "../registry/index.ts";
import { headOf } from "./heads.ts";
import { hasIndex, type IndexEffects, withIndex } from "./open.ts";
import { OWNERS_PATH } from "./owners.ts";
import type { Head } from "./receipt-rows.ts";

export interface Divergence {
  /** Plane-relative file, or `installed`. */
  readonly source: string;
  /** What differs first, as a phrase. */
  readonly difference: string;
}

/**
 * What is behind the files is no divergence: it is read again before it is used. Lines of ledgers are counted, rows and
 * receipts are compared.
 * @param streams complete lines of each, as just counted
 */
export function indexDivergence(
  effects: IndexEffects,
  root: string,
  installed: readonly InstalledHead[],
  streams: readonly { readonly stream: string; readonly entries_count: number }[],
): Divergence[] {
  if (!hasIndex(effects, root)) return [];
  return withIndex<Divergence[]>(
    effects,
    root,
    (database) => [
      ...ofHeads(effects, root, database, installed),
      ...ofOwners(effects, root, database),
      ...streams.flatMap((one) => ofStream(effects, root, database, one)),
    ],
    () => [],
  );
}

function ofHeads(
  { fs }: IndexEffects,
  root: string,
  database: Database,
  installed: readonly InstalledHead[],
): Divergence[] {
  const heads = new Map<string, Head>(
    installed.map((one) => [`${one.receipt.plane_id}\0${one.receipt.package_id}`, headOf(one)]),
  );
  for (const row of database.all("SELECT plane_id, package_id, stamp, read_ms, head FROM head")) {
    const [tier, id] = [String(row["plane_id"]), String(row["package_id"])];
    const head = heads.get(`${tier}\0${id}`);
    // One that is gone is forgotten by the next reader, which looks at the folders first.
    if (head === undefined) continue;
    const stats = [receiptPath(id, head.plane_id), manifestCopyPath(id, head.plane_id)].map((path) =>
      fs.stat(`${root}/${path}`),
    );
    const stamp = stats.map((stat) => (stat === undefined ? "-" : stampOf(stat))).join(" ");
    const is_believed =
      row["stamp"] === stamp &&
      stats.every((stat) => stat !== undefined && isSettled(stat, Number(row["read_ms"])));
    if (is_believed && row["head"] !== JSON.stringify(head))
      return [{ source: "installed", difference: `${id} is another package there` }];
  }
  return [];
}

/** Rows of the index are read in pieces: a plane may have half a million. */
const PIECE = 5000;

function ofOwners({ fs }: IndexEffects, root: string, database: Database): Divergence[] {
  const path = `${root}/${OWNERS_PATH}`;
  const stat = fs.stat(path);
  const known = database.all("SELECT stamp, read_ms FROM source")[0];
  if (stat === undefined || known?.["stamp"] !== stampOf(stat)) return [];
  if (!isSettled(stat, Number(known["read_ms"]))) return [];
  const owners = new Map<string, string>();
  try {
    for (const row of scanRows(fs, path, "file_ownership"))
      owners.set(row.key, row.cells()["owner_package_id"] ?? "");
  } catch {
    // What is wrong with the registry is told where it is judged.
    return [];
  }
  let count = 0;
  for (let last = ""; ; ) {
    const rows = database.all(
      `SELECT path, package_id FROM owner WHERE path > ? ORDER BY path LIMIT ${PIECE}`,
      last,
    );
    for (const row of rows) {
      last = String(row["path"]);
      const owner = owners.get(last);
      if (owner !== row["package_id"])
        return [{ source: OWNERS_PATH, difference: `${last} belongs to ${String(row["package_id"])} there` }];
    }
    count += rows.length;
    if (rows.length < PIECE) break;
  }
  if (count === owners.size) return [];
  return [{ source: OWNERS_PATH, difference: `it holds ${count} of ${owners.size} rows` }];
}

function ofStream(
  { fs }: IndexEffects,
  root: string,
  database: Database,
  { stream, entries_count }: { readonly stream: string; readonly entries_count: number },
): Divergence[] {
  const known = database.all("SELECT stamp, lines FROM stream WHERE name = ?", stream)[0];
  const stat = fs.stat(`${root}/${stream}`);
  if (known === undefined || stat === undefined || known["stamp"] !== stampOf(stat)) return [];
  if (Number(known["lines"]) === entries_count) return [];
  return [{ source: stream, difference: `it holds ${String(known["lines"])} of ${entries_count} entries` }];
}
