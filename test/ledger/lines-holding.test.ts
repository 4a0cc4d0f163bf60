import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { findEntry, linesHolding, streamRef, wholeLines } from "../../src/ledger/index.ts";
import { temporaryFolder } from "../support/tree.ts";

const { fs } = nodeEffects();

function fileOf(text: string | Buffer): string {
  const path = join(temporaryFolder(), "lines.jsonl");
  writeFileSync(path, text);
  return path;
}
const found = (path: string, texts: readonly string[]) =>
  linesHolding(fs, path, texts).map(({ line, offset, text }) => [line, offset, text.slice(0, 20)]);

test("lines are found by any of several texts, each once and in order, wherever pieces of the file end", () => {
  const lines = Array.from(
    { length: 9000 },
    (_, at) =>
      `${at} ${at % 7 === 0 ? "seven " : ""}${at % 333 === 0 ? "ann" : "bob"} ${"x".repeat((at * 37) % 500)}`,
  );
  const path = fileOf(`${lines.join("\n")}\n`);
  let compared = 0;
  for (const texts of [
    ["seven"],
    ["ann", "seven"],
    ["ann", "bob", "seven", "x"],
    ["nowhere"],
    ["8999 "],
    [""],
    ["\n", "ann"],
  ]) {
    let offset = 0;
    const expected = lines.flatMap((line, at) => {
      const row = [at + 1, offset, line.slice(0, 20)];
      offset += line.length + 1;
      return texts.some((text) => line.includes(text)) ? [row] : [];
    });
    expect([...found(path, texts)]).toEqual(expected);
    compared += expected.length;
  }
  expect(compared).toBeGreaterThan(10_000);
  const pieces = [...wholeLines(fs, path)].map(({ bytes }) => bytes.length);
  expect(pieces.length).toBeGreaterThan(1);
});

test("a search may begin at any line, and bytes after the last newline are no line", () => {
  const path = fileOf("one a\ntwo\nthree a\nfour a");
  expect([...found(path, ["a"])]).toEqual([
    [1, 0, "one a"],
    [3, 10, "three a"],
  ]);
  const from = { line: 2, offset: 6 };
  expect([...linesHolding(fs, path, ["a"], from)]).toEqual([{ line: 3, offset: 10, text: "three a" }]);
  expect([...found(fileOf(""), ["a"])]).toEqual([]);
});

test("a line longer than any entry hides nothing behind it, wherever it ends", () => {
  const long = 17 << 20;
  for (const size of [long, 2 * long, 3 * long]) {
    const path = fileOf(
      Buffer.concat([
        Buffer.from("one a\n"),
        Buffer.alloc(size, "a"),
        Buffer.from("\nthree a\nfour\nfive a\n"),
      ]),
    );
    const after = 6 + size + 1;
    expect([...found(path, ["a"])]).toEqual([
      [1, 0, "one a"],
      [3, after, "three a"],
      [5, after + 13, "five a"],
    ]);
  }
  const root = temporaryFolder();
  const path = join(root, "governance.jsonl");
  const texts = {
    decision: "",
    entry_hash: "0",
    event_type: "x",
    id: "LED-1",
    previous_hash: "",
    reason: "",
  };
  const entry = JSON.stringify({
    ...texts,
    metadata: {},
    prompts_used: [],
    submission_id: "",
    timestamp: "2026",
  });
  writeFileSync(path, Buffer.concat([Buffer.alloc(long, "LED-1 "), Buffer.from(`\n${entry}\n`)]));
  const stream = { ...streamRef({ root, name: "ledger/governance.jsonl" }), path };
  expect(findEntry(fs, stream, "LED-1")?.line).toBe(2);
});
