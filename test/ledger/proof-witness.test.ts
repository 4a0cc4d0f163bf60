import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, describe, expect, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { cosign, settleTree, trustedLedgerKeys, verifyTree } from "../../src/ledger/index.ts";
import { checkSignatures, type NoteKey, parseCheckpoint, parseNoteKey } from "../../src/tlog/index.ts";
import { faultOf, filled, linesOf, resealed, writeLines } from "./ledgers.ts";
import { effects, ledgerVkey, settled, type TestLog } from "./logs.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function aFolder(): string {
  const base = mkdtempSync(`${tmpdir()}/witness-`);
  folders.push(base);
  return `${base}/w`;
}

const ask = (log: TestLog, folder: string, more: { name?: string; log_keys?: string[] } = {}) =>
  cosign(effects, log.stream, { folder, plane_root: log.root, ...more });

const fresh = () => {
  const { fs, ...rest } = nodeEffects();
  return { ...rest, fs: { ...fs } };
};

/** The whole chain and the log made again, as whoever has the plane and its key can. */
async function forge(log: TestLog, change: (lines: string[]) => string[]): Promise<void> {
  const lines: string[] = [];
  let previous_hash = "";
  for (const line of change(linesOf(log.stream))) {
    const sealed = resealed(line, { previous_hash });
    previous_hash = JSON.parse(sealed).entry_hash;
    lines.push(sealed);
  }
  writeLines(log.stream, lines);
  rmSync(log.directory, { recursive: true });
  rmSync(`${log.root}/.holdfast`, { recursive: true });
  expect(await settleTree(fresh(), log.stream)).toBe("signed");
}

describe("a witness", () => {
  test("signs what continues what it saw, and its signature verifies with its key alone", async () => {
    const log = await settled(3);
    const folder = aFolder();
    const first = await ask(log, folder, { name: "ann" });
    expect(first).toMatchObject({ size: 3, witness: "ann", origin: log.stream.log?.origin });
    expect(first.old_size).toBeUndefined();
    const { note } = parseCheckpoint(readFileSync(`${log.directory}/checkpoint`));
    expect(checkSignatures(note, [parseNoteKey(first.witness_key)])).toMatchObject([
      { valid: true, time_s: first.time_s },
    ]);
    expect(Math.abs(first.time_s - Date.now() / 1000)).toBeLessThan(60);
    await filled(log, 300);
    await settleTree(effects, log.stream);
    expect(await ask(log, folder)).toMatchObject({ size: 303, old_size: 3, witness: "ann" });
    expect(await ask(log, folder)).toMatchObject({ size: 303, old_size: 303 });
    // One line for the log, one for the witness, however often it signs.
    expect(parseCheckpoint(readFileSync(`${log.directory}/checkpoint`)).note.signatures).toHaveLength(2);
  });

  test("signs a ledger it may only read, and refuses its fork all the same", async () => {
    const log = await settled(5);
    const folder = aFolder();
    const trees = () =>
      readdirSync(log.root, { recursive: true }).sort((a, b) => (String(a) < String(b) ? -1 : 1));
    const before = [trees(), readFileSync(`${log.directory}/checkpoint`, "utf8")];
    const refuse = (): never => {
      throw Object.assign(new Error("EACCES"), { code: "EACCES" });
    };
    const { fs } = effects;
    // As another user: nothing below the plane may be written or locked.
    const reading = {
      ...effects,
      locks: { ...effects.locks, acquire: async () => refuse() },
      fs: {
        ...fs,
        openWrite: (path: string, options: Parameters<typeof fs.openWrite>[1]) =>
          path.startsWith(log.root) && !path.startsWith(folder) ? refuse() : fs.openWrite(path, options),
      },
    };
    const signed = await cosign(reading, log.stream, { folder, plane_root: log.root, name: "ann" });
    expect(signed).toMatchObject({ size: 5, is_stored: false });
    expect([trees(), readFileSync(`${log.directory}/checkpoint`, "utf8")]).toEqual(before);
    const keys = [...keysOf(log), parseNoteKey(signed.witness_key)];
    writeFileSync(`${log.directory}/cosigned`, signed.checkpoint);
    expect(verifyTree(fs, log.stream, keys)).toMatchObject({
      valid: true,
      cosigned: { cosigned_by: [{ name: "ann" }] },
    });
    await forge(log, (lines) => lines.slice(0, 3));
    const again = () => cosign(reading, log.stream, { folder, plane_root: log.root });
    expect(await faultOf(again)).toMatchObject({ code: "LEDGER_ROLLED_BACK" });
  });

  test("keeps its key and memory to itself", async () => {
    const log = await settled(1);
    const folder = aFolder();
    await ask(log, folder);
    const [key] = readdirSync(folder).filter((name) => name.endsWith(".key"));
    const [memory] = readdirSync(`${folder}/seen`);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(`${folder}/${key}`).mode & 0o777).toBe(0o600);
    expect(statSync(`${folder}/seen/${memory}`).mode & 0o777).toBe(0o600);
  });

  test("its last signed checkpoint outlives newer ones", async () => {
    const log = await settled(2);
    const folder = aFolder();
    const { witness_key } = await ask(log, folder);
    const cosigned = readFileSync(`${log.directory}/cosigned`);
    await filled(log, 1);
    await settleTree(effects, log.stream);
    expect(parseCheckpoint(readFileSync(`${log.directory}/checkpoint`)).note.signatures).toHaveLength(1);
    expect(readFileSync(`${log.directory}/cosigned`)).toEqual(cosigned);
    const keys = [...keysOf(log), parseNoteKey(witness_key)];
    expect(verifyTree(effects.fs, log.stream, keys)).toMatchObject({
      valid: true,
      checkpoint: { size: 3 },
      cosigned: { size: 2, cosigned_by: [{ time_s: expect.any(Number) }] },
    });
    // Where nothing can be checked, rewriting the file is no cure either.
    for (const { code, next_step } of verifyTree(effects.fs, log.stream, []).findings)
      expect([code, next_step]).toEqual([
        "LEDGER_CHECKPOINT_UNVERIFIED",
        expect.stringContaining('"pkg keys list"'),
      ]);
    // What only a witness can put right, rebuilding is no cure for.
    const [untrusted] = verifyTree(effects.fs, log.stream, [
      parseNoteKey(ledgerVkey(await settled(1))),
    ]).findings.filter(({ path }) => path === "ledger/governance/cosigned");
    expect(untrusted?.code).toBe("LEDGER_CHECKPOINT_UNTRUSTED");
    expect(untrusted?.next_step).toContain("pkg ledger cosign --witness");
    // With the witness's key known, no byte of what it signed can change either.
    for (let position = 0; position < cosigned.length; position++) {
      const touched = Buffer.from(cosigned);
      touched[position] = (cosigned[position] ?? 0) ^ 1;
      writeFileSync(`${log.directory}/cosigned`, touched);
      expect(verifyTree(effects.fs, log.stream, keys).first_bad?.path, `${position}`).toBe(
        "ledger/governance/cosigned",
      );
    }
  });

  test("serves several logs, each with its own memory", async () => {
    const one = await settled(5);
    const two = await settled(2, "ledger/packages.jsonl");
    const folder = aFolder();
    await ask(one, folder);
    expect((await ask(two, folder)).old_size).toBeUndefined();
    expect((await ask(one, folder)).old_size).toBe(5);
    expect(readdirSync(`${folder}/seen`)).toHaveLength(2);
  });
});

