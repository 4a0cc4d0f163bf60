/**
 * Questions about receipts that the index answers without looking at every receipt. Each receipt that an answer rests on is
 * held against its file; of the others it is enough that no transaction ended since all were looked at, and that the
 * folders they lie in are the same. A receipt edited by hand is therefore seen where it was asked for: to see an edit
 * anywhere is what `integrity-check` is for.
 */
import { PLANE_TIERS } from "../contracts/index.ts";
import { type Cell, type Database, isSettled, stampOf } from "../effects/index.ts";
import { compareCodePoints, Fault } from "../kernel/index.ts";
import { tierPrefix } from "../receipts/index.ts";
import { followReceipts, ReceiptStamp } from "./heads.ts";
import { tokenOf } from "./mention-token.ts";
import { type IndexEffects, withIndex } from "./open.ts";
import type { Head } from "./receipt-rows.ts";
import { currentSource, keepSource, RECEIPTS } from "./sources.ts";
import { followStrays } from "./strays.ts";

export interface Edge {
  readonly from: string;
  readonly plane_id: Head["plane_id"];
  readonly to: string;
  readonly range: string;
}

/** Questions one by one, until looking at everything at once is cheaper. */
const ASKED_MAX = 50;

const edgesOf = ({ package_id: from, plane_id, dependencies }: Head): Edge[] =>
  dependencies.map(({ id: to, range }) => ({ from, plane_id, to, range }));

/** Highest plane tier first, then by id: as receipts are read. */
const inOrder = (heads: readonly Head[]): Head[] =>
  heads.toSorted(
    (a, b) => compareCodePoints(b.plane_id, a.plane_id) || compareCodePoints(a.package_id, b.package_id),
  );

function addTo<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

type Row = Readonly<Record<string, Cell>>;

/** One command's view. Every answer is undefined where the index cannot say. */
export class KnownPackages {
  readonly #effects: IndexEffects;
  readonly #root: string;
  readonly #seen = new Map<string, Head[]>();
  /** Once every receipt was looked at: dependencies by the package they are on. */
  #edges_to: Map<string, Edge[]> | undefined;
  #asked_count = 0;
  #state: "new" | "trusted" | "looked_at" | "unusable" = "new";

  constructor(effects: IndexEffects, root: string) {
    this.#effects = effects;
    this.#root = root;
  }

