/** Unpacks an archive that was read and accepted before, into a staging directory; nothing else is touched. */
import type { Effects, FileSystem, WriteHandle } from "../effects/index.ts";
import { bare, Fault, type Hex } from "../kernel/index.ts";
import { ContentDigest } from "./content-digest.ts";
import { pathProblem } from "./entry-path.ts";
import { make } from "./faults.ts";
import { type ArchiveLimits, DEFAULT_LIMITS } from "./limits.ts";
import { type Member, MemberRules } from "./member-rules.ts";
import { readGzip } from "./read-gzip.ts";
import { Refusal } from "./tar-decode.ts";
import { type TarSink, TarWalker } from "./tar-walker.ts";

export interface ExtractArchiveRequest {
  /** sha256 of the .tar.gz, bare or prefixed, as `readArchive` gave it. */
  readonly digest: string;
  /** Absolute; an existing, empty directory that only this process writes to. */
  readonly destination: string;
  /** Plane-relative path of a member, or undefined to leave it out. Default: its own path. */
  readonly rename?: (member_path: string) => string | undefined;
  /** Name of the file on disk, relative to `destination`. Default: the path that `rename` gave. */
  readonly file_name?: (path: string, index: number) => string;
  /** `file` (default): contents and the directories that name them are on disk when this returns. */
  readonly durability?: "file" | "none";
  readonly limits?: Partial<ArchiveLimits>;
  readonly signal?: AbortSignal;
}

export interface ExtractedFile {
  /** After `rename`. */
  readonly path: string;
  /** Relative to `destination`. */
  readonly file_name: string;
  readonly sha256: Hex;
  readonly size_bytes: number;
  readonly executable: boolean;
}

/**
 * Writes every file of the archive at `path` (absolute) below `request.destination`, mode 0644 or 0755 whatever the
 * umask, each created exclusively. Directories are made where a file needs them; empty ones are not made. On a fault the
 * staging directory holds what was written so far and is to be thrown away.
 *
 * @throws ARCHIVE_CHANGED when the archive is no longer the one with `digest` (known only at the end), ARCHIVE_STAGING
 * when the destination is not an empty directory or a file cannot be written, ARCHIVE_PATH_* for a bad renamed path, and
 * whatever `readArchive` throws for the bytes it reads.
 */
export async function extractArchive(
  { fs }: Pick<Effects, "fs">,
  path: string,
  request: ExtractArchiveRequest,
): Promise<ExtractedFile[]> {
  const limits = { ...DEFAULT_LIMITS, ...request.limits };
  const refusal = new Refusal(path);
  const staging = new Staging(fs, request);
  try {
    const walker = new TarWalker(new MemberRules(limits, refusal), refusal, staging);
    const on_chunk = (chunk: Buffer): void => walker.push(chunk);
    const { signal } = request;
    const { digest } = await readGzip(fs, { path, refusal, ratio_max: limits.ratio_max, signal, on_chunk });
    walker.finish();
    if (digest !== bare(request.digest)) {
      throw refusal.make("ARCHIVE_CHANGED", `${path} changed since it was checked`, { digest });
    }
    await staging.finish();
    return staging.files;
  } finally {
    staging.close();
  }
}

interface OpenFile {
  readonly member: Member;
  readonly path: string;
  readonly file_name: string;
  readonly handle: WriteHandle;
}

class Staging implements TarSink {
  readonly files: ExtractedFile[] = [];
  readonly #fs: FileSystem;
  readonly #request: ExtractArchiveRequest;
  readonly #directories = new Set<string>();
  readonly #digest = new ContentDigest();
  #open: OpenFile | undefined;
  /** Per mode, whether the umask took bits away; known after the first file or directory of that mode. */
  readonly #needs_mode = new Map<number, boolean>();

