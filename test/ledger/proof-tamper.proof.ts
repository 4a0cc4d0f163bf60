import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import type { Finding } from "../../src/contracts/index.ts";
import type { FileSystem } from "../../src/effects/index.ts";
import { settleTree, TreeVerifier, trustedLedgerKeys, verifyTree } from "../../src/ledger/index.ts";
import { TreeJudge, type TreeVerdict } from "../../src/ledger/tiles-verdict.ts";
import { TileJudge } from "../../src/ledger/tiles-verify.ts";
import { leafHash, type NoteKey, type Tile, TreeBuilder, tilePath } from "../../src/tlog/index.ts";
import { filled, linesOf, writeLines } from "./ledgers.ts";
import { aLog, anEntry, effects, settled, type TestLog } from "./logs.ts";

const { fs } = effects;
const SIZE = 600;

let log: TestLog;
let keys: NoteKey[];
let full: Tile[];
let edge: Tile[];
let rootAt: (size: number) => Uint8Array | undefined;
/** Bytes that reading a file gives instead of its own. */
const instead = new Map<string, Buffer>();
const tampered: FileSystem = { ...fs, read: (path) => instead.get(path) ?? fs.read(path) };

/** The lines' tree, computed once: what changes here are the files. */
function judged(): TreeVerdict {
  const judge = new TreeJudge(tampered, log.stream, keys);
  for (const tile of full) judge.takeFull(tile);
  return judge.finish({ size: SIZE, edge, rootAt });
}

function judgedTile(tile: Tile | undefined): readonly Finding[] {
  const judge = new TileJudge(tampered, log.stream, SIZE);
  if (tile !== undefined) judge.take(tile);
  return judge.findings;
}

beforeAll(async () => {
  log = await settled(SIZE);
  keys = trustedLedgerKeys(fs, log.stream.log ?? { origin: "", keys_directory: "" });
  full = [];
  const builder = new TreeBuilder();
  const roots = new Map([[0, builder.root()]]);
  for (const line of linesOf(log.stream)) {
    builder.append(leafHash(Buffer.from(line)), (tile) =>
      full.push({ ...tile, bytes: Buffer.from(tile.bytes) }),
    );
    roots.set(builder.size, builder.root());
  }
  edge = builder.edge();
  rootAt = (size) => roots.get(size);
});

const at = (file: string): string => `${log.directory}/${file}`;

const original = new Map<string, Buffer>();

function changed<T>(file: string, position: number, change: (byte: number) => number, work: () => T): T {
  const bytes = original.get(file) ?? readFileSync(at(file));
  original.set(file, bytes);
  const touched = Buffer.from(bytes);
  touched[position] = change(bytes[position] ?? 0);
  instead.set(at(file), touched);
  try {
    return work();
  } finally {
    instead.clear();
  }
}

test("an untouched log of 600 entries is valid, and its checkpoint covers all of it", () => {
  const verdict = verifyTree(fs, log.stream, keys);
  expect(verdict).toMatchObject({
    valid: true,
    entries_count: SIZE,
    beyond_checkpoint_count: 0,
    checkpoint: { origin: log.stream.log?.origin, size: SIZE, signed_by: ["plane-0123456789ab-ledger"] },
    findings: [],
  });
  expect(judged()).toEqual(verdict);
});

