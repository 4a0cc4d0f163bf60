/** Open files of a simulated disk. They follow the inode, whatever becomes of its name. */
import type { FileSystem, ReadHandle, WriteHandle } from "../ports.ts";
import { addNode, type DiskAccess, statOf } from "./disk-access.ts";
import { fail, findParent } from "./disk-paths.ts";
import { type DiskNode, type DiskState, type FileNode, isSynced, reachable, syncFile } from "./disk-state.ts";

const NOTHING = Buffer.alloc(0);

export function openWrite(
  access: DiskAccess,
  path: string,
  { mode, how }: Parameters<FileSystem["openWrite"]>[1],
): WriteHandle {
  const { state, before, alive, umask } = access;
  alive();
  const parent = findParent(state, path, "open");
  let inode = parent.child;
  const node = inode === undefined ? undefined : state.nodes.get(inode);
  if (node !== undefined && how === "exclusive") throw fail("EEXIST", "open", path);
  if (node?.kind === "directory") throw fail("EISDIR", "open", path);
  if (node === undefined && how === "update") throw fail("ENOENT", "open", path);
  if (inode === undefined) {
    const born: DiskNode = {
      kind: "file",
      mode: mode & ~umask & 0o7777,
      bytes: NOTHING,
      written: state.mutations,
      changed: state.mutations,
    };
    const happens = before({ verb: "create", path });
    inode = addNode(state, born, (made) =>
      happens ? [{ folder: parent.inode, name: parent.name, inode: made, does: "give" }] : [],
    );
  } else if (how === "replace" && node?.kind === "file" && node.bytes.length > 0) {
    if (before({ verb: "truncate", path })) setSize(state, inode, 0);
  }
  return writeHandle(access, path, inode, how === "append");
}

function writeHandle(
  { state, before, alive }: DiskAccess,
  path: string,
  inode: number,
  appends: boolean,
): WriteHandle {
  let position = 0;
  let open = true;
  const usable = (call: string): void => {
    alive();
    if (!open) throw fail("EBADF", call, path);
  };
  return {
    write(bytes, from) {
      usable("write");
      if (bytes.length === 0) return;
      const at = appends ? fileOf(state, inode).bytes.length : (from ?? position);
      // The caller may use its buffer again.
      const copy = Buffer.from(bytes);
      const tear = (torn: DiskState): void => putBytes(torn, inode, at, copy.subarray(0, copy.length >> 1));
      if (before({ verb: "write", path, tear })) putBytes(state, inode, at, copy);
      if (from === undefined) position = at + copy.length;
    },
    sync() {
      usable("fsync");
      if (before({ verb: "sync", path, idle: isSynced(state, inode) })) syncFile(state, inode, "all");
    },
    datasync() {
      usable("fdatasync");
      if (before({ verb: "datasync", path, idle: isSynced(state, inode) })) syncFile(state, inode, "data");
    },
    truncate(size_bytes) {
      usable("ftruncate");
      if (before({ verb: "truncate", path })) setSize(state, inode, size_bytes);
    },
    stat() {
      usable("fstat");
      const stat = statOf({ inode, node: fileOf(state, inode) });
      return reachable(state.nodes).has(inode) ? stat : { ...stat, links: 0 };
    },
    close() {
      open = false;
    },
  };
}

function fileOf(state: DiskState, inode: number): FileNode {
  const node = state.nodes.get(inode);
  if (node?.kind !== "file") throw new Error(`inode ${inode} is no file`);
  return node;
}

function putBytes(state: DiskState, inode: number, at: number, bytes: Buffer): void {
  const node = fileOf(state, inode);
  const old = node.bytes;
  if (!state.floors.has(inode)) state.floors.set(inode, old.length);
  const gap = Buffer.alloc(Math.max(0, at - old.length));
  const next = Buffer.concat([old.subarray(0, at), gap, bytes, old.subarray(at + bytes.length)]);
  state.nodes.set(inode, { ...node, bytes: next, ...now(state) });
}

const now = ({ mutations }: DiskState): { written: number; changed: number } => ({
  written: mutations,
  changed: mutations,
});

function setSize(state: DiskState, inode: number, size_bytes: number): void {
  const node = fileOf(state, inode);
  const floor = state.floors.get(inode) ?? node.bytes.length;
  state.floors.set(inode, Math.min(floor, size_bytes));
  const grown = Buffer.alloc(Math.max(0, size_bytes - node.bytes.length));
  const bytes = Buffer.concat([node.bytes.subarray(0, size_bytes), grown]);
  state.nodes.set(inode, { ...node, bytes, ...now(state) });
}

export function readHandle({ state, alive }: DiskAccess, path: string, inode: number): ReadHandle {
  let position = 0;
  const nodeNow = (): DiskNode => {
    alive();
    const node = state.nodes.get(inode);
    if (node === undefined) throw fail("EBADF", "read", path);
    return node;
  };
  return {
    read(buffer, from) {
      const node = nodeNow();
      if (node.kind === "directory") throw fail("EISDIR", "read", path);
      const at = from ?? position;
      const part = node.bytes.subarray(at, at + buffer.length);
      buffer.set(part);
      if (from === undefined) position += part.length;
      return part.length;
    },
    stat: () => statOf({ inode, node: nodeNow() }),
    close: () => undefined,
  };
}
