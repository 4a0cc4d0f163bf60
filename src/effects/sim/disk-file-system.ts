/** The `FileSystem` of a simulated disk: the same calls, modes and error codes as Linux, without links. */
import { compareCodePoints } from "../../kernel/index.ts";
import type { DirectoryEntry, FileSystem, ReadHandle } from "../ports.ts";
import { addNode, type DiskAccess, statOf } from "./disk-access.ts";
import { openWrite, readHandle } from "./disk-handles.ts";
import { fail, find, findParent, lookUp, segmentsOf } from "./disk-paths.ts";
import { changeNames, type DiskNode, type DiskState, isSynced, syncFolder } from "./disk-state.ts";

export function diskFileSystem(access: DiskAccess): FileSystem {
  const { state, before, alive } = access;
  const fs: FileSystem = {
    stat(path) {
      alive();
      const found = lookUp(state, path);
      return found === undefined ? undefined : statOf(found);
    },
    realPath(path) {
      alive();
      find(state, path, "realpath");
      return `/${segmentsOf(path).join("/")}`;
    },
    ...links(access),
    list(path) {
      alive();
      const { node } = find(state, path, "scandir");
      if (node.kind !== "directory") throw fail("ENOTDIR", "scandir", path);
      return [...node.entries]
        .map(([name, inode]): DirectoryEntry => ({ name, kind: state.nodes.get(inode)?.kind ?? "other" }))
        .sort((a, b) => compareCodePoints(a.name, b.name));
    },
    read(path) {
      alive();
      const { node } = find(state, path, "open");
      if (node.kind !== "file") throw fail("EISDIR", "read", path);
      return Buffer.from(node.bytes);
    },
    readText: (path) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(fs.read(path)),
    openRead(path) {
      alive();
      return readHandle(access, path, find(state, path, "open").inode);
    },
    openBeneath: (directory, names) => openBeneath(access, [directory, ...names].join("/")),
    freeBytes(path) {
      alive();
      find(state, path, "statfs");
      return access.free_bytes;
    },
    openWrite: (path, options) => openWrite(access, path, options),
    ...namesOf(access),
    setMode(path, mode) {
      alive();
      const { inode } = find(state, path, "open");
      if (!before({ verb: "set mode", path })) return;
      const node = state.nodes.get(inode);
      if (node !== undefined)
        state.nodes.set(inode, { ...node, mode: mode & 0o7777, changed: state.mutations });
    },
    async syncFiles(paths) {
      for (const path of paths) {
        const handle = fs.openWrite(path, { mode: 0, how: "update" });
        try {
          handle.datasync();
        } finally {
          handle.close();
        }
      }
    },
    syncDirectory(path) {
      alive();
      const { inode, node } = find(state, path, "open");
      if (node.kind !== "directory") throw fail("ENOTDIR", "open", path);
      if (before({ verb: "sync directory", path, idle: isSynced(state, inode) })) syncFolder(state, inode);
    },
  };
  return fs;
}

/** This disk has no links: a name below a folder is what its path says. */
function openBeneath(access: DiskAccess, path: string): ReadHandle {
  access.alive();
  const { inode, node } = find(access.state, path, "open");
  if (node.kind !== "file") throw fail("EISDIR", "open", path);
  return readHandle(access, path, inode);
}

/** Calls that change names. */
function namesOf({
  state,
  before,
  alive,
  umask,
}: DiskAccess): Pick<FileSystem, "rename" | "remove" | "makeDirectory" | "removeDirectory"> {
  return {
    rename(from, to) {
      alive();
      const source = findParent(state, from, "rename");
      const target = findParent(state, to, "rename");
      const moving = source.child;
      if (moving === undefined || target.name === "") throw fail("ENOENT", "rename", from, to);
      requireReplaceable(state, moving, target.child, from, to);
      if (moving === target.child) return;
      if (!before({ verb: "rename", path: from, to })) return;
      changeNames(state, [
        { folder: source.inode, name: source.name, inode: moving, does: "take" },
        { folder: target.inode, name: target.name, inode: moving, does: "give" },
      ]);
    },
    remove(path) {
      alive();
      const { inode, name, child } = findParent(state, path, "unlink");
      const node = child === undefined ? undefined : state.nodes.get(child);
      if (node === undefined || child === undefined) throw fail("ENOENT", "unlink", path);
      if (node.kind === "directory") throw fail("EISDIR", "unlink", path);
      if (before({ verb: "remove", path }))
        changeNames(state, [{ folder: inode, name, inode: child, does: "take" }]);
    },
    makeDirectory(path, mode = 0o755) {
      alive();
      const { inode, name, child } = findParent(state, path, "mkdir");
      if (child !== undefined) throw fail("EEXIST", "mkdir", path);
      if (!before({ verb: "make directory", path })) return;
      const { mutations: changed } = state;
      const born: DiskNode = {
        kind: "directory",
        mode: mode & ~umask,
        entries: new Map(),
        written: changed,
        changed,
      };
      addNode(state, born, (made) => [{ folder: inode, name, inode: made, does: "give" }]);
    },
    removeDirectory(path) {
      alive();
      const { inode, name, child } = findParent(state, path, "rmdir");
      const node = child === undefined ? undefined : state.nodes.get(child);
      if (node === undefined || child === undefined) throw fail("ENOENT", "rmdir", path);
      if (node.kind !== "directory") throw fail("ENOTDIR", "rmdir", path);
      if (node.entries.size > 0) throw fail("ENOTEMPTY", "rmdir", path);
      if (before({ verb: "remove directory", path }))
        changeNames(state, [{ folder: inode, name, inode: child, does: "take" }]);
    },
  };
}

function requireReplaceable(
  state: DiskState,
  moving: number,
  replaced: number | undefined,
  from: string,
  to: string,
): void {
  const kind = state.nodes.get(moving)?.kind;
  if (kind === "directory" && `/${segmentsOf(to).join("/")}/`.startsWith(`/${segmentsOf(from).join("/")}/`)) {
    if (moving !== replaced) throw fail("EINVAL", "rename", from, to);
  }
  const old = replaced === undefined ? undefined : state.nodes.get(replaced);
  if (old === undefined || moving === replaced) return;
  if (old.kind === "directory" && kind !== "directory") throw fail("EISDIR", "rename", from, to);
  if (old.kind !== "directory" && kind === "directory") throw fail("ENOTDIR", "rename", from, to);
  if (old.kind === "directory" && old.entries.size > 0) throw fail("ENOTEMPTY", "rename", from, to);
}

/** The simulated disk holds files and folders alone, as a plane does. */
const links = ({ state, alive }: DiskAccess): Pick<FileSystem, "readLink" | "makeLink"> => ({
  readLink(path) {
    alive();
    find(state, path, "readlink");
    throw fail("EINVAL", "readlink", path);
  },
  makeLink(path) {
    alive();
    throw fail("EPERM", "symlink", path);
  },
});
