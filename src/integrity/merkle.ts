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

/** Verified files, by the folder they lie in. */
export class MerkleFolders {
  /** For each folder lines of name, NUL, digest and bit. NUL sorts before every character of a name, so sorting these sorts by name. */
  readonly #lines = new Map<string, string[]>();
  /** Files mostly come folder by folder. */
  #last: { readonly folder: string; readonly lines: string[] } | undefined;

  /** `sha256`: 64 lower-case hex digits. In any order. */
  add(path: string, sha256: string, executable: boolean): void {
    const slash = path.lastIndexOf("/");
    const folder = slash < 0 ? "" : path.slice(0, slash);
    if (this.#last?.folder !== folder) this.#last = { folder, lines: this.#linesOf(folder) };
    this.#last.lines.push(`${path.slice(slash + 1)}\0${sha256} ${executable ? "x" : "-"} `);
  }

  #linesOf(folder: string): string[] {
    let lines = this.#lines.get(folder);
    if (lines === undefined) this.#lines.set(folder, (lines = []));
    return lines;
  }

  /** 64 hex digits over all files, in whatever order they came; null without files. */
  root(): string | null {
    if (this.#lines.size === 0) return null;
    const leaves = [...this.#lines.keys()]
      .sort(compareCodePoints)
      .map((folder) => leafHash(folder, this.#lines.get(folder) ?? []));
    return treeHash(leaves).toString("hex");
  }
}

/** The root over these. */
export function merkleRoot(files: readonly MerkleLeaf[]): string | null {
  const folders = new MerkleFolders();
  for (const { path, sha256, executable } of files) folders.add(path, sha256, executable);
  return folders.root();
}

function leafHash(folder: string, lines: string[]): Buffer {
  const sorted = lines.sort(compareCodePoints).map((line) => {
    const end = line.indexOf("\0");
    return `${line.slice(end + 1)}${line.slice(0, end)}\n`;
  });
  return hash("sha256", `\0${folder}\n${sorted.join("")}`, "buffer");
}

/** Pairing neighbours and carrying a last odd node up unchanged gives the same tree as the recursive definition. */
function treeHash(leaves: readonly Buffer[]): Buffer {
  let level = leaves;
  while (level.length > 1) {
    const next: Buffer[] = [];
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
