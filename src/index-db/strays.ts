/** Paths the ownership registry has and no receipt holds: none in a sound plane, so they are found once for each state of both. */
import type { Database } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import type { IndexEffects } from "./open.ts";
import { loadOwners, OWNERS_NAME, READER_BYTES_MAX } from "./owners.ts";
import { currentSource, keepSource, RECEIPTS, STRAYS } from "./sources.ts";

/** Brings the table `stray` up to date, for receipts that were followed before. False where the index cannot say. */
export function followStrays(effects: IndexEffects, root: string, database: Database): boolean {
  try {
    if (!loadOwners(effects, root, database, READER_BYTES_MAX)) return false;
  } catch (error) {
    // A damaged registry is left to the files, where it becomes a finding.
    if (error instanceof Fault) return false;
    throw error;
  }
  const owners = currentSource(database, OWNERS_NAME)?.stamp;
  const receipts = currentSource(database, RECEIPTS);
  const stamp = `${owners} ${receipts?.stamp} ${receipts?.read_ms}`;
  if (receipts !== undefined && currentSource(database, STRAYS)?.stamp === stamp) return true;
  const is_kept = database.change(() => {
    database.run("DELETE FROM stray");
    database.run(
      "INSERT INTO stray SELECT path FROM owner WHERE NOT EXISTS (SELECT 1 FROM file WHERE file.path = owner.path)",
    );
    keepSource(database, STRAYS, { stamp, read_ms: effects.clock.now_ms(), digest: "" });
    return true;
  });
  return is_kept === true;
}