describe("every single-byte change is found, and the file and first bad hash named", () => {
  test.each([
    ["tile/0/000", 256, (i: number) => `hash ${i} of the tile was changed (entry ${i}, line ${i + 1})`],
    [
      "tile/0/001",
      256,
      (i: number) => `hash ${i} of the tile was changed (entry ${i + 256}, line ${i + 257})`,
    ],
    [
      "tile/0/002.p/88",
      88,
      (i: number) => `hash ${i} of the tile was changed (entry ${i + 512}, line ${i + 513})`,
    ],
    [
      "tile/1/000.p/2",
      2,
      (i: number) => `hash ${i} of the tile was changed (entries ${i * 256} to ${i * 256 + 255})`,
    ],
  ] as const)("%s", { timeout: 180_000 }, (file, width, message) => {
    expect(readFileSync(at(file))).toHaveLength(width * 32);
    const path = `ledger/governance/${file}`;
    const [tile] = [...full, ...edge].filter((one) => tilePath(one) === file);
    const missed: number[] = [];
    for (let position = 0; position < width * 32; position++) {
      const flip = (byte: number): number => byte ^ (1 << (position % 8));
      // The judge of this tile for every byte, the verdict on the whole log for some: the rest of it is the same work.
      const findings =
        position % 61 === 0
          ? changed(file, position, flip, () => judged().findings)
          : changed(file, position, flip, () => judgedTile(tile));
      const [found] = findings;
      const is_named =
        findings.length === 1 &&
        found?.code === "LEDGER_TILE_CHANGED" &&
        found.path === path &&
        found.message === `${path}: ${message(Math.floor(position / 32))}`;
      if (!is_named) missed.push(position);
    }
    expect(missed).toEqual([]);
  });

  test("checkpoint", () => {
    const codes = new Set<string>();
    const bytes = readFileSync(at("checkpoint"));
    for (let position = 0; position < bytes.length; position++) {
      for (const change of [
        (byte: number) => byte ^ 1,
        (byte: number) => byte ^ 0x80,
        () => 0x0a,
        () => 0x20,
      ]) {
        const byte = bytes[position] ?? 0;
        if (change(byte) === byte) continue;
        const verdict = changed("checkpoint", position, change, judged);
        expect(verdict.valid, `byte ${position}`).toBe(false);
        const own = verdict.findings.filter(({ path }) => path === "ledger/governance/checkpoint");
        expect(own.length).toBeGreaterThan(0);
        for (const { code } of own) codes.add(code);
      }
    }
    expect([...codes].sort()).toEqual([
      "LEDGER_CHECKPOINT_AHEAD",
      "LEDGER_CHECKPOINT_MALFORMED",
      "LEDGER_CHECKPOINT_MISMATCH",
      "LEDGER_CHECKPOINT_ORIGIN",
      "LEDGER_CHECKPOINT_SIGNATURE",
      "LEDGER_CHECKPOINT_UNTRUSTED",
    ]);
  });
});

describe("other damage", () => {
  const withFile = (file: string, change: (path: string, bytes: Buffer) => void): TreeVerdict => {
    const bytes = readFileSync(at(file));
    try {
      change(at(file), bytes);
      return judged();
    } finally {
      writeFileSync(at(file), bytes);
    }
  };

  test.each(["tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2"])(
    "%s gone, short, long",
    (file) => {
      const path = `ledger/governance/${file}`;
      expect(withFile(file, (name) => rmSync(name)).findings).toMatchObject([
        { code: "LEDGER_TILE_MISSING", path },
      ]);
      for (const change of [
        (name: string, bytes: Buffer) => writeFileSync(name, bytes.subarray(0, -1)),
        (name: string, bytes: Buffer) => writeFileSync(name, Buffer.concat([bytes, Buffer.alloc(32)])),
        (name: string) => writeFileSync(name, ""),
      ]) {
        expect(withFile(file, change).findings).toMatchObject([{ code: "LEDGER_TILE_CHANGED", path }]);
      }
    },
  );

  test("tiles that no tree of these lines has are named", () => {
    for (const [file, says] of [
      ["tile/0/002.p/89", "beyond 600 entries"],
      ["tile/0/003", "beyond 600 entries"],
      ["tile/2/000.p/1", "beyond 600 entries"],
      ["tile/0/2", "not the name of a tile"],
      ["tile/note.txt", "not the name of a tile"],
    ] as const) {
      mkdirSync(at(file).replace(/\/[^/]+$/, ""), { recursive: true });
      writeFileSync(at(file), Buffer.alloc(32));
      const { findings } = judged();
      rmSync(at(file));
      expect(findings, file).toMatchObject([
        { code: "LEDGER_TILE_UNEXPECTED", path: `ledger/governance/${file}` },
      ]);
      expect(findings[0]?.message).toContain(says);
    }
    rmSync(at("tile/2"), { recursive: true });
  });

  test("a changed line is told from a changed tile, and named", async () => {
    const other = await settled(300);
    const lines = linesOf(other.stream);
    for (const index of [0, 255, 256, 299]) {
      const touched = [...lines];
      touched[index] = (touched[index] ?? "").replace("as asked", "as forged").replace("entry ", "entrY ");
      writeLines(other.stream, touched);
      const { findings, first_bad } = verifyTree(fs, other.stream, keysOf(other));
      expect(first_bad, `${index}`).toMatchObject({ code: "LEDGER_LINE_NOT_IN_TREE", line: index + 1 });
      expect(findings.map(({ code }) => code)).toEqual([
        "LEDGER_LINE_NOT_IN_TREE",
        "LEDGER_CHECKPOINT_MISMATCH",
      ]);
    }
  });

  test("a cut tail is behind its checkpoint", async () => {
    const other = await settled(300);
    writeLines(other.stream, linesOf(other.stream).slice(0, 290));
    const { findings } = verifyTree(fs, other.stream, keysOf(other));
    expect(findings.map(({ code }) => code)).toEqual(["LEDGER_TILE_UNEXPECTED", "LEDGER_CHECKPOINT_AHEAD"]);
    expect(findings[1]?.message).toContain("covers 300 entries, the stream ends after 290");
  });

  test("damage without end is counted, not listed without end", async () => {
    const other = await settled(300);
    for (let i = 0; i < 150; i++) writeFileSync(`${other.directory}/tile/junk-${i}`, "");
    const { findings, valid } = verifyTree(fs, other.stream, keysOf(other));
    expect(valid).toBe(false);
    expect(findings).toHaveLength(101);
    expect(findings.at(-1)).toMatchObject({ code: "LEDGER_MORE_TILES", severity: "note" });
  });
});

