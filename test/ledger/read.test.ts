import { appendFileSync, mkdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { appendEntries, findEntry, readEntries, readNewest, streamHead } from "../../src/ledger/index.ts";
import { aLedger, anEntry, effects, faultOf, filled, linesOf, writeLines } from "./ledgers.ts";

const { fs } = effects;
const reasons = (found: Iterable<{ entry: { reason: string } | undefined }>): (string | undefined)[] =>
  [...found].map(({ entry }) => entry?.reason);

describe("a missing stream", () => {
  test("has no entries and no head", () => {
    const { stream } = aLedger();
    expect([...readEntries(fs, stream)]).toEqual([]);
    expect(readNewest(fs, stream, 3)).toEqual([]);
    expect(findEntry(fs, stream, "x")).toBeUndefined();
    expect(streamHead(fs, stream)).toBeUndefined();
  });
});

test("a stream that cannot be read is a fault", async () => {
  const { stream } = aLedger();
  mkdirSync(stream.path, { recursive: true });
  for (const read of [
    () => [...readEntries(fs, stream)],
    () => readNewest(fs, stream, 1),
    () => streamHead(fs, stream),
  ]) {
    expect((await faultOf(read)).code).toBe("LEDGER_IO");
  }
});

test("entries in order with line numbers; a torn tail is not one", async () => {
  const ledger = aLedger();
  const lines = await filled(ledger, 3);
  appendFileSync(ledger.stream.path, lines[0] ?? "");
  expect([...readEntries(fs, ledger.stream)]).toEqual(
    lines.map((text, index) => ({ line: index + 1, text, entry: JSON.parse(text) })),
  );
});

test("a line that is no entry is shown, not skipped", async () => {
  const ledger = aLedger();
  const lines = await filled(ledger, 2);
  writeLines(ledger.stream, [lines[0] ?? "", "oops", "null", lines[1] ?? ""]);
  expect(reasons(readEntries(fs, ledger.stream))).toEqual(["entry 0", undefined, undefined, "entry 1"]);
  expect(readNewest(fs, ledger.stream, 9).map(({ text }) => text)).toEqual([
    lines[1],
    "null",
    "oops",
    lines[0],
  ]);
});

test("empty lines, read backwards", () => {
  const ledger = aLedger();
  writeLines(ledger.stream, ["", "a", "", ""]);
  expect(readNewest(fs, ledger.stream, 9).map(({ text }) => text)).toEqual(["", "", "a", ""]);
});

test("the newest, across chunk borders and with lines longer than a chunk", async () => {
  const ledger = aLedger();
  const sizes = [1, 30_000, 5, 60_000, 4_000, 64_000, 1, 1, 50_000];
  const entries = sizes.map((size, i) =>
    anEntry({ reason: `entry ${i}`, metadata: { x: "é".repeat(size / 2) } }),
  );
  await appendEntries(effects, ledger.stream, entries);
  const newest_first = linesOf(ledger.stream).reverse();
  for (const count of [0, 1, 2, 5, 9, 20]) {
    expect(readNewest(fs, ledger.stream, count).map(({ text }) => text)).toEqual(
      newest_first.slice(0, count),
    );
  }
});

test("by id and by hash; text elsewhere in an entry does not count", async () => {
  const ledger = aLedger();
  const lines = await filled(ledger, 5);
  const entry = JSON.parse(lines[3] ?? "");
  for (const key of [entry.id, entry.entry_hash]) {
    expect(findEntry(fs, ledger.stream, key)).toEqual({ line: 4, text: lines[3], entry });
  }
  expect(findEntry(fs, ledger.stream, "entry 3")).toBeUndefined();
});

describe("streamHead", () => {
  test("with a current head, an old head, no head, a damaged last line", async () => {
    const ledger = aLedger();
    const { head_path: _none, ...without } = ledger.stream;
    const hash = () => JSON.parse(linesOf(ledger.stream).at(-1) ?? "").entry_hash;
    await filled(ledger, 3);
    expect(streamHead(fs, ledger.stream)).toEqual({ entries: 3, entry_hash: hash() });
    await filled({ ...ledger, stream: without }, 2);
    expect(streamHead(fs, ledger.stream)).toEqual({ entries: 5, entry_hash: hash() });
    expect(streamHead(fs, without)).toEqual({ entries: 5, entry_hash: hash() });
    appendFileSync(ledger.stream.path, "{}\n");
    expect(streamHead(fs, ledger.stream)).toBeUndefined();
  });
});
