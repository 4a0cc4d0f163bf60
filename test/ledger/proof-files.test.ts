import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import {
  checkProof,
  cosign,
  proveEntry,
  proveGrowth,
  readCheckpointBytes,
  settleTree,
} from "../../src/ledger/index.ts";
import { formatNoteKey, parseNoteKey } from "../../src/tlog/index.ts";
import { faultOf, filled, linesOf, writeLines } from "./ledgers.ts";
import { aLog, effects, ledgerVkey, settled, type TestLog } from "./logs.ts";

const { fs } = effects;
const SIZE = 600;
let log: TestLog;
let lines: string[];
let key: string;
/** Checkpoints of 250, 256 and 600 entries. */
const checkpoints = new Map<number, Buffer>();

beforeAll(async () => {
  log = aLog();
  for (const count of [250, 6, 344]) {
    await filled(log, count);
    await settleTree(effects, log.stream);
    lines = linesOf(log.stream);
    checkpoints.set(lines.length, readFileSync(`${log.directory}/checkpoint`));
  }
  key = ledgerVkey(log);
});

const check = (text: string | Uint8Array, more: Partial<Parameters<typeof checkProof>[0]> = {}) =>
  checkProof({ path: "p.tlog-proof", bytes: Buffer.from(text), keys: [key], ...more });
const since = (size: number) => ({ path: "old", bytes: checkpoints.get(size) ?? Buffer.alloc(0) });
const growth = (size: number, of: TestLog = log) =>
  proveGrowth(fs, of.stream, { checkpoint: readCheckpointBytes(since(size).bytes, "old"), path: "old" });

