import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import {
  appendEntries,
  proveEntry,
  rebuildTree,
  settleOwed,
  settleTree,
  trustedLedgerKeys,
  verifyTree,
} from "../../src/ledger/index.ts";
import { parseCheckpoint } from "../../src/tlog/index.ts";
import { filled, linesOf, OLDER_WRITER, python, writeLines } from "./ledgers.ts";
import { aLog, anEntry, effects, settled, type TestLog, withoutLog } from "./logs.ts";

/** A process of its own, as far as this room can tell: nothing remembered. */
const freshProcess = () => {
  const { fs, ...rest } = nodeEffects();
  return { ...rest, fs: { ...fs } };
};

const verdictOf = ({ stream }: TestLog) =>
  verifyTree(effects.fs, stream, stream.log === undefined ? [] : trustedLedgerKeys(effects.fs, stream.log));

const sizeOf = (log: TestLog): number => parseCheckpoint(readFileSync(`${log.directory}/checkpoint`)).size;

function expectWhole(log: TestLog, size: number): void {
  const { findings, checkpoint } = verdictOf(log);
  expect(findings).toEqual([]);
  expect(checkpoint?.size).toBe(size);
}

describe("a log follows its lines", () => {
  test("entry by entry, by one process and by many, to the same files", async () => {
    const one = aLog();
    for (let i = 0; i < 5; i++) {
      await appendEntries(effects, one.stream, [anEntry()]);
      await settleOwed(effects);
      expectWhole(one, i + 1);
    }
    for (let i = 5; i < 9; i++) {
      const process = freshProcess();
      await appendEntries(process, one.stream, [anEntry()]);
      await settleOwed(process);
      expectWhole(one, i + 1);
    }
    // The same lines written as one are the same log.
    const other = aLog();
    writeLines(other.stream, linesOf(one.stream));
    await settleTree(effects, other.stream);
    const last = (log: TestLog): Buffer => readFileSync(`${log.directory}/tile/0/000.p/9`);
    expect(last(other)).toEqual(last(one));
    expect(readFileSync(`${other.directory}/checkpoint`, "utf8").split("\n")[2]).toBe(
      readFileSync(`${one.directory}/checkpoint`, "utf8").split("\n")[2],
    );
  });

  test("across full tiles; partial ones go once they have served, and stay until then", async () => {
    const log = aLog();
    for (const count of [200, 55, 1, 1, 254, 300]) {
      await filled(log, count);
      await settleOwed(effects);
      expectWhole(log, linesOf(log.stream).length);
      if (count === 55) expect(readdirSync(`${log.directory}/tile/0/000.p`)).toEqual(["200", "255"]);
    }
    expect(sizeOf(log)).toBe(811);
    expect(readdirSync(`${log.directory}/tile/0`)).toEqual(["000", "001", "002", "003.p"]);
    expect(readdirSync(`${log.directory}/tile/1/000.p`)).toEqual(["1", "3"]);
  });

  test("a thousand appends of one process do not wait for its end", async () => {
    const log = aLog();
    await filled(log, 1023);
    expect(existsSync(log.directory)).toBe(false);
    await filled(log, 1);
    expectWhole(log, 1024);
  });

  test("after a kill between the line and the tiles, with the next entry", async () => {
    const log = await settled(300);
    // A process that wrote its line and no more.
    await appendEntries(freshProcess(), log.stream, [anEntry({ reason: "written, then killed" })]);
    expect(verdictOf(log)).toMatchObject({ valid: true, beyond_checkpoint_count: 1 });
    const next = freshProcess();
    await appendEntries(next, log.stream, [anEntry()]);
    await settleOwed(next);
    expectWhole(log, 302);
  });

  test("after a writer that knows nothing of it, in Python as well", async () => {
    const log = await settled(3);
    await appendEntries(effects, withoutLog(log.stream), [anEntry(), anEntry()]);
    expect(verdictOf(log)).toMatchObject({ valid: true, beyond_checkpoint_count: 2 });
    await settleTree(effects, log.stream);
    expectWhole(log, 5);
    const older = aLog();
    mkdirSync(`${older.root}/ledger`);
    writeFileSync(older.stream.path, python(OLDER_WRITER, [{ id: "LED-1", float: true }, { id: "LED-2" }]));
    await settleTree(effects, older.stream);
    expectWhole(older, 2);
  });

  test("a torn tail is not an entry", async () => {
    const log = await settled(2);
    appendFileSync(log.stream.path, '{"half a li');
    await settleTree(effects, log.stream);
    expectWhole(log, 2);
  });
});