  /** Sorted. */
  ids(): string[] | undefined {
    return this.#asking((all) =>
      all("SELECT DISTINCT package_id FROM head ORDER BY package_id").map((row) => String(row["package_id"])),
    );
  }

  /** Highest plane tier first; empty when it is not installed. */
  heads(id: string): readonly Head[] | undefined {
    return this.#asking((all) => this.#headsOf(all, id));
  }

  /** Dependencies that manifests declare on a package. After many such questions all receipts are looked at together. */
  edgesTo(id: string): readonly Edge[] | undefined {
    return this.#asking((all, database) => {
      if (this.#edges_to === undefined && ++this.#asked_count > ASKED_MAX && !this.#look(database))
        return undefined;
      if (this.#edges_to !== undefined) return this.#edges_to.get(id) ?? [];
      const rows = all("SELECT DISTINCT package_id FROM need WHERE target = ?", id);
      const heads = rows.map((row) => this.#headsOf(all, String(row["package_id"])));
      if (!heads.every((one) => one !== undefined)) return undefined;
      return inOrder(heads.flat())
        .flatMap(edgesOf)
        .filter(({ to }) => to === id);
    });
  }

  edgesFrom(id: string): Edge[] | undefined {
    return this.heads(id)?.flatMap(edgesOf);
  }

  edges(): Edge[] | undefined {
    return this.#asking((_, database) =>
      this.#edges_to !== undefined || this.#look(database)
        ? inOrder([...this.#seen.values()].flat()).flatMap(edgesOf)
        : undefined,
    );
  }

  /** Ids whose receipts hold this digest (with or without `sha256:`) or transaction. */
  holding(text: string): string[] | undefined {
    return this.#named(
      "SELECT DISTINCT package_id FROM held WHERE token = ? ORDER BY package_id",
      tokenOf(text),
    );
  }

  /** Ids whose receipts hold this plane-relative path. */
  ownersOf(path: string): string[] | undefined {
    return this.#named("SELECT DISTINCT package_id FROM file WHERE path = ? ORDER BY package_id", path);
  }

  /** Ids whose manifests name this spec or framework. */
  governedBy(id: string): string[] | undefined {
    return this.#named(
      "SELECT DISTINCT package_id FROM head WHERE spec_id = ? OR framework_id = ? ORDER BY package_id",
      id,
      id,
    );
  }

  /** How many files below a folder each receipt holds; by id. */
  below(folder: string): Map<string, number> | undefined {
    return this.#asking((all) => {
      const rows = all(
        "SELECT package_id, sum(files) AS files FROM below WHERE folder = ? GROUP BY package_id",
        folder,
      );
      if (!rows.every((row) => this.#isCurrent(all, String(row["package_id"])))) return undefined;
      return new Map(rows.map((row) => [String(row["package_id"]), Number(row["files"])]));
    });
  }

  /** Ids of the receipts that hold the first files below a folder, by code point of their paths. */
  ownersOfFirst(folder: string, count_max: number): string[] | undefined {
    return this.#named(
      "SELECT DISTINCT package_id FROM (SELECT package_id FROM file WHERE path > ? AND path < ? ORDER BY path LIMIT ?)",
      `${folder}/`,
      `${folder}0`,
      count_max,
    );
  }

  /** Paths below a folder that the ownership registry has and no receipt holds. */
  strays(folder: string): string[] | undefined {
    return this.#asking((all, database) => {
      if (!followStrays(this.#effects, this.#root, database)) return undefined;
      const rows = all(
        "SELECT path FROM stray WHERE path > ? AND path < ? ORDER BY path",
        `${folder}/`,
        `${folder}0`,
      );
      return rows.map((row) => String(row["path"]));
    });
  }

  /** The manifest hash in force of each package and plane tier, by `<tier>/<id>`. */
  manifestHashes(): Map<string, string> | undefined {
    return this.#asking(
      (all) =>
        new Map(
          all("SELECT plane_id, package_id, manifest_hash FROM head").map((row) => [
            `${row["plane_id"]}/${row["package_id"]}`,
            String(row["manifest_hash"]),
          ]),
        ),
    );
  }

  #named(sql: string, ...cells: Cell[]): string[] | undefined {
    return this.#asking((all) => {
      const ids = all(sql, ...cells).map((row) => String(row["package_id"]));
      return ids.every((id) => this.#isCurrent(all, id)) ? ids : undefined;
    });
  }

  #take(heads: readonly Head[]): void {
    this.#edges_to = new Map();
    for (const head of heads) {
      addTo(this.#seen, head.package_id, head);
      for (const edge of edgesOf(head)) addTo(this.#edges_to, edge.to, edge);
    }
  }

  #headsOf(all: Database["all"], id: string): readonly Head[] | undefined {
    return this.#isCurrent(all, id) ? this.#seen.get(id) : undefined;
  }

  /** Whether the receipts of this package are those that were read; looks once. */
  #isCurrent(all: Database["all"], id: string): boolean {
    if (this.#seen.has(id)) return true;
    if (this.#edges_to !== undefined) {
      // Every receipt was looked at, and it has none.
      this.#seen.set(id, []);
      return true;
    }
    const rows = all(
      "SELECT plane_id, stamp, read_ms, head FROM head WHERE package_id = ? ORDER BY plane_id DESC",
      id,
    );
    const is_current = rows.every((row) => this.#isOf(row, id));
    if (is_current)
      this.#seen.set(
        id,
        rows.map((row) => JSON.parse(String(row["head"])) as Head),
      );
    return is_current;
  }

  #isOf({ plane_id, stamp, read_ms }: Row, id: string): boolean {
    const now = new ReceiptStamp(this.#effects, this.#root, { tier: plane_id as Head["plane_id"], id });
    return now.isOf({ stamp: String(stamp), read_ms: Number(read_ms) });
  }

  /** Asks again, after looking at every receipt, where one it rests on is not the one that was read. */
  #asking<T>(question: (all: Database["all"], database: Database) => T | undefined): T | undefined {
    return withIndex<T | undefined>(
      this.#effects,
      this.#root,
      (database) => {
        if (this.#state === "new") this.#begin(database);
        const all: Database["all"] = (sql, ...cells) => database.all(sql, ...cells);
        const answer = this.#state === "unusable" ? undefined : question(all, database);
        if (answer !== undefined || this.#state !== "trusted") return answer;
        return this.#look(database) ? question(all, database) : undefined;
      },
      () => undefined,
    );
  }

  #begin(database: Database): void {
    const stamp = stampOfAll(this.#effects, this.#root);
    if (stamp !== undefined && currentSource(database, RECEIPTS)?.stamp === stamp) this.#state = "trusted";
    else this.#look(database);
  }

  /** A damaged receipt is left to the files, where it becomes a finding. */
  #look(database: Database): boolean {
    if (this.#state === "looked_at") return true;
    this.#seen.clear();
    this.#state = "unusable";
    const read_ms = this.#effects.clock.now_ms();
    const stamp = stampOfAll(this.#effects, this.#root, read_ms);
    try {
      const heads = followReceipts(database, this.#effects, this.#root);
      if (heads === undefined) return false;
      this.#take(heads);
    } catch (error) {
      if (error instanceof Fault) return false;
      throw error;
    }
    this.#state = "looked_at";
    if (stamp !== undefined && currentSource(database, RECEIPTS)?.stamp !== stamp)
      database.change(() => keepSource(database, RECEIPTS, { stamp, read_ms, digest: "" }));
    return true;
  }
}

/**
 * Changes with every transaction, whether it is committed or undone: each makes and removes a folder beside the journal,
 * and each commit replaces the generation. With `read_ms`: undefined while one of them may still change within a tick.
 */
function stampOfAll({ fs }: Pick<IndexEffects, "fs">, root: string, read_ms?: number): string | undefined {
  const paths = [
    ...PLANE_TIERS.map((tier) => `${tierPrefix(tier)}installed`),
    ".holdfast/state/transactions",
    ".holdfast/state/generation.json",
  ];
  const stats = paths.map((path) => fs.stat(`${root}/${path}`));
  if (read_ms !== undefined && !stats.every((stat) => stat === undefined || isSettled(stat, read_ms)))
    return undefined;
  return stats.map((stat) => (stat === undefined ? "-" : stampOf(stat))).join(" ");
}
