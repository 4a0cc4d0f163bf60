/**
 * Questions about receipts that the index answers without looking at every receipt. Each receipt that an answer rests on is
 * held against its file; of the others it is enough that no transaction ended since all were looked at, and that the
 * folders they lie in are the same. A receipt edited by hand is therefore seen where it was asked for: to see an edit
 * anywhere is what `integrity-check` is for. What is called likely was held against nothing: `areCurrent` is to be asked
 * about the packages that are told of.
 */
import type { Cell, Database } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { followReceipts } from "./heads.ts";
import { areReceiptsAsKept } from "./known-states.ts";
import {
  type Edge,
  edgesByTarget,
  edgesOf,
  edgesOn,
  readAllHeads,
  readEdges,
  readStandings,
  type Standing,
} from "./many-heads.ts";
import { tokenOf } from "./mention-token.ts";
import { type IndexEffects, withIndex } from "./open.ts";
import { stampOfAll } from "./plane-stamp.ts";
import { type Head, parseHead } from "./receipt-rows.ts";
import { ReceiptStamp } from "./receipt-stamp.ts";
import { currentSource, keepSource, RECEIPTS } from "./sources.ts";
import { followStrays } from "./strays.ts";

/** So many questions are asked one by one, then everything is read at once. */
const ASKED_MAX = 200;

/** So many packages are looked at one by one, then all: for thousands that is the shorter way. */
const LOOKED_AT_MAX = 2_000;

type Row = Readonly<Record<string, Cell>>;

/** One command's view. Every answer is undefined where the index cannot say. */
export class KnownPackages {
  readonly #effects: IndexEffects;
  readonly #root: string;
  /** What the index has of those looked at one by one, parsed when it is asked for. */
  readonly #seen = new Map<string, (Head | string)[]>();
  /** By id, once every receipt was looked at and many were asked for. */
  #all_heads: ReadonlyMap<string, readonly Head[]> | undefined;
  /** By id, once every receipt was looked at and many were asked for. */
  #standings: ReadonlyMap<string, readonly Standing[]> | undefined;
  /** By the package they are on, once many were asked for. */
  #edges_to: ReadonlyMap<string, readonly Edge[]> | undefined;
  #edges_asked_count = 0;
  /** How often receipts were read anew: what was likely before may not be so. */
  #reads_count = 0;
  /** `looked_at`: every receipt was, and the rows of the index are what they say. */
  #state: "new" | "trusted" | "looked_at" | "unusable" = "new";

  constructor(effects: IndexEffects, root: string) {
    this.#effects = effects;
    this.#root = root;
  }

  /** Looks at every receipt now, so that the next command need not. */
  follow(): void {
    this.#asking((_, database) => this.#look(database));
  }

