/** What the index was read from, and the state each source was in. */
import type { Database } from "../effects/index.ts";

/** Name of all receipts as one source. */
export const RECEIPTS = "receipts";
/** Name of what is in the ownership registry and in no receipt. */
export const STRAYS = "strays";

export interface Source {
  readonly stamp: string;
  readonly read_ms: number;
  readonly digest: string;
}

export const currentSource = (database: Database, name: string): Source | undefined =>
  database.all("SELECT stamp, read_ms, digest FROM source WHERE name = ?", name)[0] as Source | undefined;

export const keepSource = (database: Database, name: string, { stamp, read_ms, digest }: Source): void =>
  database.run("INSERT OR REPLACE INTO source VALUES (?, ?, ?, ?)", name, stamp, read_ms, digest);

export const forgetSource = (database: Database, name: string): void =>
  database.run("DELETE FROM source WHERE name = ?", name);
