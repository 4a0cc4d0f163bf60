/** Whether the index says something else than the files it takes itself to be current with: row by row, not by counts. */
import { type Cell, type Database, isSettled, stampOf } from "../effects/index.ts";
import type { InstalledHead } from "../receipts/index.ts";
import { scanRows } from "../registry/index.ts";
import { headOf } from "./heads.ts";
import { hasIndex, type IndexEffects, withIndex } from "./open.ts";
import { sameOwners } from "./owner-rows.ts";
import { OWNERS_NAME, OWNERS_PATH } from "./owners.ts";
import type { Head } from "./receipt-rows.ts";
import { ReceiptStamp } from "./receipt-stamp.ts";
import { currentSource } from "./sources.ts";

export interface Divergence {
  /** Plane-relative file, or `installed`. */
  readonly source: string;
  /** What differs first, as a phrase. */
  readonly difference: string;
}

/** What is behind the files is no divergence: it is read again before it is used. Rows and receipts are compared. */
export const indexDivergence = (
  effects: IndexEffects,
  root: string,
  installed: readonly InstalledHead[],
): Divergence[] =>
  inIndex(effects, root, (database) => [
    ...ofHeads(effects, root, database, installed),
    ...ofOwners(effects, root, database),
  ]);

/** The same of ledgers, of which lines are counted. @param streams complete lines of each, as just counted */
export const streamDivergence = (
  effects: IndexEffects,
  root: string,
  streams: readonly { readonly stream: string; readonly entries_count: number }[],
): Divergence[] =>
  inIndex(effects, root, (database) => streams.flatMap((one) => ofStream(effects, root, database, one)));

const inIndex = (
  effects: IndexEffects,
  root: string,
  find: (database: Database) => Divergence[],
): Divergence[] => (hasIndex(effects, root) ? withIndex<Divergence[]>(effects, root, find, () => []) : []);

function ofHeads(
  effects: IndexEffects,
  root: string,
  database: Database,
  installed: readonly InstalledHead[],
): Divergence[] {
  const heads = new Map<string, Head>(
    installed.map((one) => [`${one.receipt.plane_id}\0${one.receipt.package_id}`, headOf(one)]),
  );
  const needs = new Map<string, string>();
  for (const { plane_id, package_id, target, range } of database.all(
    "SELECT plane_id, package_id, target, range FROM need ORDER BY place",
  )) {
    const key = `${plane_id}\0${package_id}`;
    needs.set(key, `${needs.get(key) ?? ""}${target} ${range}\n`);
  }
  for (const row of database.all("SELECT * FROM head")) {
    const [tier, id] = [String(row["plane_id"]), String(row["package_id"])];
    const head = heads.get(`${tier}\0${id}`);
    // One that is gone is forgotten by the next reader, which looks at the folders first.
    if (head === undefined) continue;
    const now = new ReceiptStamp(effects, root, { tier: head.plane_id, id });
    const is_believed = now.isOf({ stamp: String(row["stamp"]), read_ms: Number(row["read_ms"]) });
    if (is_believed && !isSaidBy(head, row, needs.get(`${tier}\0${id}`)))
      return [{ source: "installed", difference: `${id} is another package there` }];
  }
  return [];
}

const isSaidBy = (head: Head, row: Readonly<Record<string, Cell>>, needs = ""): boolean =>
  row["head"] === JSON.stringify(head) &&
  row["version"] === head.version &&
  row["package_tier"] === head.tier &&
  row["manifest_hash"] === head.manifest_hash &&
  row["spec_id"] === head.spec_id &&
  row["framework_id"] === head.framework_id &&
  needs === head.dependencies.map(({ id, range }) => `${id} ${range}\n`).join("");

/** Rows of the index are read in pieces: a plane may have half a million. */
const PIECE = 5000;

function ofOwners({ fs }: IndexEffects, root: string, database: Database): Divergence[] {
  const path = `${root}/${OWNERS_PATH}`;
  const stat = fs.stat(path);
  const known = currentSource(database, OWNERS_NAME);
  if (stat === undefined || known?.stamp !== stampOf(stat)) return [];
  if (!isSettled(stat, known.read_ms)) return [];
  // No registry has one, and it would not be seen behind the first path.
  if (database.all("SELECT 1 FROM owner WHERE path = ''").length > 0)
    return [{ source: OWNERS_PATH, difference: "it holds a row without a path" }];
  if (sameOwners(fs, path, database)) return [];
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
