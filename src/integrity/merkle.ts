/**
 * Tree hash of RFC 6962, section 2.1: leaf = sha256(0x00 leaf), node = sha256(0x01 left right), split at the largest power of
 * two. A leaf is one folder: its path, a newline, and a line `<64 hex> <x or -> <name>` for each verified file directly in it,
 * everything sorted by code point. So names and executable bits count, and leaves and nodes never collide; and a tree of
 * 50,000 files costs a few thousand hashes instead of 100,000.
 */
import { hash } from "node:crypto";
import { compareCodePoints } from "../kernel/index.ts";

export interface MerkleLeaf {
  readonly path: string;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
  readonly executable: boolean;
}

interface Leaf {
  readonly folder: string;
  readonly names: string[];
  /** Digest, bit and name of each. */
  readonly lines: string[];
  /** Whether names ascend: then nothing is left to sort. */
  is_sorted: boolean;
}

/** Verified files, by the folder they lie in. */
export class MerkleFolders {
  readonly #leaves = new Map<string, Leaf>();
  readonly #hashed = new Map<string, Uint8Array>();
  /** Files mostly come folder by folder. */
  #last: Leaf | undefined;

  /** `sha256`: 64 lower-case hex digits. In any order. */
  add(path: string, sha256: string, executable: boolean): void {
    const slash = path.lastIndexOf("/");
    const folder = slash < 0 ? "" : path.slice(0, slash);
    if (this.#last?.folder !== folder) this.#last = this.#leafOf(folder);
    const { names, lines } = this.#last;
    const name = path.slice(slash + 1);
    const before = names.at(-1);
    if (before !== undefined && compareCodePoints(before, name) > 0) this.#last.is_sorted = false;
    names.push(name);
    lines.push(`${sha256} ${executable ? "x" : "-"} ${name}\n`);
  }

  #leafOf(folder: string): Leaf {
    let leaf = this.#leaves.get(folder);
    if (leaf === undefined)
      this.#leaves.set(folder, (leaf = { folder, names: [], lines: [], is_sorted: true }));
    return leaf;
  }

  /** All files of a folder at once, by its leaf. */
  addHashed(folder: string, leaf: Uint8Array): void {
    this.#hashed.set(folder, leaf);
  }

  /** Each folder with its leaf, sorted. */
  hashed(): ReadonlyMap<string, Uint8Array> {
    for (const leaf of this.#leaves.values()) this.#hashed.set(leaf.folder, leafHash(leaf));
    this.#leaves.clear();
    this.#last = undefined;
    return new Map([...this.#hashed].sort(([a], [b]) => compareCodePoints(a, b)));
  }

  /** 64 hex digits over all files, in whatever order they came; null without files. Nothing can be added afterwards. */
  root(): string | null {
    const leaves = [...this.hashed().values()];
    return leaves.length === 0 ? null : Buffer.from(treeHash(leaves)).toString("hex");
  }
}

/** The root over these. */
export function merkleRoot(files: readonly MerkleLeaf[]): string | null {
  const folders = new MerkleFolders();
  for (const { path, sha256, executable } of files) folders.add(path, sha256, executable);
  return folders.root();
}

function leafHash({ folder, names, lines, is_sorted }: Leaf): Buffer {
  const sorted = is_sorted
    ? lines
    : [...names.entries()].sort((a, b) => compareCodePoints(a[1], b[1])).map(([index]) => lines[index]);
  return hash("sha256", `\0${folder}\n${sorted.join("")}`, "buffer");
}

/** Pairing neighbours and carrying a last odd node up unchanged gives the same tree as the recursive definition. */
function treeHash(leaves: readonly Uint8Array[]): Uint8Array {
  let level = leaves;
  while (level.length > 1) {
    const next: Uint8Array[] = [];
    for (let index = 0; index < level.length; index += 2) {
      const [left, right] = [level[index], level[index + 1]];
      if (left === undefined) break;
      next.push(right === undefined ? left : hash("sha256", Buffer.concat([NODE, left, right]), "buffer"));
    }
    level = next;
  }
  return level[0] ?? Buffer.alloc(0);
}

const NODE = Buffer.from([1]);