const keysOf = ({ stream }: TestLog): NoteKey[] =>
  stream.log === undefined ? [] : trustedLedgerKeys(effects.fs, stream.log);

describe("a witness refuses", () => {
  test.each([
    [
      "a line rewritten",
      (lines: string[]) => lines.with(4, resealed(lines[4] ?? "", { reason: "forged" })),
      "LEDGER_FORKED",
    ],
    [
      "a line taken out and one added",
      (lines: string[]) => [...lines.slice(1), resealed(lines[0] ?? "", { id: "LED-x" })],
      "LEDGER_FORKED",
    ],
    [
      "a fork that grew longer",
      (lines: string[]) => [...lines.slice(1), ...lines, ...lines],
      "LEDGER_FORKED",
    ],
    ["a tail cut by one", (lines: string[]) => lines.slice(0, -1), "LEDGER_ROLLED_BACK"],
    ["a ledger begun anew", (lines: string[]) => lines.slice(0, 1), "LEDGER_ROLLED_BACK"],
  ])("%s, signed again by the plane's own key", async (_what, change, code) => {
    const log = await settled(300);
    const folder = aFolder();
    await ask(log, folder);
    await forge(log, change);
    const before = readFileSync(`${log.directory}/checkpoint`);
    const fault = await faultOf(() => ask(log, folder));
    expect(fault).toMatchObject({ code, exit_code: 4, details: { old_size: 300 } });
    expect(readFileSync(`${log.directory}/checkpoint`)).toEqual(before);
    expect(existsSync(`${log.directory}/cosigned`)).toBe(false);
    // It does not forget: the true ledger is still welcome, the false one still not.
    expect(await faultOf(() => ask(log, folder))).toMatchObject({ code });
  });

  test("a ledger restored from an old copy", async () => {
    const log = await settled(4);
    const folder = aFolder();
    cpSync(log.root, `${log.root}-copy`, { recursive: true });
    folders.push(`${log.root}-copy`);
    await filled(log, 2);
    await settleTree(effects, log.stream);
    await ask(log, folder);
    rmSync(`${log.root}/ledger`, { recursive: true });
    cpSync(`${log.root}-copy/ledger`, `${log.root}/ledger`, { recursive: true });
    expect(await faultOf(() => ask(log, folder))).toMatchObject({ code: "LEDGER_ROLLED_BACK" });
  });

  test("a checkpoint by a key it does not trust, until it is given that key", async () => {
    const log = await settled(3);
    const other = await settled(3);
    const folder = aFolder();
    const stranger = await faultOf(() => ask(log, folder, { log_keys: [ledgerVkey(other)] }));
    expect(stranger).toMatchObject({ code: "LEDGER_WITNESS_KEY_UNKNOWN", exit_code: 3 });
    expect(await ask(log, folder, { log_keys: [ledgerVkey(log)] })).toMatchObject({ size: 3 });
    // Another key of the same plane, which this witness was never told of.
    rmSync(`${log.keys}/signing`, { recursive: true });
    cpSync(`${other.keys}/signing`, `${log.keys}/signing`, { recursive: true });
    await filled(log, 1);
    await settleTree(fresh(), log.stream);
    expect(await faultOf(() => ask(log, folder))).toMatchObject({ code: "LEDGER_WITNESS_KEY_UNKNOWN" });
    expect(await ask(log, folder, { log_keys: [ledgerVkey(log)] })).toMatchObject({ size: 4, old_size: 3 });
    expect(await faultOf(() => ask(log, aFolder(), { log_keys: ["nonsense"] }))).toMatchObject({
      code: "LEDGER_KEY_MALFORMED",
    });
  });

  test("to live in the plane it watches, also behind a link", async () => {
    const log = await settled(1);
    const inside = await faultOf(() => ask(log, `${log.root}/witness`));
    expect(inside).toMatchObject({ code: "LEDGER_WITNESS_UNUSABLE", exit_code: 5 });
    const link = `${aFolder()}-link`;
    symlinkSync(log.root, link);
    expect(await faultOf(() => ask(log, `${link}/deep/witness`))).toMatchObject({
      code: "LEDGER_WITNESS_UNUSABLE",
    });
    expect(existsSync(`${log.root}/witness`)).toBe(false);
  });

  test("to go on with a memory that is damaged, others may read, or in a folder others may write", async () => {
    const log = await settled(2);
    const folder = aFolder();
    await ask(log, folder);
    const memory = `${folder}/seen/${readdirSync(`${folder}/seen`)[0]}`;
    const sound = readFileSync(memory);
    for (const text of ["", "{}", sound.toString().replace("governance", "packages"), "[".repeat(9)]) {
      writeFileSync(memory, text);
      expect(await faultOf(() => ask(log, folder)), text).toMatchObject({ code: "LEDGER_WITNESS_UNUSABLE" });
    }
    writeFileSync(memory, sound);
    chmodSync(memory, 0o644);
    expect(await faultOf(() => ask(log, folder))).toMatchObject({ code: "LEDGER_WITNESS_UNUSABLE" });
    chmodSync(memory, 0o600);
    chmodSync(folder, 0o777);
    expect(await faultOf(() => ask(log, folder))).toMatchObject({ code: "LEDGER_WITNESS_UNUSABLE" });
    chmodSync(folder, 0o700);
    expect(await faultOf(() => ask(log, folder, { name: "other" }))).toMatchObject({
      code: "LEDGER_WITNESS_UNUSABLE",
    });
    expect(await faultOf(() => ask(log, aFolder(), { name: "a b" }))).toMatchObject({
      code: "LEDGER_WITNESS_UNUSABLE",
    });
    const file = aFolder();
    writeFileSync(file, "");
    expect(await faultOf(() => ask(log, file))).toMatchObject({ code: "LEDGER_WITNESS_UNUSABLE" });
  });

  test("a ledger without a checkpoint, or whose tiles cannot show that it grew", async () => {
    const log = await settled(300);
    const folder = aFolder();
    await ask(log, folder);
    await filled(log, 300);
    await settleTree(effects, log.stream);
    writeFileSync(`${log.directory}/tile/0/001`, "short");
    expect(await faultOf(() => ask(log, folder))).toMatchObject({ code: "LEDGER_TREE_DAMAGED" });
    rmSync(`${log.directory}/checkpoint`);
    expect(await faultOf(() => ask(log, folder))).toMatchObject({ code: "LEDGER_CHECKPOINT_MISSING" });
    mkdirSync(`${log.directory}/checkpoint`);
    expect(await faultOf(() => ask(log, folder))).toMatchObject({ code: "LEDGER_TREE_DAMAGED" });
  });
});