  /** Sorted. */
  ids(): string[] | undefined {
    return this.#asking((all) =>
      all("SELECT DISTINCT package_id FROM head ORDER BY package_id").map((row) => String(row["package_id"])),
    );
  }

  /** Highest plane tier first; empty when it is not installed. */
  standings(id: string): readonly Standing[] | undefined {
    return this.#asking((all, database) => {
      if (this.#state === "looked_at" && this.#seen.size > ASKED_MAX)
        this.#standings ??= readStandings(database);
      return this.#standings === undefined ? this.#headsOf(all, id) : (this.#standings.get(id) ?? []);
    });
  }

  /** Dependencies that manifests declare on a package. */
  edgesTo(id: string): readonly Edge[] | undefined {
    return this.#asking((all, database) => {
      const edges = this.#edgesTo(all, database, id);
      const ids = edges.map(({ from }) => from);
      return this.#areCurrent(all, database, ids) ? this.#edgesTo(all, database, id) : undefined;
    });
  }

  likelyEdgesTo(id: string): readonly Edge[] | undefined {
    // Asked ten thousand times in a row.
    if (this.#edges_to !== undefined) return this.#edges_to.get(id) ?? [];
    return this.#asking((all, database) => this.#edgesTo(all, database, id));
  }

  #edgesTo(all: Database["all"], database: Database, id: string): readonly Edge[] {
    if (this.#edges_to === undefined && ++this.#edges_asked_count > ASKED_MAX)
      this.#edges_to = edgesByTarget(readEdges(database));
    return this.#edges_to === undefined ? edgesOn(all, id) : (this.#edges_to.get(id) ?? []);
  }

  edgesFrom(id: string): Edge[] | undefined {
    return this.heads(id)?.flatMap(edgesOf);
  }

  /** As receipt and manifest have it, highest plane tier first; empty when it is not installed. */
  heads(id: string): readonly Head[] | undefined {
    // Asked ten thousand times in a row.
    if (this.#all_heads !== undefined) return this.#all_heads.get(id) ?? [];
    return this.#asking((all, database) => {
      if (this.#state !== "looked_at" || this.#seen.size <= ASKED_MAX) return this.#headsOf(all, id);
      this.#all_heads = readAllHeads(database);
      return this.#all_heads.get(id) ?? [];
    });
  }

  edges(): readonly Edge[] | undefined {
    return this.#asking((_, database) => (this.#look(database) ? readEdges(database) : undefined));
  }

  /** False where the index had to read receipts anew: then what was likely is to be asked again. */
  areCurrent(ids: readonly string[]): boolean | undefined {
    const before = this.#reads_count;
    return this.#asking(
      (all, database) =>
        (this.#areCurrent(all, database, ids) || !this.#look(database)) && before === this.#reads_count,
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

  /** How many files below a folder each receipt likely holds; by id. The folder is plane-relative, empty for the plane. */
  likelyBelow(folder: string): Map<string, number> | undefined {
    return this.#asking((all) => {
      const rows = all(
        "SELECT package_id, sum(files) AS files FROM below WHERE folder = ? GROUP BY package_id ORDER BY package_id",
        folder,
      );
      return new Map(rows.map((row) => [String(row["package_id"]), Number(row["files"])]));
    });
  }

  /** Ids of the receipts that hold the first files below a folder, by code point of their paths. */
  ownersOfFirst(folder: string, count_max: number): string[] | undefined {
    return this.#named(
      "SELECT DISTINCT package_id FROM (SELECT package_id FROM file WHERE path > ? AND path < ? ORDER BY path LIMIT ?)",
      ...boundsOf(folder),
      count_max,
    );
  }

  /** Paths below a folder that the ownership registry has and no receipt holds. */
  strays(folder: string): string[] | undefined {
    return this.#asking((all, database) => {
      if (!followStrays(this.#effects, this.#root, database)) return undefined;
      const rows = all(
        "SELECT path FROM stray WHERE path > ? AND path < ? ORDER BY path",
        ...boundsOf(folder),
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
    return this.#asking((all, database) => {
      const ids = all(sql, ...cells).map((row) => String(row["package_id"]));
      return this.#areCurrent(all, database, ids) ? ids : undefined;
    });
  }

  #headsOf(all: Database["all"], id: string): readonly Head[] | undefined {
    if (!this.#seen.has(id) && !this.#see(all, [id])) return undefined;
    const heads = this.#seen.get(id) ?? [];
    for (const [index, one] of heads.entries()) if (typeof one === "string") heads[index] = parseHead(one);
    return heads as Head[];
  }

  #areCurrent(all: Database["all"], database: Database, ids: readonly string[]): boolean {
    const is_look_cheaper = this.#seen.size + ids.length > LOOKED_AT_MAX;
    if (is_look_cheaper && this.#state === "trusted") return this.#look(database);
    const unseen = ids.filter((id) => !this.#seen.has(id));
    return this.#state === "looked_at" || unseen.length === 0 || this.#see(all, unseen);
  }

  /** Whether the receipts of these packages are those that were read; looks once. */
  #see(all: Database["all"], ids: readonly string[]): boolean {
    const rows = all(
      "SELECT package_id, plane_id, stamp, read_ms, head FROM head WHERE package_id IN (SELECT value FROM json_each(?)) ORDER BY plane_id DESC",
      JSON.stringify(ids),
    );
    if (this.#state !== "looked_at" && !rows.every((row) => this.#isOf(row))) return false;
    for (const id of ids) this.#seen.set(id, []);
    for (const row of rows) this.#seen.get(String(row["package_id"]))?.push(String(row["head"]));
    return true;
  }

  #isOf({ package_id, plane_id, stamp, read_ms }: Row): boolean {
    const place = { tier: plane_id as Head["plane_id"], id: String(package_id) };
    const now = new ReceiptStamp(this.#effects, this.#root, place);
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

  /** Holds every receipt against its file, and reads those that changed. A damaged one is left to the files, where it becomes a finding. */
  #look(database: Database): boolean {
    if (this.#state === "looked_at") return true;
    if (this.#state === "trusted" && areReceiptsAsKept(this.#effects, this.#root, database)) {
      this.#state = "looked_at";
      return true;
    }
    this.#reads_count += 1;
    this.#seen.clear();
    this.#edges_to = undefined;
    this.#all_heads = undefined;
    this.#state = "unusable";
    const read_ms = this.#effects.clock.now_ms();
    const stamp = stampOfAll(this.#effects, this.#root, read_ms);
    try {
      if (!followReceipts(database, this.#effects, this.#root)) return false;
    } catch (error) {
      if (error instanceof Fault || isOfSystem(error)) return false;
      throw error;
    }
    this.#state = "looked_at";
    if (stamp !== undefined && currentSource(database, RECEIPTS)?.stamp !== stamp)
      database.change(() => keepSource(database, RECEIPTS, { stamp, read_ms, digest: "" }));
    return true;
  }
}

/** Such as a folder that this user may not enter. SQLite's own are `withIndex`'s to judge. */
const isOfSystem = (error: unknown): boolean => typeof (error as { syscall?: unknown }).syscall === "string";

/** Between which paths, both left out, those below a folder stand. */
const boundsOf = (folder: string): [string, string] =>
  folder === "" ? ["", "\u{10ffff}"] : [`${folder}/`, `${folder}0`];
