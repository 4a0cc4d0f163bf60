/** What the index has of many installed packages at once. Lists are in the order receipts are read: highest plane tier first, then by id. */
import { PLANE_TIERS } from "../contracts/index.ts";
import type { Database } from "../effects/index.ts";
import { type Head, requireHead } from "./receipt-rows.ts";

/** One dependency that an installed manifest declares. */
export interface Edge {
  readonly from: string;
  readonly plane_id: Head["plane_id"];
  readonly to: string;
  readonly range: string;
}

/** One package in one plane tier. */
export type Standing = Pick<Head, "plane_id" | "version" | "tier">;

export const edgesOf = ({ package_id: from, plane_id, dependencies }: Head): Edge[] =>
  dependencies.map(({ id: to, range }) => ({ from, plane_id, to, range }));

export const edgesOn = (all: Database["all"], id: string): Edge[] =>
  all(
    "SELECT package_id, plane_id, range FROM need WHERE target = ? ORDER BY plane_id DESC, package_id, place",
    id,
  ).map((row) => ({
    from: String(row["package_id"]),
    plane_id: row["plane_id"] as Edge["plane_id"],
    to: id,
    range: String(row["range"]),
  }));

export const readEdges = (database: Database): Edge[] =>
  textsOf(database, "package_id, plane_id, target, range", "need ORDER BY package_id, plane_id, place").map(
    ([from, plane_id, to, range]) => ({ from, plane_id, to, range }),
  );

export function edgesByTarget(edges: readonly Edge[]): Map<string, Edge[]> {
  const lists = new Map<string, Edge[]>();
  for (const edge of edges) addTo(lists, edge.to, edge);
  return lists;
}

/** By id. */
export function readStandings(database: Database): Map<string, Standing[]> {
  const lists = new Map<string, Standing[]>();
  const texts = textsOf(database, "package_id, plane_id, version, package_tier", "head ORDER BY package_id");
  for (const [id, plane_id, version, tier] of texts)
    addTo(lists, id, { plane_id, version, tier: tier as Standing["tier"] });
  return lists;
}

/** By id. @throws SyntaxError */
export function readAllHeads(database: Database): Map<string, Head[]> {
  const lists = new Map<string, Head[]>();
  const [row] = database.all(
    "SELECT json_group_array(json(head)) AS heads FROM (SELECT head FROM head ORDER BY plane_id DESC, package_id)",
  );
  for (const value of JSON.parse(String(row?.["heads"])) as unknown[]) {
    const head = requireHead(value);
    addTo(lists, head.package_id, head);
  }
  return lists;
}

type Text = readonly [id: string, plane_id: Head["plane_id"], string, string];

/** Handed over in one text: ten thousand rows one by one take longer than finding them. */
function textsOf(database: Database, columns: string, rows: string): Text[] {
  const [row] = database.all(
    `SELECT json_group_array(json_array(${columns})) AS texts FROM (SELECT ${columns} FROM ${rows})`,
  );
  const texts = JSON.parse(String(row?.["texts"])) as Text[];
  return PLANE_TIERS.flatMap((tier) => texts.filter(([, plane_id]) => plane_id === tier));
}

function addTo<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
