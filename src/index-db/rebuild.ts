/** The index made anew from the files, and held against them. */
import { PLANE_TIERS } from "../contracts/index.ts";
import { type Cell, type Database, stampOf } from "../effects/index.ts";
import { installedIds } from "../receipts/index.ts";
import { scanRows } from "../registry/index.ts";
import { catchUp, UNSETTLED } from "./follow-stream.ts";
import { KnownPackages } from "./known-packages.ts";
import { linesFrom } from "./ledger-lines.ts";
import { dropIndex, type IndexEffects, MENTION_INDEX, withIndex } from "./open.ts";
import { loadOwners, OWNERS_PATH } from "./owners.ts";

export interface IndexPart {
  /** `packages`, `paths` (owned) or `entries` (of ledgers). */
  readonly part: "packages" | "paths" | "entries";
  readonly source: string;
  /** How many the files hold, and how many the index does. */
  readonly canonical: number;
  readonly derived: number;
  /**
   * `current`: the index says what the files say · `behind`: it knows that they changed since, and reads them again when
   * asked · `absent`: there is none · `diverged`: it claims to be current and says something else
   */
  readonly state: "current" | "behind" | "absent" | "diverged";
}

/** @returns what was read in, or undefined where no index can be had */
export function rebuildIndex(
  effects: IndexEffects,
  root: string,
  streams: readonly string[],
  onProgress: (part: string) => void,
): IndexPart[] | undefined {
  dropIndex(effects, root);
  onProgress("packages");
  new KnownPackages(effects, root).follow();
  onProgress("paths");
  const done = withIndex(
    effects,
    root,
    (database) => {
      loadOwners(effects, root, database);
      database.run("DROP INDEX mention_by_token");
      try {
        for (const stream of streams) {
          onProgress(stream);
          catchUp(effects, root, database, stream, "all");
        }
      } finally {
        database.run(MENTION_INDEX);
      }
      return true;
    },
    () => undefined,
  );
  return done === undefined ? undefined : compareIndex(effects, root, streams);
}

/** Counts on both sides. Reads the registry and the streams whole. */
export function compareIndex(effects: IndexEffects, root: string, streams: readonly string[]): IndexPart[] {
  const canonical: Omit<IndexPart, "derived" | "state">[] = [
    { part: "packages", source: "installed", canonical: countInstalled(effects, root) },
    { part: "paths", source: OWNERS_PATH, canonical: countOwned(effects, root) },
    ...streams.map(
      (source) => ({ part: "entries", source, canonical: countLines(effects, root, source) }) as const,
    ),
  ];
  return withIndex<IndexPart[]>(
    effects,
    root,
    (database) => canonical.map((one) => judge(effects, root, database, one)),
    () => canonical.map((one) => ({ ...one, derived: 0, state: "absent" })),
  );
}

function judge(
  effects: IndexEffects,
  root: string,
  database: Database,
  one: Omit<IndexPart, "derived" | "state">,
): IndexPart {
  const count = (sql: string, ...cells: string[]): number =>
    Number(database.all(sql, ...cells)[0]?.["count"] ?? 0);
  if (one.part === "packages") {
    const derived = count("SELECT count(*) AS count FROM head");
    // Each head is held against its own receipt whenever it is used, so a difference is only read later.
    const state = derived === one.canonical ? "current" : derived === 0 ? "absent" : "behind";
    return { ...one, derived, state };
  }
  const derived =
    one.part === "paths"
      ? count("SELECT count(*) AS count FROM owner")
      : count("SELECT lines AS count FROM stream WHERE name = ?", one.source);
  const stamp =
    one.part === "paths"
      ? database.all("SELECT stamp FROM source WHERE name = 'file_ownership'")[0]?.["stamp"]
      : database.all("SELECT stamp FROM stream WHERE name = ?", one.source)[0]?.["stamp"];
  return {
    ...one,
    derived,
    state: stateOf(effects, `${root}/${one.source}`, stamp, derived === one.canonical),
  };
}

function stateOf(
  { fs }: IndexEffects,
  path: string,
  stamp: Cell | undefined,
  agrees: boolean,
): IndexPart["state"] {
  const stat = fs.stat(path);
  if (stamp === undefined) return stat === undefined || stat.size_bytes === 0 ? "current" : "absent";
  if (stat === undefined || ![stampOf(stat), `${stampOf(stat)}${UNSETTLED}`].includes(stamp as string))
    return "behind";
  return agrees ? "current" : "diverged";
}

const countInstalled = ({ fs }: IndexEffects, root: string): number =>
  PLANE_TIERS.reduce((sum, tier) => sum + installedIds(fs, root, tier).length, 0);

function countOwned({ fs }: IndexEffects, root: string): number {
  let count = 0;
  for (const _ of scanRows(fs, `${root}/${OWNERS_PATH}`, "file_ownership")) count++;
  return count;
}

function countLines({ fs }: IndexEffects, root: string, stream: string): number {
  let count = 0;
  if (fs.stat(`${root}/${stream}`)?.kind !== "file") return 0;
  for (const _ of linesFrom(fs, `${root}/${stream}`, 0)) count++;
  return count;
}
