import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { directoryDigest, type MerkleLeaf, merkleRoot } from "../../src/integrity/index.ts";
import { shellWord } from "../../src/integrity/shown.ts";

const sha = (...parts: readonly (string | Buffer)[]): Buffer => {
  const stream = createHash("sha256");
  for (const part of parts) stream.update(part);
  return stream.digest();
};

/** RFC 6962, section 2.1, word for word. */
function byDefinition(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 1) return sha("\0", leaves[0] ?? "");
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return sha("\u0001", byDefinition(leaves.slice(0, k)), byDefinition(leaves.slice(k)));
}

const leaf = (path: string, byte = "0", executable = false): MerkleLeaf => ({
  path,
  sha256: byte.repeat(64),
  executable,
});

describe("the tree hash", () => {
  test.each([1, 2, 3, 4, 5, 7, 8, 9, 33])("of %i leaves is that of RFC 6962", (count) => {
    const leaves = Array.from({ length: count }, (_, index) => leaf(`d${index + 100}/f`));
    const bytes = leaves.map(({ path, sha256 }) => Buffer.from(`${path.slice(0, 4)}\n${sha256} - f\n`));
    expect(merkleRoot(leaves)).toBe(byDefinition(bytes).toString("hex"));
  });

  test("has no value without leaves", () => {
    expect(merkleRoot([])).toBeNull();
  });

  test("depends on names, bytes, bits and number, and not on order", () => {
    const leaves = [leaf("a", "1"), leaf("b", "2"), leaf("c", "3")];
    const root = merkleRoot(leaves);
    expect(merkleRoot([...leaves].reverse())).toBe(root);
    const others = [
      [...leaves, leaf("d", "3")],
      [leaf("a", "2"), leaf("b", "1"), leaf("c", "3")],
      [leaf("a", "1"), leaf("b", "2"), leaf("x", "3")],
      [leaf("a", "1"), leaf("b", "2"), leaf("c", "3", true)],
    ];
    expect(new Set([root, ...others.map(merkleRoot)]).size).toBe(5);
  });
});

test("a folder's digest changes with a rename and with a swap", () => {
  const files = [leaf("a", "1"), leaf("b", "2")];
  const digests = [
    files,
    [leaf("a", "1"), leaf("c", "2")],
    [leaf("a", "2"), leaf("b", "1")],
    [leaf("a", "1", true), leaf("b", "2")],
  ].map(directoryDigest);
  expect(new Set(digests).size).toBe(4);
  expect(directoryDigest([...files].reverse())).toBe(digests[0]);
});

test("a pasted path is one word that names exactly this file", () => {
  const names = [
    "-rf",
    "a b",
    "it's",
    "$HOME",
    "`id`",
    "a\nb",
    "\u001b[2J",
    "\u202egpj",
    "é",
    "*",
    "\\x41'\n",
  ];
  const arbitrary = fc.sample(
    fc.string({ unit: "binary", minLength: 1 }).filter((text) => text.isWellFormed() && !text.includes("\0")),
    { numRuns: 60, seed: 7 },
  );
  const all = [...names, ...arbitrary];
  const script = all.map((name) => `printf '%s\\0' ${shellWord(name)}`).join("\n");
  const words = execFileSync("bash", ["--norc", "-c", script], { env: { LC_ALL: "C.UTF-8" } })
    .toString("utf8")
    .split("\0");
  expect(words.slice(0, -1).map((word) => word.replace(/^\.\/-/, "-"))).toEqual(all);
});
