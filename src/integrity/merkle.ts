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

/** 64 hex digits over all files, in whatever order they are given; null without files. */
export function merkleRoot(files: readonly MerkleLeaf[]): string | null {
  if (files.length === 0) return null;
  const folders = new Map<string, string[]>();
  for (const { path, sha256, executable } of files) {
    const slash = path.lastIndexOf("/");
    const folder = slash < 0 ? "" : path.slice(0, slash);
    const line = `${path.slice(slash + 1)}\0${sha256} ${executable ? "x" : "-"} `;
    const lines = folders.get(folder);
    if (lines === undefined) folders.set(folder, [line]);
    else lines.push(line);
  }
  const leaves = [...folders.keys()]
    .sort(compareCodePoints)
    .map((folder) => leafHash(folder, folders.get(folder) ?? []));
  return treeHash(leaves).toString("hex");
}

/** `lines`: name, NUL, digest and bit. NUL sorts before every character of a name, so sorting these sorts by name. */
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