describe("damage heals with the next entry", () => {
  test.each([
    ["the cache is gone", (log: TestLog) => rmSync(`${log.root}/.holdfast`, { recursive: true })],
    ["the tiles are gone", (log: TestLog) => rmSync(`${log.directory}/tile`, { recursive: true })],
    [
      "a power cut emptied the last tile",
      (log: TestLog) => writeFileSync(`${log.directory}/tile/0/001.p/44`, ""),
    ],
    [
      "the last tile is of other entries",
      (log: TestLog) => writeFileSync(`${log.directory}/tile/0/001.p/44`, Buffer.alloc(44 * 32, 7)),
    ],
    ["the upper tile is short", (log: TestLog) => writeFileSync(`${log.directory}/tile/1/000.p/1`, "x")],
    ["the checkpoint is torn", (log: TestLog) => writeFileSync(`${log.directory}/checkpoint`, "holdfast.pl")],
    [
      "the cache is nonsense",
      (log: TestLog) => writeFileSync(`${log.root}/.holdfast/cache/tlog/ledger__governance.json`, "{}"),
    ],
    [
      "the cache counts other bytes",
      (log: TestLog) => touchState(log, (state) => ({ ...state, bytes: state.bytes - 1 })),
    ],
    ["the cache is of another size", (log: TestLog) => touchState(log, (state) => ({ ...state, size: 299 }))],
    [
      "the offsets are gone",
      (log: TestLog) => rmSync(`${log.root}/.holdfast/cache/tlog/ledger__governance.offsets`),
    ],
  ])("%s", async (_what, damage) => {
    const log = await settled(300);
    damage(log);
    const next = freshProcess();
    await appendEntries(next, log.stream, [anEntry()]);
    await settleOwed(next);
    expectWhole(log, 301);
  });

  const touchState = (log: TestLog, change: (state: { bytes: number; size: number }) => object): void => {
    const path = `${log.root}/.holdfast/cache/tlog/ledger__governance.json`;
    writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, "utf8")))).padEnd(255));
  };

  test("what the next entry does not look at, rebuilding mends; files of no tile go", async () => {
    const log = await settled(700);
    writeFileSync(`${log.directory}/tile/0/000`, Buffer.alloc(8192));
    writeFileSync(`${log.directory}/tile/note.txt`, "");
    expect(verdictOf(log).valid).toBe(false);
    expect(await rebuildTree(effects, log.stream)).toBe("signed");
    expectWhole(log, 700);
    expect(existsSync(`${log.directory}/tile/note.txt`)).toBe(false);
  });
});