const keysOf = ({ stream }: TestLog): NoteKey[] =>
  stream.log === undefined ? [] : trustedLedgerKeys(fs, stream.log);

test("leaf hashes may be handed in one by one, in a buffer used again", async () => {
  const other = await settled(300);
  const verifier = new TreeVerifier(fs, other.stream, keysOf(other));
  const buffer = Buffer.alloc(32);
  for (const line of linesOf(other.stream)) {
    leafHash(Buffer.from(line)).copy(buffer);
    verifier.add(buffer);
  }
  expect(verifier.finish()).toEqual(verifyTree(fs, other.stream, keysOf(other)));
  expect(verifyTree(fs, other.stream, keysOf(other)).valid).toBe(true);
});

describe("what is not damage is a note", () => {
  test("lines beyond the checkpoint are counted", async () => {
    const other = await settled(3);
    await filled(other, 2);
    const verdict = verifyTree(fs, other.stream, keysOf(other));
    expect(verdict).toMatchObject({ valid: true, beyond_checkpoint_count: 2 });
    expect(verdict.findings).toMatchObject([{ code: "LEDGER_BEYOND_CHECKPOINT", severity: "note" }]);
  });

  test("a log whose key cannot be reached has tiles and no checkpoint", async () => {
    const other = aLog("ledger/packages.jsonl", { has_keys: false });
    await filled(other, 3);
    expect(await settleTree(effects, other.stream)).toBe("unsigned");
    const verdict = verifyTree(fs, other.stream, []);
    expect(verdict).toMatchObject({ valid: true, beyond_checkpoint_count: 3 });
    expect(verdict.findings).toMatchObject([{ code: "LEDGER_UNCHECKPOINTED", severity: "note" }]);
    expect(readFileSync(`${other.directory}/tile/0/000.p/3`)).toHaveLength(96);
  });

  test("without a trusted key at hand the signature is said to be unchecked, the root still is", async () => {
    const other = await settled(3);
    expect(verifyTree(fs, other.stream, []).findings).toMatchObject([
      { code: "LEDGER_CHECKPOINT_UNVERIFIED" },
    ]);
    const lines = linesOf(other.stream);
    writeLines(other.stream, [JSON.stringify(anEntry()), ...lines.slice(1)]);
    expect(verifyTree(fs, other.stream, []).valid).toBe(false);
  });

  test("a stream that does not exist has no log and covers nothing", () => {
    expect(verifyTree(fs, aLog().stream, [])).toMatchObject({ valid: true, entries_count: 0, findings: [] });
  });
});
