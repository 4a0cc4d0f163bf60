/** From paths to inodes, with the error codes Linux gives. */
import { type DiskNode, type DiskState, type FolderNode, ROOT_INODE } from "./disk-state.ts";

export interface Found {
  readonly inode: number;
  readonly node: DiskNode;
}

/** Where a name is or would be. */
export interface Place {
  /** Of the folder. */
  readonly inode: number;
  readonly folder: FolderNode;
  readonly name: string;
  /** What the name leads to now. */
  readonly child: number | undefined;
}

export const segmentsOf = (path: string): string[] =>
  path.split("/").filter((segment) => segment !== "" && segment !== ".");

/** An error as Node throws it. */
export function fail(code: string, syscall: string, path: string, dest?: string): Error {
  const about = dest === undefined ? `'${path}'` : `'${path}' -> '${dest}'`;
  return Object.assign(new Error(`${code}: simulated, ${syscall} ${about}`), {
    code,
    syscall,
    path,
    ...(dest === undefined ? {} : { dest }),
  });
}

/** Undefined when nothing is there, also when a file stands where a folder is needed. */
export function lookUp(state: DiskState, path: string): Found | undefined {
  const found = walk(state, segmentsOf(path));
  return typeof found === "string" ? undefined : found;
}

/** @throws ENOENT, ENOTDIR */
export function find(state: DiskState, path: string, syscall: string): Found {
  const found = walk(state, segmentsOf(path));
  if (typeof found === "string") throw fail(found, syscall, path);
  return found;
}

/** @throws ENOENT or ENOTDIR for the folder; EBUSY for the root itself */
export function findParent(state: DiskState, path: string, syscall: string): Place {
  const segments = segmentsOf(path);
  const name = segments.pop();
  if (name === undefined) throw fail("EBUSY", syscall, path);
  const parent = walk(state, segments);
  if (typeof parent === "string") throw fail(parent, syscall, path);
  if (parent.node.kind !== "directory") throw fail("ENOTDIR", syscall, path);
  if (Buffer.byteLength(name) > 255) throw fail("ENAMETOOLONG", syscall, path);
  return { inode: parent.inode, folder: parent.node, name, child: parent.node.entries.get(name) };
}

function walk(state: DiskState, segments: readonly string[]): Found | "ENOENT" | "ENOTDIR" {
  let inode = ROOT_INODE;
  let node = state.nodes.get(inode);
  for (const segment of segments) {
    if (node?.kind !== "directory") return "ENOTDIR";
    const next = node.entries.get(segment);
    if (next === undefined) return "ENOENT";
    inode = next;
    node = state.nodes.get(inode);
  }
  return node === undefined ? "ENOENT" : { inode, node };
}