describe("tiles of an earlier size", () => {
  /** Signed after each of its entries, so that a tile of each width lies there. */
  async function entryByEntry(count: number): Promise<TestLog> {
    const log = aLog();
    for (let i = 0; i < count; i++) {
      await appendEntries(effects, log.stream, [anEntry({ reason: `entry ${i}` })]);
      await settleOwed(effects);
    }
    return log;
  }
  const found = (log: TestLog) => verdictOf(log).findings.map(({ code, line, path }) => [code, line, path]);
  const tile = (width: number) => `ledger/governance/tile/0/000.p/${width}`;
  const MISMATCH = ["LEDGER_CHECKPOINT_MISMATCH", undefined, "ledger/governance/checkpoint"];
  const ahead = (line: number) => ["LEDGER_CHECKPOINT_AHEAD", line, "ledger/governance/checkpoint"];

  test("an edited line is named once, and no tile is said to be changed", async () => {
    const log = await entryByEntry(9);
    const lines = linesOf(log.stream);
    writeLines(log.stream, lines.with(3, (lines[3] ?? "").replace("entry 3", "entry X")));
    expect(found(log)).toEqual([["LEDGER_LINE_NOT_IN_TREE", 4, tile(9)], MISMATCH]);
  });

  test("a removed line is named once, and so is a cut tail", async () => {
    const log = await entryByEntry(9);
    const lines = linesOf(log.stream);
    writeLines(log.stream, lines.toSpliced(3, 1));
    expect(found(log)).toEqual([
      ["LEDGER_LINE_NOT_IN_TREE", 4, tile(8)],
      ["LEDGER_TILE_UNEXPECTED", undefined, tile(9)],
      ahead(9),
    ]);
    writeLines(log.stream, lines.slice(0, 4));
    expect(found(log)).toEqual([["LEDGER_TILE_UNEXPECTED", undefined, tile(9)], ahead(5)]);
  });

  test("one that was changed itself is named, whatever the lines", async () => {
    const log = await entryByEntry(9);
    const path = `${log.directory}/tile/0/000.p/6`;
    const bytes = readFileSync(path);
    bytes[2 * 32] = (bytes[2 * 32] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    expect(found(log)).toEqual([["LEDGER_TILE_CHANGED", 3, tile(6)]]);
    const lines = linesOf(log.stream);
    writeLines(log.stream, lines.with(7, (lines[7] ?? "").replace("entry 7", "entry X")));
    expect(found(log)).toEqual([
      ["LEDGER_TILE_CHANGED", 3, tile(6)],
      ["LEDGER_LINE_NOT_IN_TREE", 8, tile(9)],
      MISMATCH,
    ]);
  });
});

test("what the checkpoint covers can be proven while no key can be reached, rebuilt or not", async () => {
  const log = await settled(20);
  rmSync(`${log.keys}/signing`, { recursive: true });
  await filled(log, 5);
  const before = proveEntry(effects.fs, log.stream, "7").file;
  expect(await rebuildTree(freshProcess(), log.stream)).toBe("unsigned");
  expect(proveEntry(effects.fs, log.stream, "7").file).toBe(before);
  expect(sizeOf(log)).toBe(20);
});

describe("what it refuses to sign", () => {
  const INSTEAD: [string, (path: string) => void][] = [
    ["a pipe", (path) => execFileSync("mkfifo", [path])],
    ["a link", (path) => symlinkSync("/nowhere", path)],
    ["a folder", (path) => mkdirSync(path)],
  ];
  test.each(INSTEAD)(
    "%s in place of a tile or of the checkpoint gives way to what was there",
    async (_, make) => {
      for (const name of ["tile/0/000.p/9", "checkpoint"]) {
        const log = await settled(9);
        rmSync(`${log.directory}/${name}`);
        make(`${log.directory}/${name}`);
        expect(verdictOf(log).findings).not.toEqual([]);
        expect(await rebuildTree(effects, log.stream)).toBe("signed");
        expectWhole(log, 9);
      }
    },
  );

  test("lines that do not continue its last signed checkpoint; the files stay as evidence", async () => {
    const log = await settled(300);
    const lines = linesOf(log.stream);
    writeLines(log.stream, [...lines.slice(0, 10), ...lines.slice(11), "{}", "{}"]);
    const before = readFileSync(`${log.directory}/checkpoint`);
    const tile = readFileSync(`${log.directory}/tile/0/000`);
    expect(await settleTree(freshProcess(), log.stream)).toBe("conflict");
    expect(await rebuildTree(effects, log.stream)).toBe("conflict");
    expect(readFileSync(`${log.directory}/checkpoint`)).toEqual(before);
    expect(readFileSync(`${log.directory}/tile/0/000`)).toEqual(tile);
    expect(verdictOf(log).first_bad).toMatchObject({ code: "LEDGER_LINE_NOT_IN_TREE", line: 11 });
  });

  test("fewer lines than it signed", async () => {
    const log = await settled(300);
    writeLines(log.stream, linesOf(log.stream).slice(0, 200));
    expect(await settleTree(freshProcess(), log.stream)).toBe("conflict");
    expect(sizeOf(log)).toBe(300);
  });

  test("a checkpoint of somebody else at its place is no promise of its own", async () => {
    const log = await settled(3);
    const other = await settled(5);
    // Another plane's, with the same origin, by a key this one never pinned.
    writeFileSync(`${log.directory}/checkpoint`, readFileSync(`${other.directory}/checkpoint`));
    expect(verdictOf(log).valid).toBe(false);
    expect(await settleTree(freshProcess(), log.stream)).toBe("signed");
    expectWhole(log, 3);
  });
});

describe("it never gets in the way of an entry", () => {
  test("tiles that cannot be written fail no append", async () => {
    const log = await settled(3);
    rmSync(log.directory, { recursive: true });
    rmSync(`${log.root}/.holdfast`, { recursive: true });
    writeFileSync(log.directory, "a file where the folder was");
    await appendEntries(effects, log.stream, [anEntry()]);
    await settleOwed(effects);
    expect(linesOf(log.stream)).toHaveLength(4);
    await filled(log, 1100);
    expect(linesOf(log.stream)).toHaveLength(1104);
    rmSync(log.directory);
    expect(await settleTree(effects, log.stream)).toBe("signed");
    expectWhole(log, 1104);
  });

  test("a key others can read is not used, and fails no append", async () => {
    const log = aLog();
    chmodSync(`${log.keys}/signing/plane-0123456789ab-ledger.key`, 0o644);
    await filled(log, 2);
    expect(await settleTree(effects, log.stream)).toBe("skipped");
    expect(existsSync(`${log.directory}/checkpoint`)).toBe(false);
  });

  test("a stream that is no log, or has no lines, has none", async () => {
    const log = aLog();
    expect(await settleTree(effects, log.stream)).toBe("skipped");
    await appendEntries(effects, withoutLog(log.stream), [anEntry()]);
    expect(await settleTree(effects, withoutLog(log.stream))).toBe("skipped");
    expect(await rebuildTree(effects, withoutLog(log.stream))).toBe("skipped");
    expect(existsSync(log.directory)).toBe(false);
  });
});
