/**
 * Everything the product does to the world goes through these interfaces, passed as arguments.
 * File calls are synchronous on purpose: for small files they are 4 to 20 times faster than promises in Node,
 * and a journal reads more plainly without interleaving. Long loops yield with `breathe()`.
 */
import type { Programs, Sockets } from "./program-ports.ts";
import type { StampTable, TableOptions } from "./table-ports.ts";

export type { StampTable, TableOptions };

export type FileKind = "file" | "directory" | "symlink" | "other";

export interface FileStat {
  readonly kind: FileKind;
  readonly size_bytes: number;
  /** Number of the user it belongs to. */
  readonly uid: number;
  /** Permission bits only, 0 to 0o7777. */
  readonly mode: number;
  /** True when the owner may execute it. */
  readonly executable: boolean;
  readonly mtime_ns: bigint;
  readonly ctime_ns: bigint;
  /** When it was made, for its whole life; 0 where the file system does not say. */
  readonly born_ns: bigint;
  readonly inode: bigint;
  readonly device: bigint;
  readonly links: number;
}

export interface DirectoryEntry {
  readonly name: string;
  readonly kind: FileKind;
}

export interface ReadHandle {
  /** Reads at most `buffer.length` bytes from `position` (default: after the last read). Returns 0 at the end. */
  read(buffer: Uint8Array, position?: number): number;
  stat(): FileStat;
  close(): void;
}

export interface WriteHandle {
  /** At `position` (default: after the last write), which a file opened to append does not heed. */
  write(bytes: Uint8Array, position?: number): void;
  /** Data and metadata reach the disk before this returns (fsync). */
  sync(): void;
  /** Data reaches the disk before this returns (fdatasync). */
  datasync(): void;
  truncate(size_bytes: number): void;
  /** Of the open file, whatever its name leads to by now. */
  stat(): FileStat;
  close(): void;
}

/**
 * Paths are absolute. No call follows a symlink in the last component, except `realPath`.
 * A failing call throws Node's own error with `code` (ENOENT, EACCES, ENOSPC…); rooms turn it into a fault once.
 */
export interface FileSystem {
  /** lstat; undefined when nothing is there (ENOENT, ENOTDIR). */
  stat(path: string): FileStat | undefined;
  realPath(path: string): string;
  /** What a symlink says, as written. Throws EINVAL for anything else. */
  readLink(path: string): string;
  /** Throws EEXIST. Planes hold no links: only harnesses and tests make one. */
  makeLink(path: string, target: string): void;
  /** Entries sorted by code point. Throws ENOENT. */
  list(path: string): DirectoryEntry[];
  /** Whole file. Use `openRead` for anything that can be large. Refuses a symlink (ELOOP). */
  read(path: string): Buffer;
  /** `read` as UTF-8 text, refusing invalid sequences with ERR_ENCODING_INVALID_ENCODED_DATA. */
  readText(path: string): string;
  openRead(path: string): ReadHandle;
  /**
   * Opens what lies below a folder, one name after another, each from the descriptor of the folder before, following no
   * link anywhere below `directory`: what is put in place of a name meanwhile is either not opened or refused.
   * Throws ENOENT, ELOOP or ENOTDIR for a link on the way, EISDIR for a folder, ENXIO for what is no regular file, ENOSYS
   * where the system has no way to do it.
   */
  openBeneath(directory: string, names: readonly string[]): ReadHandle;
  /** `exclusive`: must not exist (EEXIST). `append`: opens or creates, writes go to the end. `replace`: truncates.
   * `update`: must exist; writes go over what is there, from the start. */
  openWrite(
    path: string,
    options: { mode: number; how: "exclusive" | "append" | "replace" | "update" },
  ): WriteHandle;
  rename(from: string, to: string): void;
  /** Removes a file or link. Throws ENOENT. */
  remove(path: string): void;
  /** One directory, mode 0755 before umask unless given. Throws EEXIST. */
  makeDirectory(path: string, mode?: number): void;
  /** One empty directory. Throws ENOTEMPTY. */
  removeDirectory(path: string): void;
  setMode(path: string, mode: number): void;
  /**
   * Contents of many files reach the disk before this resolves. One flush serves many files, which one `datasync` each
   * cannot do: write first, then sync together. Throws the first error.
   */
  syncFiles(paths: readonly string[]): Promise<void>;
  /** Makes renames, creations and removals in this directory durable. */
  syncDirectory(path: string): void;
  /** Bytes free for this user on the file system of `path`. */
  freeBytes(path: string): number;
}

export interface Clock {
  now_ms(): number;
  /** Milliseconds from an arbitrary start, never going back. */
  elapsed_ms(): number;
  sleep(duration_ms: number): Promise<void>;
  /** Lets queued events (a signal, a timer) run before the next piece of synchronous work. */
  breathe(): Promise<void>;
}

export interface Random {
  hex(bytes: number): string;
}

export interface RunResult {
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly timed_out: boolean;
}

export interface Subprocess {
  /**
   * Runs argv (never a shell) in its own process group with exactly the environment given; the whole group is killed
   * at the limit. Returns for every exit code; throws only when the program could not start.
   * `signal`: when it aborts, the group is killed at once and the signal's reason thrown.
   */
  run(request: {
    readonly argv: readonly string[];
    readonly cwd: string;
    readonly env: Readonly<Record<string, string>>;
    readonly stdin?: Uint8Array | string;
    readonly limits: { readonly timeout_ms: number; readonly stdout_bytes_max: number };
    readonly signal?: AbortSignal;
  }): Promise<RunResult>;
}