  constructor(fs: FileSystem, request: ExtractArchiveRequest) {
    this.#fs = fs;
    this.#request = request;
    const { destination } = request;
    this.#guard(destination, () => {
      const is_empty = fs.stat(destination)?.kind === "directory" && fs.list(destination).length === 0;
      if (is_empty) return;
      throw make("ARCHIVE_STAGING", `${destination} is not an empty directory`, { destination });
    });
  }

  member(member: Member): void {
    this.#open = undefined;
    if (member.kind === "directory") return;
    const path = this.#request.rename ? this.#request.rename(member.path) : member.path;
    if (path === undefined) return;
    checkName(path);
    const file_name = this.#request.file_name?.(path, this.files.length) ?? path;
    if (file_name !== path) checkName(file_name);
    const handle = this.#create(file_name, member.executable ? 0o755 : 0o644);
    this.#open = { member, path, file_name, handle };
  }

  content(bytes: Buffer): void {
    const open = this.#open;
    if (!open) return;
    this.#guard(open.file_name, () => open.handle.write(bytes));
    this.#digest.update(bytes, open.member.size_bytes);
  }

  memberEnd(): void {
    const open = this.#open;
    if (!open) return;
    const { path, file_name, member, handle } = open;
    this.#guard(file_name, () => {
      this.#open = undefined;
      handle.close();
    });
    const { size_bytes, executable } = member;
    this.files.push({ path, file_name, sha256: this.#digest.take(), size_bytes, executable });
  }

  padding(): void {}

  /** Makes contents durable, then names, deepest directories first. */
  async finish(): Promise<void> {
    if (this.#request.durability === "none") return;
    const { destination } = this.#request;
    try {
      await this.#fs.syncFiles(this.files.map(({ file_name }) => `${destination}/${file_name}`));
    } catch (error) {
      this.#guard(".", () => {
        throw error;
      });
    }
    for (const directory of [...this.#directories].reverse()) {
      this.#guard(directory, () => this.#fs.syncDirectory(`${destination}/${directory}`));
    }
    this.#guard(destination, () => this.#fs.syncDirectory(destination));
  }

  close(): void {
    this.#open?.handle.close();
    this.#open = undefined;
  }

  #create(file_name: string, mode: number): WriteHandle {
    const slash = file_name.lastIndexOf("/");
    if (slash > 0) this.#makeDirectory(file_name.slice(0, slash));
    const absolute = `${this.#request.destination}/${file_name}`;
    const handle = this.#guard(file_name, () => this.#fs.openWrite(absolute, { mode, how: "exclusive" }));
    try {
      this.#guard(file_name, () => this.#undoUmask(absolute, mode));
    } catch (error) {
      handle.close();
      throw error;
    }
    return handle;
  }

  #makeDirectory(directory: string): void {
    if (this.#directories.has(directory)) return;
    const slash = directory.lastIndexOf("/");
    if (slash > 0) this.#makeDirectory(directory.slice(0, slash));
    this.#directories.add(directory);
    const absolute = `${this.#request.destination}/${directory}`;
    this.#guard(directory, () => {
      this.#fs.makeDirectory(absolute, 0o755);
      this.#undoUmask(absolute, 0o755);
    });
  }

  #undoUmask(absolute: string, mode: number): void {
    let needed = this.#needs_mode.get(mode);
    if (needed === undefined) {
      needed = this.#fs.stat(absolute)?.mode !== mode;
      this.#needs_mode.set(mode, needed);
    }
    if (needed) this.#fs.setMode(absolute, mode);
  }

  #guard<T>(path: string, act: () => T): T {
    try {
      return act();
    } catch (error) {
      if (error instanceof Fault) throw error;
      const { destination } = this.#request;
      const reason = (error as NodeJS.ErrnoException).code ?? "unknown";
      throw make(
        "ARCHIVE_STAGING",
        `${path} could not be written (${reason})`,
        { destination, path, reason },
        error,
      );
    }
  }
}

function checkName(path: string): void {
  const problem = pathProblem(path);
  if (problem) throw make(problem.code, `path ${JSON.stringify(path)} ${problem.why}`, { path });
}
