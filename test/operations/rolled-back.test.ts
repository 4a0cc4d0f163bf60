/** A plane whose ledgers go back in time, heads and checkpoints with them, while a newer receipt stays. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { IntegrityReport, Receipt } from "../../src/contracts/index.ts";
import { checkIntegrity } from "../../src/integrity/index.ts";
import { settleOwed } from "../../src/ledger/index.ts";
import { OPERATIONS } from "../../src/operations/index.ts";
import { readReceipt } from "../../src/receipts/index.ts";
import { type LibraryPlane, libraryPlane, packageToml } from "../support/library-plane.ts";
import { writeTree } from "../support/tree.ts";

const [A, B] = ["PKG-T1-A-001", "PKG-T1-B-001"] as const;
const folder = mkdtempSync(`${tmpdir()}/rolled-back-`);
let on: LibraryPlane;

beforeAll(async () => {
  on = await libraryPlane(folder);
  for (const [id, name] of [
    [A, "a"],
    [B, "b"],
  ] as const) {
    writeTree(`${on.root}/modules/${name}`, {
      "holdfast.toml": packageToml(id),
      [`${name}.py`]: "X = 1\n",
    });
    await on.pack(`modules/${name}`, { id });
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function verify(streams?: string[]): Promise<{ codes: string[]; exit_code: number; text: string }> {
  const operation = await OPERATIONS["ledger verify"]?.();
  if (operation === undefined) throw new Error("no ledger verify");
  const context = {
    effects: on.effects,
    root: on.root,
    token: undefined,
    wait_ms: undefined,
    version: "1.0.0",
    files: { scan_worker_url: new URL("file:///nowhere") },
  };
  const input = operation.input.parse({ streams });
  const { result, exit_code = 0 } = await operation.run(context as never, input);
  const { receipts } = result as { receipts: { findings: { code: string; path: string }[] } };
  const codes = receipts.findings.map(({ code, path }) => `${code} ${path}`);
  return { codes, exit_code, text: operation.text(result, input) };
}

const integrity = (): Promise<IntegrityReport> => checkIntegrity(on.effects, on.plane, { orphans: false });
const receiptCodes = ({ findings }: IntegrityReport): string[] =>
  findings.map(({ code }) => code).filter((code) => code.startsWith("LEDGER_"));

test("a receipt carries heads and checkpoints, and refuses ledgers older than it", async () => {
  /** As every command does at its end. */
  const settled = async (change: Promise<unknown>): Promise<void> => {
    await change;
    await settleOwed(on.effects);
  };
  await settled(on.install([A]));
  const parts = ["plane/ledger", "plane/planes", "home"];
  const copy = (from: string, to: string): void => {
    for (const part of parts) {
      rmSync(`${folder}/${to}${part}`, { recursive: true, force: true });
      cpSync(`${folder}/${from}${part}`, `${folder}/${to}${part}`, { recursive: true });
    }
  };
  copy("", "old/");
  await settled(on.install([B]));
  await settled(on.uninstall([A]));
  await settled(on.install([A]));

  const receipt = readReceipt(on.effects.fs, on.root, A, "ho3")?.receipt as Receipt;
  const at_start = receipt.ledger_checkpoints?.["ledger/packages.jsonl"]?.split("\n")[1];
  expect(Number(at_start)).toBe(receipt.ledger_heads["ledger/packages.jsonl"]?.entries);
  expect(Object.keys(receipt.ledger_checkpoints ?? {})).toHaveLength(4);
  expect(await verify()).toMatchObject({ codes: [], exit_code: 0 });
  expect(receiptCodes(await integrity())).toEqual([]);

  copy("", "new/");
  copy("old/", "");
  rmSync(`${on.root}/.holdfast/cache`, { recursive: true });
  const found = await verify();
  expect(found).toMatchObject({ codes: ["LEDGER_RECEIPT_CUT ledger/packages.jsonl"], exit_code: 1 });
  expect(found.text).toContain("BAD  8 heads of ledgers kept in receipts");
  expect((await verify(["ledger/governance.jsonl"])).exit_code).toBe(0);
  const report = await integrity();
  expect(receiptCodes(report)).toEqual(["LEDGER_RECEIPT_CUT"]);
  expect(report.ledger.find(({ stream }) => stream === "ledger/packages.jsonl")?.valid).toBe(false);
  copy("new/", "");
});

test("the integrity check judges tiles, sessions and what ledgers say of one another", async () => {
  const tile = `${on.root}/ledger/packages/checkpoint`;
  const before = readFileSync(tile, "utf8");
  writeFileSync(tile, before.replace(/\n\d+\n/, "\n1\n"));
  expect(receiptCodes(await integrity())).toContain("LEDGER_CHECKPOINT_SIGNATURE");
  writeFileSync(tile, before);
  writeFileSync(`${on.root}/ledger/sessions.jsonl`, "{}\n");
  const { ledger } = await integrity();
  expect(ledger.find(({ stream }) => stream === "ledger/sessions.jsonl")?.valid).toBe(false);
});