export interface NetworkReply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Throws Node's own error when the other side goes away (ECONNRESET) or is silent too long (ETIMEDOUT). */
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends the transfer and frees the connection, whatever was read. Safe to call twice. */
  close(): void;
}

export interface Network {
  /** One GET; redirects are answered, not followed. Throws Node's own error with `code` (ECONNREFUSED, ECONNRESET…). */
  get(request: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly idle_timeout_ms: number;
    readonly signal: AbortSignal;
  }): Promise<NetworkReply>;
  /**
   * One POST with its whole body; redirects are answered, not followed. `timeout_ms` is for everything, to the last byte of the
   * answer: then the reading fails with ETIMEDOUT. Throws Node's own error with `code`.
   */
  post(request: {
    readonly url: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: Uint8Array;
    readonly timeout_ms: number;
    readonly signal: AbortSignal;
  }): Promise<NetworkReply>;
}

export interface HeldLock {
  /** Safe to call twice. */
  release(): void;
}

export interface Locks {
  /**
   * Takes the cross-language lock of the design (BEGIN IMMEDIATE on an empty SQLite file, created when absent).
   * The kernel frees it when the holder dies. Resolves undefined when `wait_ms` passed without getting it.
   * Never open a lock file by any other means: closing another descriptor of it frees the lock.
   */
  acquire(
    path: string,
    options: { readonly wait_ms: number; readonly signal?: AbortSignal },
  ): Promise<HeldLock | undefined>;
  /**
   * The same lock, if this process took it before and it is free now, without giving anything else a turn. Undefined says
   * nothing of who holds it; then `acquire` tells. Absent where there is no such way. */
  takeAtOnce?(path: string): HeldLock | undefined;
}

export type Cell = string | number | null;

/** One SQLite database. Texts and numbers only; a failing call throws Node's own error with `errcode`. */
export interface Database {
  all(sql: string, ...cells: readonly Cell[]): Readonly<Record<string, Cell>>[];
  run(sql: string, ...cells: readonly Cell[]): void;
  /** All or nothing; undefined, and nothing done, when another process is writing. */
  change<T>(work: () => T): T | undefined;
  close(): void;
}

export interface Databases {
  /**
   * Opens or creates a database of derived facts, and the folder it lies in: one that is damaged or of another layout is thrown away and made anew.
   * Undefined where none can be had (no permission, no SQLite): callers then read what it was derived from.
   */
  open(path: string, layout: { readonly version: number; readonly sql: string }): Database | undefined;
}

export interface FileDigest {
  readonly sha256: string;
  readonly size_bytes: number;
  readonly executable: boolean;
}

/** Numbers in a stamp: size, mode with the kind of file, mtime_ns, ctime_ns, inode, device; all zero where nothing is. */
export const STAMP_WIDTH = 6;

/** `no_file`: absent, or something else than a regular file. `trusted`: its stamp is the known one, so it was not read. */
export const FILE_STATE = { no_file: 0, hashed: 1, trusted: 2, unreadable: 3 } as const;

/** Columns in the order of the paths asked for; hundreds of thousands of objects would cost more than the hashing. */
export interface FileTable {
  readonly states: Uint8Array;
  /** 32 bytes each, where the state is `hashed`. */
  readonly digests: Uint8Array;
  /** `STAMP_WIDTH` numbers each, where the state is `hashed` or `trusted`; taken before the first byte was read. */
  readonly stamps: BigUint64Array;
  /** Error codes of unreadable files, by index. */
  readonly problems: ReadonlyMap<number, string>;
}

export interface TableUnderWay {
  /** Takes what no other thread has begun, and waits for the rest. To be called once. */
  finish(): Promise<FileTable>;
}

export interface Workers {
  /** Digests many files on all cores, in the order given; undefined where a path is absent or not a regular file. */
  digestFiles(paths: readonly string[]): Promise<(FileDigest | undefined)[]>;
  /**
   * The same with stamps, and one unreadable file does not hide the others. `known` holds a stamp for each path, zeros where
   * none is known. Other threads begin at once and take what was started first; this one joins when `finish` is called.
   */
  startTable(paths: readonly string[], known: BigUint64Array | null, options?: TableOptions): TableUnderWay;
  /**
   * Indexes of paths that have another stamp now, sorted. Stops soon after it found more than `count_max`: then there may be
   * others.
   */
  changedStamps(table: StampTable, count_max: number): Promise<number[]>;
}

/** The person before the screen, where there is one. */
export interface Terminal {
  /** False where nobody sees the question or nobody can answer. */
  readonly interactive: boolean;
  /** Shows the question and returns the line that is typed; empty when input ended. */
  ask(question: string): Promise<string>;
}

/** Facts about this process, read once in `bin` and passed as data. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly home: string;
  readonly platform: string;
  readonly arch: string;
  readonly node_version: string;
  readonly pid: number;
  readonly uid: number;
  readonly cpu_count: number;
}

export interface Effects {
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly random: Random;
  readonly subprocess: Subprocess;
  readonly programs: Programs;
  readonly sockets: Sockets;
  readonly network: Network;
  readonly locks: Locks;
  readonly workers: Workers;
  readonly databases: Databases;
  readonly terminal: Terminal;
  readonly host: Host;
  /** Aborted by Ctrl-C; long work checks it at marked points and undoes itself. */
  readonly signal: AbortSignal;
}
