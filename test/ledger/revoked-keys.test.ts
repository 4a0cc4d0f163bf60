/** What a checkpoint is worth once every key that could have signed it was revoked. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { cosign, proveEntry, rebuildTree, verifyStreams } from "../../src/ledger/index.ts";
import { faultOf } from "./ledgers.ts";
import { settled, type TestLog } from "./logs.ts";

const effects = nodeEffects();
const NO_THREADS = { worker_url: new URL("none:"), threads_count: 1 };

const verdictOf = async ({ stream }: TestLog) => (await verifyStreams(effects.fs, [stream], NO_THREADS))[0];

function revokeAll({ keys }: TestLog): void {
  const path = `${keys}/signing/trusted.json`;
  const list = JSON.parse(readFileSync(path, "utf8"));
  const revoked = { at: "2026-11-01T00:00:00Z", reason: "lost" };
  for (const key of list.keys) Object.assign(key, { status: "revoked", revoked });
  writeFileSync(path, JSON.stringify(list));
}

test("every key of the log revoked: its checkpoints are errors, and nothing is proved by them", async () => {
  const log = await settled(3);
  await cosign(effects, log.stream, { folder: `${log.root}-witness`, plane_root: log.root });
  expect(await verdictOf(log)).toMatchObject({ valid: true });
  revokeAll(log);
  const verdict = await verdictOf(log);
  expect(verdict).toMatchObject({ valid: false, first_bad: { code: "LEDGER_CHECKPOINT_UNTRUSTED" } });
  expect(verdict?.findings.map(({ code, severity, path }) => [code, severity, path])).toEqual([
    ["LEDGER_CHECKPOINT_UNTRUSTED", "error", "ledger/governance/checkpoint"],
    ["LEDGER_CHECKPOINT_UNTRUSTED", "error", "ledger/governance/cosigned"],
  ]);
  for (const { next_step } of verdict?.findings ?? []) expect(next_step).toContain("pkg keys generate");
  for (const file of ["checkpoint", "cosigned"] as const)
    expect((await faultOf(() => proveEntry(effects.fs, log.stream, "0", file))).code).toBe(
      "LEDGER_TREE_DAMAGED",
    );
  // Signing needs a key that is in force.
  expect(await rebuildTree(effects, log.stream)).toBe("unsigned");
});

test("no key known at all: only noted, since nothing can be said of the signature", async () => {
  const log = await settled(3);
  rmSync(log.keys, { recursive: true });
  const verdict = await verdictOf(log);
  expect(verdict).toMatchObject({ valid: true });
  expect(verdict?.findings).toMatchObject([{ code: "LEDGER_CHECKPOINT_UNVERIFIED", severity: "note" }]);
  expect(proveEntry(effects.fs, log.stream, "0").checkpoint.size).toBe(3);
});