describe("inclusion", () => {
  test("every entry is proven by number, id or hash, and the proof holds the line", () => {
    for (const index of [0, 1, 255, 256, 511, 512, 598, 599]) {
      const { id, entry_hash } = JSON.parse(lines[index] ?? "") as { id: string; entry_hash: string };
      const proof = proveEntry(fs, log.stream, `${index}`);
      expect(proveEntry(fs, log.stream, id).file).toBe(proof.file);
      expect(proveEntry(fs, log.stream, entry_hash).file).toBe(proof.file);
      expect(check(proof.file)).toEqual({
        kind: "inclusion",
        origin: log.stream.log?.origin,
        size: SIZE,
        index,
        line: lines[index],
        signed_by: ["plane-0123456789ab-ledger"],
        cosigned_by: [],
      });
    }
  });

  test("no single byte of a proof can change", () => {
    const bytes = Buffer.from(proveEntry(fs, log.stream, "300").file);
    const accepted: number[] = [];
    for (let position = 0; position < bytes.length; position++) {
      const touched = Buffer.from(bytes);
      touched[position] = (bytes[position] ?? 0) ^ 1;
      try {
        check(touched);
        accepted.push(position);
      } catch (error) {
        expect((error as { code?: string }).code).toMatch(/^LEDGER_PROOF_(INVALID|MALFORMED)$/);
      }
    }
    expect(accepted).toEqual([]);
  });

  test("without the line it wants the entry; with another it proves nothing", async () => {
    const { file } = proveEntry(fs, log.stream, "7");
    const bare = file.replace(/^extra .*\n/m, "");
    expect(await faultOf(() => check(bare))).toMatchObject({ code: "LEDGER_PROOF_INVALID" });
    expect(check(bare, { entry: Buffer.from(lines[7] ?? "") })).toMatchObject({ index: 7 });
    const other = await faultOf(() => check(bare, { entry: Buffer.from(lines[8] ?? "") }));
    expect(other.message).toContain("do not lead from the entry");
  });

  test("another key, no valid key, another log are refused", async () => {
    const { file } = proveEntry(fs, log.stream, "7");
    const stranger = ledgerVkey(await settled(1));
    expect(await faultOf(() => check(file, { keys: [stranger] }))).toMatchObject({
      code: "LEDGER_PROOF_INVALID",
      exit_code: 1,
      details: { reason: "none of the given keys signed the checkpoint" },
    });
    expect(check(file, { keys: [stranger, key] }).size).toBe(SIZE);
    expect(await faultOf(() => check(file, { keys: ["x"] }))).toMatchObject({ code: "LEDGER_KEY_MALFORMED" });
    expect(await faultOf(() => check(file, { origin: "example.com/log" }))).toMatchObject({
      code: "LEDGER_PROOF_INVALID",
    });
    expect(check(file, { origin: log.stream.log?.origin ?? "" }).size).toBe(SIZE);
    expect(await faultOf(() => check("hello"))).toMatchObject({
      code: "LEDGER_PROOF_MALFORMED",
      exit_code: 2,
    });
  });

  test("witnesses that are asked for must have signed", async () => {
    const other = await settled(5);
    const plain = { keys: [ledgerVkey(other)] };
    const { witness_key, time_s } = await cosign(effects, other.stream, {
      folder: `${other.keys}/w`,
      plane_root: other.root,
      name: "ann",
    });
    const { file } = proveEntry(fs, other.stream, "2", "cosigned");
    expect(check(file, { ...plain, witnesses: [witness_key] }).cosigned_by).toEqual([
      { name: "ann", time_s },
    ]);
    // The witness's key may be given as its plain key too.
    const as_plain = formatNoteKey({ ...parseNoteKey(witness_key), type: "ed25519" });
    expect(check(file, { ...plain, witnesses: [as_plain] }).cosigned_by).toHaveLength(1);
    const bob = formatNoteKey({ ...parseNoteKey(witness_key), name: "bob" });
    expect(await faultOf(() => check(file, { ...plain, witnesses: [witness_key, bob] }))).toMatchObject({
      code: "LEDGER_PROOF_INVALID",
      details: { reason: "the witness bob did not sign the checkpoint" },
    });
    // A witness's signature is no log's.
    expect(await faultOf(() => check(file, { keys: [as_plain] }))).toMatchObject({
      code: "LEDGER_PROOF_INVALID",
    });
  });

  test("what is not there, or not covered, is said so", async () => {
    for (const entry of ["600", "LED-none", "999999999999999", "-1", ""]) {
      expect(await faultOf(() => proveEntry(fs, log.stream, entry)), entry).toMatchObject({
        code: "LEDGER_ENTRY_UNKNOWN",
        exit_code: 1,
      });
    }
    const other = await settled(2);
    await filled(other, 1);
    expect(await faultOf(() => proveEntry(fs, other.stream, "2"))).toMatchObject({
      code: "LEDGER_NOT_COVERED",
    });
    rmSync(`${other.directory}/checkpoint`);
    expect(await faultOf(() => proveEntry(fs, other.stream, "0"))).toMatchObject({
      code: "LEDGER_CHECKPOINT_MISSING",
    });
  });

  test("a wrong cache costs time, never a wrong proof; a wrong line or tile has none", async () => {
    const other = await settled(300);
    const { file } = proveEntry(fs, other.stream, "270");
    const offsets = `${other.root}/.holdfast/cache/tlog/ledger__governance.offsets`;
    const sound = readFileSync(offsets);
    for (const bytes of [Buffer.alloc(16), Buffer.alloc(16, 0xff), sound.subarray(0, 3)]) {
      writeFileSync(offsets, bytes);
      expect(proveEntry(fs, other.stream, "270").file).toBe(file);
    }
    rmSync(offsets);
    expect(proveEntry(fs, other.stream, "270").file).toBe(file);
    writeLines(other.stream, linesOf(other.stream).with(270, "{}"));
    expect(await faultOf(() => proveEntry(fs, other.stream, "270"))).toMatchObject({
      code: "LEDGER_TREE_DAMAGED",
    });
    writeFileSync(`${other.directory}/tile/0/000`, Buffer.alloc(8192));
    expect(await faultOf(() => proveEntry(fs, other.stream, "3"))).toMatchObject({
      code: "LEDGER_TREE_DAMAGED",
      exit_code: 4,
    });
    rmSync(`${other.directory}/tile/0/000`);
    expect(await faultOf(() => proveEntry(fs, other.stream, "3"))).toMatchObject({
      code: "LEDGER_TREE_DAMAGED",
    });
    writeFileSync(`${other.directory}/checkpoint`, "nothing");
    expect(await faultOf(() => proveEntry(fs, other.stream, "3"))).toMatchObject({
      code: "LEDGER_TREE_DAMAGED",
    });
  });
});

