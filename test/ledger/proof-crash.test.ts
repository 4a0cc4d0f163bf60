/** Kills and power cuts at every change of the disk while lines are added and their log is brought up to them. */
import { expect, test } from "vitest";
import { SimDisk, simEffects } from "../../src/effects/sim/index.ts";
import { ensureSigningKeys, keysPlaces } from "../../src/keys/index.ts";
import {
  appendEntries,
  settleOwed,
  settleTree,
  streamOrigin,
  streamRef,
  trustedLedgerKeys,
  verifyStream,
  verifyTree,
} from "../../src/ledger/index.ts";
import { crashesAt, record } from "../crash/record.ts";
import { anEntry, UID } from "./logs.ts";

const log = { origin: streamOrigin(UID, "ledger/governance.jsonl"), keys_directory: "/keys" };
const stream = streamRef({
  root: "/p",
  name: "ledger/governance.jsonl",
  heads_directory: "/keys/heads",
  log,
});

/** A plane with 254 entries in its log: the next ones fill a tile. */
async function aDisk(): Promise<SimDisk> {
  const disk = new SimDisk();
  const effects = simEffects(disk, { seed: 1 });
  for (const folder of ["/p", "/keys"]) disk.fs.makeDirectory(folder, 0o700);
  disk.fs.makeDirectory("/keys/heads", 0o700);
  ensureSigningKeys(effects, keysPlaces("/keys"), UID);
  await appendEntries(
    effects,
    stream,
    Array.from({ length: 254 }, () => anEntry()),
  );
  await settleTree(effects, stream);
  disk.settle();
  return disk;
}

/** What an interrupted log may look like until the next entry; never that a line is not the one in a tile. */
const PASSING = [
  "LEDGER_TILE_CHANGED",
  "LEDGER_TILE_MISSING",
  "LEDGER_CHECKPOINT_MALFORMED",
  "LEDGER_CHECKPOINT_AHEAD",
  // Half of one write of 300 bytes: the simulation tears what a kernel would not.
  "LEDGER_CHECKPOINT_SIGNATURE",
];

test("the next entry finds its lines and brings the log up to them, wherever the one before died", async () => {
  const disk = await aDisk();
  const { points, error } = await record(disk, async () => {
    const effects = simEffects(disk, { seed: 2 });
    await appendEntries(effects, stream, [anEntry()]);
    await settleOwed(effects);
    await appendEntries(effects, stream, [anEntry(), anEntry()]);
    await settleOwed(effects);
  });
  expect(error).toBeUndefined();
  expect(points.some(({ name }) => name.includes("tile/0/000"))).toBe(true);
  let states = 0;
  const passing = new Set<string>();
  for (const point of points) {
    // All of them before the first is used: they are made from one another.
    const crashes = Array.from(crashesAt(point, { exhaustive_max: 4, samples: 2 }, 1));
    for (const crashed of crashes) {
      states++;
      const where = `${point.name}: ${crashed.name}`;
      const { fs } = crashed.disk;
      const keys = trustedLedgerKeys(fs, log);
      for (const { code, severity } of verifyTree(fs, stream, keys).findings) {
        if (severity === "error") passing.add(code);
      }
      const effects = simEffects(crashed.disk, { seed: 3 });
      await appendEntries(effects, stream, [anEntry()]);
      await settleOwed(effects);
      const { findings, valid, entries_count } = verifyStream(fs, stream);
      expect(
        findings.filter((one) => one.severity === "error"),
        where,
      ).toEqual([]);
      expect(valid, where).toBe(true);
      const verdict = verifyTree(fs, stream, keys);
      expect(verdict.findings, where).toEqual([]);
      expect(verdict.checkpoint?.size, where).toBe(entries_count);
    }
  }
  expect(states).toBeGreaterThan(100);
  expect([...passing].filter((code) => !PASSING.includes(code))).toEqual([]);
});
