/** Streams kept as transparency logs in a temp directory, with signing keys beside the plane, for tests. */
import { readFileSync } from "node:fs";
import { ensureSigningKeys, keysPlaces } from "../../src/keys/index.ts";
import { type StreamRef, settleTree, streamOrigin, streamRef } from "../../src/ledger/index.ts";
import { aLedger, anEntry, effects, filled, type TestLedger } from "./ledgers.ts";

export const UID = "0123456789abcdef0123456789abcdef";

export interface TestLog extends TestLedger {
  readonly keys: string;
  /** Absolute folder of tiles and checkpoint. */
  readonly directory: string;
}

/** A plane whose stream is a log; the stream does not exist yet. */
export function aLog(
  name = "ledger/governance.jsonl",
  options: { readonly has_keys?: boolean } = {},
): TestLog {
  const { root, heads } = aLedger(name);
  const keys = `${root}-keys`;
  if (options.has_keys !== false) ensureSigningKeys(effects, keysPlaces(keys), UID);
  const log = { origin: streamOrigin(UID, name), keys_directory: keys };
  const stream = streamRef({ root, name, heads_directory: heads, log });
  return { root, heads, stream, keys, directory: stream.path.replace(/\.jsonl$/, "") };
}

/** A log of `count` entries, tiles and checkpoint written. */
export async function settled(count: number, name?: string): Promise<TestLog> {
  const log = aLog(name);
  await filled(log, count);
  await settleTree(effects, log.stream);
  return log;
}

/** Another process that appended to the file without knowing of the log: lines, no tiles. */
export function withoutLog({ name, path, head_path }: StreamRef): StreamRef {
  return { name, path, ...(head_path !== undefined && { head_path }) };
}

/** Verifier key of the plane's ledger key. */
export function ledgerVkey(log: TestLog): string {
  const { keys } = JSON.parse(readFileSync(`${log.keys}/signing/trusted.json`, "utf8")) as {
    keys: { name: string; vkey: string }[];
  };
  return keys.find(({ name }) => name.endsWith("-ledger"))?.vkey ?? "";
}

export { anEntry, effects };
