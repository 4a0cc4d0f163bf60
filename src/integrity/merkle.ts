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
  /** Where the digest of each lies. */
  readonly digests: Uint8Array[];
  readonly places: number[];
  readonly executables: boolean[];
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
    this.addDigest(path, Buffer.from(sha256, "hex"), 0, executable);
  }

  /** The same with the 32 bytes that lie there at `at`, and stay. */
  addDigest(path: string, digests: Uint8Array, at: number, executable: boolean): void {
    const slash = path.lastIndexOf("/");
    const { folder } = this.#last ?? {};
    // Without making a text of the folder of each file.
    const is_same = folder?.length === Math.max(0, slash) && path.startsWith(folder);
    const leaf =
      is_same && this.#last !== undefined ? this.#last : this.#leafOf(path.slice(0, Math.max(0, slash)));
    this.#last = leaf;
    const name = path.slice(slash + 1);
    const before = leaf.names.at(-1);
    if (before !== undefined && compareCodePoints(before, name) > 0) leaf.is_sorted = false;
    leaf.names.push(name);
    leaf.digests.push(digests);
    leaf.places.push(at);
    leaf.executables.push(executable);
  }

  #leafOf(folder: string): Leaf {
    let leaf = this.#leaves.get(folder);
    if (leaf === undefined) {
      leaf = { folder, names: [], digests: [], places: [], executables: [], is_sorted: true };
      this.#leaves.set(folder, leaf);
    }
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

/** Grows with the largest folder. Used within one call and never across two. */
let scratch = Buffer.allocUnsafe(1 << 14);
const HEX = Buffer.from("0123456789abcdef");
/** Digest, bit and what stands between, of a line. */
const LINE_BYTES = 64 + 4;

function leafHash({ folder, names, digests, places, executables, is_sorted }: Leaf): Buffer {
  const order = [...names.keys()];
  if (!is_sorted) order.sort((a, b) => compareCodePoints(names[a] ?? "", names[b] ?? ""));
  const room = names.reduce((sum, { length }) => sum + LINE_BYTES + length * 3, folder.length * 3 + 2);
  if (scratch.length < room) scratch = Buffer.allocUnsafe(room * 2);
  let end = scratch.write(`\0${folder}\n`);
  for (const index of order) {
    end = putHex(digests[index] ?? scratch, places[index] ?? 0, end);
    scratch[end] = SPACE;
    scratch[end + 1] = executables[index] === true ? 0x78 : 0x2d;
    scratch[end + 2] = SPACE;
    end = putText(names[index] ?? "", end + 3);
    scratch[end++] = 0x0a;
  }
  return hash("sha256", scratch.subarray(0, end), "buffer");
}

const SPACE = 0x20;

function putHex(digests: Uint8Array, at: number, end: number): number {
  for (let byte = 0; byte < 32; byte++) {
    const value = digests[at + byte] ?? 0;
    scratch[end + 2 * byte] = HEX[value >> 4] ?? 0;
    scratch[end + 2 * byte + 1] = HEX[value & 15] ?? 0;
  }
  return end + 64;
}

/** A call for each of half a million names costs more than their letters. */
function putText(text: string, start: number): number {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80) return start + scratch.write(text, start);
    scratch[start + index] = unit;
  }
  return start + text.length;
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
