/** What receipts kept of a ledger shows when the ledger, its head and its checkpoint are put back or made anew together. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import {
  checkpointInForce,
  type KeptHead,
  settleTree,
  streamHead,
  verifyKept,
} from "../../src/ledger/index.ts";
import { filled, linesOf, resealed, writeLines } from "./ledgers.ts";
import { effects, settled, type TestLog } from "./logs.ts";

let log: TestLog;

/** As a receipt written now keeps it. */
function kept(path = "installed/PKG-A-001/receipt.json"): KeptHead {
  const { entries, entry_hash } = streamHead(effects.fs, log.stream) ?? { entries: 0, entry_hash: "" };
  const checkpoint = checkpointInForce(effects.fs, log.stream);
  return { path, stream: log.stream.name, entries, entry_hash, checkpoint };
}

const verdict = (...heads: KeptHead[]) => verifyKept(effects.fs, heads, () => log.stream);
const told = (...heads: KeptHead[]) =>
  verdict(...heads).findings.map(({ code, line, message }) => [code, line, message]);

/** Lines, head, tiles and checkpoint as whoever has plane and keys makes them. */
async function remade(lines: readonly string[]): Promise<void> {
  writeLines(log.stream, [...lines]);
  rmSync(log.stream.head_path ?? "");
  rmSync(log.directory, { recursive: true });
  rmSync(`${log.root}/.holdfast`, { recursive: true });
  expect(await settleTree(nodeEffects(), log.stream)).toBe("signed");
}

beforeEach(async () => {
  log = await settled(5);
});

describe("kept heads", () => {
  test("hold while the ledger only grows", async () => {
    const first = kept();
    await filled(log, 300);
    await settleTree(effects, log.stream);
    expect(first.checkpoint).toContain("\n5\n");
    expect(verdict(first, kept())).toEqual({ valid: true, heads_count: 2, findings: [] });
  });

  test("refuse a ledger that was rolled back, and name the farthest", async () => {
    const first = kept();
    await filled(log, 3);
    await settleTree(effects, log.stream);
    const second = kept("installed/PKG-B-001/receipt.json");
    await filled(log, 1);
    const third = kept("installed/PKG-C-001/receipt.json");
    await remade(linesOf(log.stream).slice(0, 6));
    const message =
      "installed/PKG-C-001/receipt.json names entry 9 of ledger/governance.jsonl, which ends after 6 entries, but had 9: its tail was cut (1 more receipts say the like)";
    expect(told(first, second, third)).toEqual([["LEDGER_RECEIPT_CUT", undefined, message]]);
  });

  test("refuse a fork, and name the nearest", async () => {
    const first = kept();
    const lines = linesOf(log.stream);
    const other = resealed(lines[4] ?? "", { reason: "another story" });
    await remade([...lines.slice(0, 4), other, "{}"]);
    expect(told(first).map((one) => one.slice(0, 2))).toEqual([["LEDGER_RECEIPT_MISMATCH", 5]]);
    expect(verdict(first).findings[0]).toMatchObject({
      expected: first.entry_hash,
      actual: JSON.parse(other).entry_hash,
      path: log.stream.name,
    });
  });

  test("refuse an older checkpoint in place of the newest, and one that the log did not sign so", async () => {
    const old = readFileSync(`${log.directory}/checkpoint`);
    await filled(log, 2);
    await settleTree(effects, log.stream);
    const now = kept();
    writeFileSync(`${log.directory}/checkpoint`, old);
    expect(told(now).map(([code]) => code)).toEqual(["LEDGER_RECEIPT_CUT"]);
    await settleTree(effects, log.stream);
    const forged = { ...now, checkpoint: now.checkpoint?.replace("\n7\n", "\n6\n") };
    expect(told(forged)[0]?.[2]).toContain("does not fit its checkpoint");
    const broken = { ...now, checkpoint: "no note" };
    expect(told(broken)[0]?.[2]).toContain("its checkpoint of ledger/governance.jsonl is none");
  });

  test("lay no changed tile at the door of lines that bear them out", async () => {
    const first = kept();
    await filled(log, 2);
    await settleTree(effects, log.stream);
    const tile = `${log.directory}/tile/0/000.p/7`;
    const bytes = readFileSync(tile);
    bytes[3] = (bytes[3] ?? 0) ^ 1;
    writeFileSync(tile, bytes);
    expect(verdict(first)).toEqual({ valid: true, heads_count: 1, findings: [] });
    // With the same tile a checkpoint that the lines do not make is still told.
    const lines = linesOf(log.stream);
    writeLines(log.stream, [(lines[0] ?? "").replace("{", "{ "), ...lines.slice(1)]);
    expect(told(first).map(([code]) => code)).toEqual(["LEDGER_RECEIPT_MISMATCH"]);
  });

  test("of a ledger that is gone, or that no ledger is called", () => {
    const head = kept();
    rmSync(log.stream.path);
    expect(told(head, { ...head, stream: "../../etc/passwd" }).map(([code]) => code)).toEqual([
      "LEDGER_RECEIPT_MISSING",
      "LEDGER_RECEIPT_MISSING",
    ]);
  });
});
