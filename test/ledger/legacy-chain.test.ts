import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeFileSystem } from "../../src/effects/node/file-system.ts";
import {
  LegacyChain,
  type LegacySegment,
  sealSegments,
  streamRef,
  verifySealed,
} from "../../src/ledger/index.ts";
import { olderChain, olderLine } from "../support/python-plane.ts";
import { temporaryFolder } from "../support/tree.ts";

function read(...files: readonly (readonly string[])[]): LegacySegment[] {
  const folder = temporaryFolder();
  const chain = new LegacyChain();
  return files.map((lines, index) => {
    const path = join(folder, `${index}.jsonl`);
    writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
    return chain.readSegment(nodeFileSystem, path);
  });
}

const { lines, last } = olderChain(5);

test("a sound chain has no defects, over one file or several", () => {
  expect(read(lines)).toMatchObject([{ lines: 5, defects: {}, last_hash: last }]);
  expect(read(lines.slice(0, 2), lines.slice(2)).map(({ defects }) => defects)).toEqual([{}, {}]);
  expect(read([])).toMatchObject([{ lines: 0, size_bytes: 0, defects: {} }]);
});

test.each([
  [
    "an edited line",
    [...lines.slice(0, 2), (lines[2] ?? "").replace("grüße", "grusse"), ...lines.slice(3)],
    { hash_mismatch: 1 },
  ],
  ["a deleted line", [...lines.slice(0, 2), ...lines.slice(3)], { link_broken: 1 }],
  [
    "two writers at one place",
    [...lines, olderLine(9, last).line, olderLine(10, last).line],
    { link_forked: 1 },
  ],
  ["a chain begun anew", [...lines, olderLine(9, "").line], { chain_restarted: 1 }],
  ["an id used twice", [...lines, olderLine(1, last).line], { id_repeated: 1 }],
  ["a line that is no JSON", [...lines, '{"a": '], { line_unparsable: 1 }],
  ["a line that is no object", [...lines, "[]"], { not_an_entry: 1 }],
  ["an entry with a key too many", [...lines, olderLine(9, last, { more: 1 }).line], { not_an_entry: 1 }],
  ["an entry without a hash", [...lines, '{"event_type": "legacy"}'], { without_hash: 1 }],
  ["an entry in other spaces", [...lines, olderLine(9, last).line.replaceAll(", ", ",")], { other_form: 1 }],
  ["a blank line", [...lines.slice(0, 3), "  ", ...lines.slice(3)], { blank_line: 1 }],
  ["a line past every limit", [...lines, `"${"x".repeat((16 << 20) + 10)}"`], { line_unparsable: 1 }],
])("%s is counted and located, and nothing else", (_what, given, expected) => {
  const [segment] = read(given);
  expect(segment?.defects).toEqual(expected);
  const [kind = ""] = Object.keys(expected);
  const changed = given.findIndex((line, index) => line !== lines[index]) + 1;
  // The first of two writers did nothing wrong.
  const at = kind === "link_forked" ? changed + 1 : changed;
  expect(segment?.first_lines).toEqual({ [kind]: at });
});

test("bytes after the last newline are told apart from lines", () => {
  const path = join(temporaryFolder(), "a.jsonl");
  writeFileSync(path, `${lines[0]}\n{"half":`);
  const segment = new LegacyChain().readSegment(nodeFileSystem, path);
  expect(segment).toMatchObject({
    lines: 1,
    defects: { torn_tail: 1 },
    size_bytes: readFileSync(path).length,
  });
});

test("a genesis that names no sealed part, or nonsense, has nothing to be held against", () => {
  const root = temporaryFolder();
  const stream = streamRef({ root, name: "a.jsonl" });
  expect(verifySealed(nodeFileSystem, stream)).toEqual([]);
  for (const legacy of [null, "x", { index_sha256: "../../etc/passwd" }, []]) {
    writeFileSync(stream.path, `${olderLine(1, "", { metadata: { legacy } }).line}\n`);
    expect(verifySealed(nodeFileSystem, stream)).toEqual([]);
  }
});

test("the same segments give the same index", () => {
  const segments = read(lines).map((one) => ({ name: "ledger/governance.jsonl", ...one }));
  expect(sealSegments(segments)).toEqual(sealSegments(segments));
  expect(sealSegments(segments).prefix).toMatchObject({
    segments: 1,
    entries: 5,
    sha256: segments[0]?.sha256,
  });
});