describe("growth", () => {
  test.each([250, 256, 600])("from %i entries is proven and checked with both checkpoints", (size) => {
    const { file } = growth(size);
    expect(check(file, { since: since(size) })).toMatchObject({
      kind: "consistency",
      old_size: size,
      size: SIZE,
    });
  });

  test("the earlier checkpoint is needed, and must be the one", async () => {
    const { file } = growth(250);
    const reason = async (more: Parameters<typeof check>[1]) =>
      (await faultOf(() => check(file, more))).details["reason"];
    expect(await reason({})).toContain("--since");
    expect(await reason({ since: since(256) })).toContain("begins at 250 entries");
    const touched = Buffer.from(since(250).bytes.toString().replace("\n250\n", "\n251\n"));
    expect(await reason({ since: { path: "old", bytes: touched } })).toContain("begins at 250");
    const other = await settled(250);
    const foreign = readFileSync(`${other.directory}/checkpoint`);
    expect(await reason({ since: { path: "old", bytes: foreign } })).toContain("none of the given keys");
    expect(
      await reason({ since: { path: "old", bytes: foreign }, keys: [key, ledgerVkey(other)] }),
    ).toContain("do not lead from");
    expect(
      await faultOf(() => check(file, { since: { path: "old", bytes: Buffer.from("x") } })),
    ).toMatchObject({ code: "LEDGER_CHECKPOINT_UNUSABLE", exit_code: 2 });
  });

  /** Another history under the log's own name and keys. */
  async function ofTheSameKeys(count: number): Promise<TestLog> {
    const other = aLog(undefined, { has_keys: false });
    cpSync(log.keys, other.keys, { recursive: true });
    await filled(other, count);
    await settleTree(effects, other.stream);
    return other;
  }

  test("a checkpoint that none of the log's keys signed accuses nobody", async () => {
    const stranger = readFileSync(`${(await settled(700)).directory}/checkpoint`);
    const touched = (from: string, to: string) => Buffer.from(since(600).bytes.toString().replace(from, to));
    for (const [bytes, says] of [
      [touched("\n600\n", "\n900\n"), "does not fit its text"],
      [touched("\n600\n", "\n599\n"), "does not fit its text"],
      [touched("\n600\n", "\n0\n"), "does not fit its text"],
      [stranger, "no key this plane trusts signed it"],
    ] as const) {
      const old = { checkpoint: readCheckpointBytes(bytes, "old"), path: "old" };
      const fault = await faultOf(() => proveGrowth(fs, log.stream, old));
      expect([fault.code, fault.exit_code]).toEqual(["LEDGER_CHECKPOINT_UNUSABLE", 2]);
      expect(fault.message).toContain(says);
    }
  });

  test("a stream that is no log is said to be none", async () => {
    const session = await settled(3, "ledger/sessions/s1.jsonl");
    expect(await faultOf(() => proveEntry(fs, session.stream, "1"))).toMatchObject({
      code: "LEDGER_NOT_LOGGED",
      exit_code: 2,
    });
  });

  test("a fork and a rollback show as what they are", async () => {
    const forked = await ofTheSameKeys(700);
    expect(await faultOf(() => growth(600, forked))).toMatchObject({
      code: "LEDGER_FORKED",
      details: { old_size: 600, size: 700 },
    });
    const short = await ofTheSameKeys(20);
    expect(await faultOf(() => growth(600, short))).toMatchObject({ code: "LEDGER_ROLLED_BACK" });
    const other = await settled(5, "ledger/packages.jsonl");
    expect(await faultOf(() => growth(250, other))).toMatchObject({ code: "LEDGER_CHECKPOINT_UNUSABLE" });
  });
});
