import { hash } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  consistencyProof,
  EMPTY_ROOT,
  inclusionProof,
  leafHash,
  nodeHash,
  type ReadNode,
  rootOfInclusion,
  TreeBuilder,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from "../../src/tlog/index.ts";
import { CONSISTENCY, ENTRIES, hex, INCLUSION, ROOTS } from "./vectors.ts";

const at = (list: readonly Buffer[], index: number): Buffer => list[index] ?? Buffer.alloc(0);
const rootOf = (size: number): Buffer => (size === 0 ? EMPTY_ROOT : at(ROOTS, size - 1));
const leaves = ENTRIES.map(leafHash);

/** The definition itself (RFC 6962 section 2.1), over a list. */
function definedRoot(list: readonly Buffer[]): Buffer {
  if (list.length === 0) return hash("sha256", "", "buffer");
  if (list.length === 1) return at(list, 0);
  let split = 1;
  while (split * 2 < list.length) split *= 2;
  return nodeHash(definedRoot(list.slice(0, split)), definedRoot(list.slice(split)));
}

const readOf =
  (list: readonly Buffer[]): ReadNode =>
  (level, index) =>
    definedRoot(list.slice(index * 2 ** level, (index + 1) * 2 ** level));

const manyLeaves = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, i) => leafHash(Buffer.from(`entry ${i}`)));

