import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { verifyEntry } from "../../src/ledger/index.ts";
import { storedRoot } from "../../src/ledger/stored-root.ts";
import { leafHash, TreeBuilder } from "../../src/tlog/index.ts";
import { filled, linesOf } from "./ledgers.ts";
import { effects, settled, type TestLog, withoutLog } from "./logs.ts";

const { fs } = effects;
const SIZE = 600;

const verdictOf = ({ stream }: TestLog, line: number) =>
  verifyEntry(fs, stream, line, linesOf(stream)[line - 1] ?? "");

const codesOf = (log: TestLog, line: number): (readonly [string, number | undefined])[] =>
  verdictOf(log, line).findings.map(({ code, line: at }) => [code, at]);

function edit({ stream }: TestLog, change: (lines: string[]) => void): void {
  const lines = linesOf(stream);
  change(lines);
  writeFileSync(stream.path, lines.map((line) => `${line}\n`).join(""));
}

describe("verifyEntry()", () => {
  test("a sound entry anywhere is proven, covered and between its neighbours", async () => {
    const log = await settled(SIZE);
    const lines = linesOf(log.stream);
    for (const line of [1, 2, 255, 256, 257, 258, 512, 599, 600])
      expect(verdictOf(log, line), `line ${line}`).toEqual({
        hash_verified: true,
        in_tree: true,
        covered: true,
        entries_count: SIZE,
        before: lines[line - 2],
        after: lines[line],
        findings: [],
      });
  });

  test("the same without the offsets kept beside the tiles", async () => {
    const log = await settled(SIZE);
    const { stream } = log;
    const blind = {
      ...fs,
      openRead: (path: string) => fs.openRead(path),
      stat: (path: string) => (path.endsWith("offsets") ? undefined : fs.stat(path)),
    };
    const text = linesOf(stream)[399] ?? "";
    expect(verifyEntry(blind, stream, 400, text)).toEqual(verifyEntry(fs, stream, 400, text));
  });

  test("an edited entry, and the one behind it", async () => {
    const log = await settled(SIZE);
    edit(log, (lines) => (lines[299] = (lines[299] ?? "").replace('"reason": "', '"reason": "x')));
    expect(codesOf(log, 300)).toEqual([["LEDGER_ENTRY_EDITED", 300]]);
    expect(verdictOf(log, 300)).toMatchObject({ hash_verified: false, in_tree: false, covered: false });
    expect(codesOf(log, 301)).toEqual([["LEDGER_ENTRY_EDITED", 300]]);
    expect(verdictOf(log, 301)).toMatchObject({ hash_verified: true, in_tree: true });
  });

  test("an entry taken away before it or behind it breaks the link, and the tree has another one there", async () => {
    const log = await settled(SIZE);
    edit(log, (lines) => lines.splice(299, 1));
    expect(codesOf(log, 300)).toEqual([["LEDGER_LINK_BROKEN", 300]]);
    expect(codesOf(log, 299)).toEqual([["LEDGER_LINK_BROKEN", 300]]);
    expect(verdictOf(log, 300)).toMatchObject({ hash_verified: false, covered: false });
    expect(verdictOf(log, 299)).toMatchObject({ hash_verified: true, in_tree: true });
    edit(log, (lines) => lines.splice(0, 1));
    expect(codesOf(log, 1)).toEqual([["LEDGER_LINK_BROKEN", 1]]);
  });

  test("an entry that was rewritten with all that follow it is not in the signed tree", async () => {
    const log = await settled(SIZE);
    const other = await settled(SIZE);
    writeFileSync(log.stream.path, readFileSync(other.stream.path));
    expect(codesOf(log, 10)).toEqual([["LEDGER_TREE_DAMAGED", 10]]);
    expect(verdictOf(log, 10)).toMatchObject({ hash_verified: true, in_tree: false, covered: false });
  });

  test("what no checkpoint and no head reaches yet is said to be so", async () => {
    const log = await settled(SIZE);
    const { head_path: _, ...stream } = withoutLog(log.stream);
    await filled({ ...log, stream }, 2);
    expect(verdictOf(log, SIZE + 1)).toMatchObject({
      hash_verified: true,
      in_tree: null,
      covered: false,
      entries_count: SIZE + 2,
      findings: [],
    });
  });
});

test("storedRoot() is the root of the lines at every size, and nothing beyond the tiles or behind an edit", async () => {
  const log = await settled(SIZE);
  const builder = new TreeBuilder();
  for (const line of linesOf(log.stream)) {
    builder.append(leafHash(Buffer.from(line)));
    if (builder.size % 37 === 0 || builder.size % 256 < 2 || builder.size > SIZE - 2)
      expect(storedRoot(fs, log.stream, builder.size)).toBe(Buffer.from(builder.root()).toString("hex"));
  }
  expect([0, SIZE + 1].map((size) => storedRoot(fs, log.stream, size))).toEqual([undefined, undefined]);
  edit(log, (lines) => (lines[299] = (lines[299] ?? "").replace('"reason": "', '"reason": "x')));
  expect(storedRoot(fs, log.stream, 300)).toBeUndefined();
});
