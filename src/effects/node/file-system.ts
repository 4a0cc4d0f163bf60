import {
  type BigIntStats,
  closeSync,
  constants,
  type Dirent,
  fchmodSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmdirSync,
  statfsSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { promisify } from "node:util";
import { compareCodePoints } from "../../kernel/index.ts";
import type { DirectoryEntry, FileKind, FileStat, FileSystem, ReadHandle, WriteHandle } from "../ports.ts";

const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** A pipe put in a file's place is refused (ENXIO), not waited for. */
const WRITING = constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const WRITE_FLAGS = {
  exclusive: WRITING | constants.O_CREAT | constants.O_EXCL,
  append: WRITING | constants.O_CREAT | constants.O_APPEND,
  replace: WRITING | constants.O_CREAT | constants.O_TRUNC,
  update: WRITING,
} as const;

const FOLDER_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

const SYNCS_AT_ONCE = 8;
const dataSync = promisify(fdatasync);

export const nodeFileSystem: FileSystem = {
  stat(path) {
    try {
      const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false });
      return stats === undefined ? undefined : toStat(stats);
    } catch (error) {
      // A file where a folder was expected: nothing can be below it.
      if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return undefined;
      throw error;
    }
  },
  // By the C library: the one written in JavaScript asks for each folder on the way.
  realPath: (path) => realpathSync.native(path),
  readLink: (path) => readlinkSync(path),
  makeLink: (path, target) => symlinkSync(target, path),
  list(path) {
    return readdirSync(path, { withFileTypes: true })
      .map((entry): DirectoryEntry => ({ name: entry.name, kind: kindOf(entry) }))
      .sort((a, b) => compareCodePoints(a.name, b.name));
  },
  read(path) {
    const fd = openSync(path, READ_FLAGS);
    try {
      return readAll(fd);
    } catch (error) {
      throw withPath(error, path);
    } finally {
      closeSync(fd);
    }
  },
  readText(path) {
    const bytes = this.read(path);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (error) {
      throw withPath(error, path);
    }
  },
  openRead: (path) => readHandle(openSync(path, READ_FLAGS)),
  openBeneath: (directory, names) => readHandle(openBeneath(directory, names)),
  openWrite(path, { mode, how }) {
    const fd = openSync(path, WRITE_FLAGS[how], mode);
    return writeHandle(fd);
  },
  rename: (from, to) => renameSync(from, to),
  remove: (path) => unlinkSync(path),
  makeDirectory: (path, mode = 0o755) => {
    mkdirSync(path, { mode });
  },
  removeDirectory: (path) => rmdirSync(path),
  setMode(path, mode) {
    const fd = openSync(path, READ_FLAGS);
    try {
      fchmodSync(fd, mode);
    } finally {
      closeSync(fd);
    }
  },
  async syncFiles(paths) {
    let next = 0;
    // As many as libuv has threads for by default; each waits in the kernel for the same flush.
    const work = async (): Promise<void> => {
      for (let path = paths[next++]; path !== undefined; path = paths[next++]) {
        const fd = openSync(path, READ_FLAGS);
        try {
          await dataSync(fd);
        } finally {
          closeSync(fd);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(SYNCS_AT_ONCE, paths.length) }, work));
  },
  syncDirectory(path) {
    const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  },
  freeBytes(path) {
    const stats = statfsSync(path);
    return stats.bavail * stats.bsize;
  },
};

/** What is read through a descriptor fails without saying which file it was. */
const withPath = (error: unknown, path: string): unknown =>
  error instanceof Error && !("path" in error) ? Object.assign(error, { path }) : error;
/** Node has no `openat`: the kernel resolves one name below `/proc/self/fd/N` from that very descriptor. */
function openBeneath(directory: string, names: readonly string[]): number {
  if (
    names.length === 0 ||
    names.some((name) => name === "" || name === "." || name === ".." || /[/\0]/.test(name))
  )
    throw errorOf("EINVAL", "a name is no single name", directory);
  let fd = openSync(directory, FOLDER_FLAGS);
  try {
    requireDescriptorFolder(fd, directory);
    for (const [index, name] of names.entries()) {
      const flags = index < names.length - 1 ? FOLDER_FLAGS : READ_FLAGS;
      const next = openSync(`/proc/self/fd/${fd}/${name}`, flags);
      closeSync(fd);
      fd = next;
    }
    const stats = fstatSync(fd);
    if (stats.isDirectory()) throw errorOf("EISDIR", "it is a folder", names.join("/"));
    if (!stats.isFile()) throw errorOf("ENXIO", "it is no regular file", names.join("/"));
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** A `/proc` that is missing, or another program's, would resolve names from somewhere else. */
function requireDescriptorFolder(fd: number, directory: string): void {
  const own = fstatSync(fd, { bigint: true });
  const seen = statSync(`/proc/self/fd/${fd}/.`, { bigint: true, throwIfNoEntry: false });
  if (seen?.ino !== own.ino || seen.dev !== own.dev)
    throw errorOf("ENOSYS", "/proc/self/fd does not show descriptors here", directory);
}

const errorOf = (code: string, problem: string, path: string): Error =>
  Object.assign(new Error(`${code}: ${problem}, open '${path}'`), { code, path });

const UNSIZED_BYTES = 4096;

function readAll(fd: number): Buffer {
  const size = fstatSync(fd).size;
  // One byte more than the size, so a file that grew meanwhile is noticed and read on. Those of /proc say they have none.
  let buffer: Buffer = Buffer.allocUnsafe(size === 0 ? UNSIZED_BYTES : size + 1);
  let length = 0;
  for (;;) {
    const count = readSync(fd, buffer, length, buffer.length - length, null);
    if (count === 0) return buffer.subarray(0, length);
    length += count;
    if (length === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2);
  }
}

function readHandle(fd: number): ReadHandle {
  return {
    read: (buffer, position) => readSync(fd, buffer, 0, buffer.length, position ?? null),
    stat: () => toStat(fstatSync(fd, { bigint: true })),
    close: () => closeSync(fd),
  };
}

function writeHandle(fd: number): WriteHandle {
  return {
    write(bytes, position) {
      let offset = 0;
      while (offset < bytes.length) {
        const at = position === undefined ? null : position + offset;
        offset += writeSync(fd, bytes, offset, bytes.length - offset, at);
      }
    },
    sync: () => fsyncSync(fd),
    datasync: () => fdatasyncSync(fd),
    truncate: (size) => ftruncateSync(fd, size),
    stat: () => toStat(fstatSync(fd, { bigint: true })),
    close: () => closeSync(fd),
  };
}

function toStat(stats: BigIntStats): FileStat {
  const all = Number(stats.mode);
  const mode = all & 0o7777;
  return {
    kind: kindOfMode(all & constants.S_IFMT),
    size_bytes: Number(stats.size),
    uid: Number(stats.uid),
    mode,
    executable: (mode & 0o100) !== 0,
    mtime_ns: stats.mtimeNs,
    ctime_ns: stats.ctimeNs,
    born_ns: stats.birthtimeNs,
    inode: stats.ino,
    device: stats.dev,
    links: Number(stats.nlink),
  };
}

function kindOfMode(bits: number): FileKind {
  if (bits === constants.S_IFREG) return "file";
  if (bits === constants.S_IFDIR) return "directory";
  return bits === constants.S_IFLNK ? "symlink" : "other";
}

function kindOf(entry: Dirent): FileKind {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "directory";
  return entry.isSymbolicLink() ? "symlink" : "other";
}
