/** Digests noted beside stored archives, so that one is found without reading all of them. */
import { type Database, isSettled, stampOf } from "../effects/index.ts";
import { readSidecar, STORE_DIRECTORY } from "../store/index.ts";
import { type IndexEffects, withIndex } from "./open.ts";
import { currentSource, keepSource } from "./sources.ts";

const NAME = "sidecars";

/**
 * Plane-relative paths of the archives beside which this digest was noted when the store last changed; the caller reads
 * those again. Sorted.
 */
export function archivesNoted(effects: IndexEffects, root: string, digest: string): string[] | undefined {
  return withIndex<string[] | undefined>(
    effects,
    root,
    (database) =>
      followSidecars(effects, root, database)
        ? database
            .all("SELECT path FROM sidecar WHERE digest = ? ORDER BY path", digest)
            .map((row) => String(row["path"]))
        : undefined,
    () => undefined,
  );
}

/** Plane-relative paths of stored archives whose names begin so, as when the store last changed. Sorted. */
export function archivesNamed(effects: IndexEffects, root: string, beginning: string): string[] | undefined {
  return withIndex<string[] | undefined>(
    effects,
    root,
    (database) =>
      followSidecars(effects, root, database)
        ? database
            .all(
              "SELECT path FROM sidecar WHERE path >= ? AND path < ? ORDER BY path",
              `${STORE_DIRECTORY}/${beginning}`,
              `${STORE_DIRECTORY}/${beginning}\u{10ffff}`,
            )
            .map((row) => String(row["path"]))
        : undefined,
    () => undefined,
  );
}

function followSidecars({ fs, clock }: IndexEffects, root: string, database: Database): boolean {
  const folder = `${root}/${STORE_DIRECTORY}`;
  const stats = [fs.stat(folder), fs.stat(`${root}/.holdfast/state/transactions`)];
  const stamp = stats.map((stat) => (stat === undefined ? "-" : stampOf(stat))).join(" ");
  if (currentSource(database, NAME)?.stamp === stamp) return true;
  const read_ms = clock.now_ms();
  if (!stats.every((stat) => stat === undefined || isSettled(stat, read_ms))) return false;
  const is_kept = database.change(() => {
    database.run("DELETE FROM sidecar");
    for (const { name, kind } of fs.list(folder)) {
      if (kind !== "file" || !name.endsWith(".tar.gz")) continue;
      const digest = readSidecar(fs, `${folder}/${name}`) ?? "";
      database.run("INSERT INTO sidecar VALUES (?, ?)", `${STORE_DIRECTORY}/${name}`, digest);
    }
    keepSource(database, NAME, { stamp, read_ms, digest: "" });
    return true;
  });
  return is_kept === true;
}