describe("hashes and roots of the published tree", () => {
  test("leaf, node and empty hashes are the reference's (transparency-dev/merkle rfc6962_test.go)", () => {
    expect(EMPTY_ROOT.toString("hex")).toBe(
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
    expect(leafHash(Buffer.alloc(0))).toEqual(at(ROOTS, 0));
    expect(leafHash(Buffer.from("L123456")).toString("hex")).toBe(
      "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56",
    );
  });

  test("the builder has the published root after every entry", () => {
    const builder = new TreeBuilder();
    expect(builder.root()).toEqual(EMPTY_ROOT);
    for (const [i, leaf] of leaves.entries()) {
      builder.append(leaf);
      expect(builder.root()).toEqual(rootOf(i + 1));
      expect(treeRoot(i + 1, readOf(leaves))).toEqual(rootOf(i + 1));
    }
  });
});

describe("inclusion", () => {
  test.each(INCLUSION)("the published proof of $index in $size is made and verifies", (vector) => {
    const { index, size, proof } = vector;
    const tree = { size, root: rootOf(size) };
    expect(inclusionProof(index, size, readOf(leaves))).toEqual(proof);
    expect(verifyInclusion(at(leaves, index), index, tree, proof)).toBe(true);
  });

  test.each(INCLUSION)(
    "the reference's corruptions of the proof of $index in $size are refused",
    (vector) => {
      const { index, size, proof } = vector;
      const leaf = at(leaves, index);
      const root = rootOf(size);
      const other = hex("abacaba000000000000000000000000000000000000000000060061e00123456");
      const flipped = proof.map((one, i) =>
        proof.map((same, j) => (i === j ? Buffer.from([(one[0] ?? 0) ^ 8, ...one.subarray(1)]) : same)),
      );
      const wrong: [number, number, Buffer, Buffer, Buffer[]][] = [
        [index - 1, size, root, leaf, proof],
        [index + 1, size, root, leaf, proof],
        [index ^ 2, size, root, leaf, proof],
        [index, size * 2, root, leaf, proof],
        [index, Math.floor(size / 2), root, leaf, proof],
        [index, size, root, Buffer.from("WrongLeaf"), proof],
        [index, size, EMPTY_ROOT, leaf, proof],
        [index, size, other, leaf, proof],
        [index, size, root, leaf, [...proof, Buffer.alloc(0)]],
        [index, size, root, leaf, [...proof, root]],
        [index, size, root, leaf, [Buffer.alloc(0), ...proof]],
        [index, size, root, leaf, [root, ...proof]],
        ...flipped.map((one): [number, number, Buffer, Buffer, Buffer[]] => [index, size, root, leaf, one]),
      ];
      if (proof.length > 0) wrong.push([index, size, root, leaf, proof.slice(0, -1)]);
      for (const [i, n, r, l, p] of wrong) {
        expect(verifyInclusion(l, i, { size: n, root: r }, p), `${i} in ${n}`).toBe(false);
      }
    },
  );

  test("numbers that no tree has lead to no root", () => {
    for (const [index, size] of [
      [0, 0],
      [1, 0],
      [2, 1],
      [-1, 4],
      [0.5, 4],
      [Number.NaN, 4],
      [0, Number.POSITIVE_INFINITY],
      [0, 2 ** 60],
    ] as const) {
      expect(rootOfInclusion(at(leaves, 0), index, size, []), `${index} in ${size}`).toBeUndefined();
    }
  });
});

describe("consistency", () => {
  test.each(CONSISTENCY)("the published proof from $old_size to $size is made and verifies", (vector) => {
    const { old_size, size, proof } = vector;
    const old = { size: old_size, root: rootOf(old_size) };
    const tree = { size, root: rootOf(size) };
    expect(consistencyProof(old_size, size, readOf(leaves))).toEqual(proof);
    expect(verifyConsistency(old, tree, proof)).toBe(true);
    if (proof.length === 0) return;
    const flipped = proof.map((one, i) =>
      proof.map((same, j) => (i === j ? Buffer.from([(one[0] ?? 0) ^ 16, ...one.subarray(1)]) : same)),
    );
    for (const bad of [
      [],
      proof.slice(0, -1),
      [...proof, Buffer.alloc(0)],
      [...proof, old.root],
      [...proof, tree.root],
      [Buffer.alloc(0), ...proof],
      [old.root, ...proof],
      [tree.root, ...proof],
      [at(proof, 0), ...proof],
      ...flipped,
    ])
      expect(verifyConsistency(old, tree, bad)).toBe(false);
    for (const [m, n] of [
      [old_size - 1, size],
      [old_size + 1, size],
      [old_size ^ 2, size],
      [old_size, size * 2],
      [old_size, Math.floor(size / 2)],
    ] as const) {
      expect(verifyConsistency({ ...old, size: m }, { ...tree, size: n }, proof), `${m} to ${n}`).toBe(false);
    }
    expect(verifyConsistency({ ...old, root: tree.root }, { ...tree, root: old.root }, proof)).toBe(false);
  });

  test("trees of equal or no length need no proof, and take none (transparency-dev/merkle verify_test.go)", () => {
    const one = rootOf(1);
    const two = rootOf(2);
    const check = (m: number, n: number, r1: Buffer, r2: Buffer, proof: Buffer[]): boolean =>
      verifyConsistency({ size: m, root: r1 }, { size: n, root: r2 }, proof);
    expect(check(0, 0, one, one, [])).toBe(true);
    expect(check(0, 1, one, two, [])).toBe(true);
    expect(check(1, 1, two, two, [])).toBe(true);
    expect(check(0, 0, one, two, [])).toBe(false);
    expect(check(1, 1, one, two, [])).toBe(false);
    expect(check(1, 0, one, two, [])).toBe(false);
    expect(check(2, 1, one, two, [])).toBe(false);
    expect(check(1, 2, one, two, [])).toBe(false);
    for (const n of [0, 1]) expect(check(n === 0 ? 0 : 1, n, one, one, [two])).toBe(false);
    expect(check(0, 1, one, one, [two])).toBe(false);
  });
});

test("every proof of every tree up to 40 entries is what the definition says, and verifies", () => {
  const list = manyLeaves(40);
  const read = readOf(list);
  for (let size = 1; size <= list.length; size++) {
    const tree = { size, root: definedRoot(list.slice(0, size)) };
    expect(treeRoot(size, read)).toEqual(tree.root);
    for (let index = 0; index < size; index++) {
      const proof = inclusionProof(index, size, read);
      expect(verifyInclusion(at(list, index), index, tree, proof)).toBe(true);
      expect(verifyInclusion(at(list, (index + 1) % 40), index, tree, proof)).toBe(false);
      const old = { size: index + 1, root: definedRoot(list.slice(0, index + 1)) };
      const growth = consistencyProof(old.size, size, read);
      expect(verifyConsistency(old, tree, growth)).toBe(true);
      if (old.size < size) expect(verifyConsistency({ ...old, root: tree.root }, tree, growth)).toBe(false);
    }
  }
});
