/** Writes profile `canonical`: the same files give the same bytes on any machine, in any order, with any threads. */
import type { Effects } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { type ArchiveSource, type FileSource, sourceBytes } from "./archive-source.ts";
import { type DeflatePool, deflateHere, deflateOnThreads } from "./deflate-pool.ts";
import { checkEntryPaths } from "./entry-paths.ts";
import { make, raise } from "./faults.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { MANIFEST_PATH, planMembers } from "./member-order.ts";
import { CANONICAL_END, encodeHeader } from "./tar-encode.ts";
import { paddedBytes } from "./tar-format.ts";
import { type Packed, TarPacker } from "./tar-packer.ts";

export interface WriteArchiveRequest {
  /** Absolute; must not exist. */
  readonly out: string;
  /** In any order; `manifest.json` among them. */
  readonly entries: readonly ArchiveSource[];
  /** Threads to compress on, 1 or more; never changes the bytes. */
  readonly worker_count?: number;
  /** The built `deflate-worker` module, where the caller is bundled. */
  readonly deflate_worker_url?: URL;
  readonly signal?: AbortSignal;
}

/** Below this a thread takes longer to start than to do the work. */
const THREADS_FROM_BYTES = 1024 ** 2;
const PADDING = Buffer.alloc(512);

/**
 * Packs `entries` into `out`, synced when this returns (its directory is the caller's to sync). Memory is flat: input
 * is streamed through a fixed set of buffers. On any failure `out` is removed again.
 *
 * @throws ARCHIVE_PATH_* for the first bad path, ARCHIVE_MANIFEST_MISSING, ARCHIVE_TOO_MANY_ENTRIES,
 * ARCHIVE_FILE_TOO_LARGE, ARCHIVE_TOO_LARGE, ARCHIVE_MANIFEST_TOO_LARGE before anything is written; ARCHIVE_EXISTS;
 * ARCHIVE_SOURCE_CHANGED when a source yields more or fewer bytes than it said; ARCHIVE_WRITE_FAILED.
 */
export async function writeArchive(
  { fs }: Pick<Effects, "fs">,
  request: WriteArchiveRequest,
): Promise<Packed> {
  const { out, entries } = request;
  const plan = planMembers(entries);
  checkEntries(out, entries.map(sized), plan.length);
  const handle = atOutput(out, () => fs.openWrite(out, { mode: 0o644, how: "exclusive" }));
  let pool: DeflatePool | undefined;
  try {
    pool = choosePool(request);
    const packer = new TarPacker(pool, (bytes) => atOutput(out, () => handle.write(bytes)));
    for (const { path, file } of plan) {
      request.signal?.throwIfAborted();
      const size_bytes = file ? sourceBytes(file) : 0;
      const kind = file ? "file" : "directory";
      await packer.write(encodeHeader({ path, kind, executable: file?.executable ?? true, size_bytes }));
      if (file) await writeContent(packer, file, request.signal);
      await packer.write(PADDING.subarray(0, paddedBytes(size_bytes) - size_bytes));
    }
    await packer.write(CANONICAL_END);
    const packed = await packer.end();
    atOutput(out, () => handle.sync());
    handle.close();
    return packed;
  } catch (error) {
    handle.close();
    fs.remove(out);
    throw error;
  } finally {
    await pool?.close();
  }
}

interface SizedEntry {
  readonly path: string;
  readonly size_bytes: number;
}
const sized = (source: ArchiveSource): SizedEntry => ({ path: source.path, size_bytes: sourceBytes(source) });

/** What `writeArchive` would refuse before it writes a byte. @throws as `writeArchive` does before anything is written */
export function checkPackable(archive: string, entries: readonly SizedEntry[]): void {
  checkEntries(archive, entries, planMembers(entries).length);
}

function checkEntries(archive: string, entries: readonly SizedEntry[], member_count: number): void {
  const limits = DEFAULT_LIMITS;
  const [fault] = checkEntryPaths(entries.map((entry) => entry.path));
  if (fault) throw fault;
  if (member_count > limits.entries_max) {
    raise("ARCHIVE_TOO_MANY_ENTRIES", `${member_count} entries, ${limits.entries_max} allowed`, { archive });
  }
  let total = 0;
  for (const entry of entries) {
    const { path, size_bytes: size } = entry;
    total += size;
    if (!Number.isSafeInteger(size) || size < 0 || size > limits.file_bytes_max) {
      raise("ARCHIVE_FILE_TOO_LARGE", `${path} has ${size} bytes, ${limits.file_bytes_max} allowed`, {
        archive,
        path,
      });
    }
    if (path === MANIFEST_PATH && size > limits.manifest_bytes_max) {
      raise("ARCHIVE_MANIFEST_TOO_LARGE", `${path} has ${size} bytes, ${limits.manifest_bytes_max} allowed`, {
        archive,
      });
    }
  }
  if (total > limits.unpacked_bytes_max) {
    raise("ARCHIVE_TOO_LARGE", `${total} bytes, ${limits.unpacked_bytes_max} allowed`, { archive });
  }
  if (!entries.some((entry) => entry.path === MANIFEST_PATH)) {
    raise("ARCHIVE_MANIFEST_MISSING", `the files to pack hold no ${MANIFEST_PATH} at the top`, { archive });
  }
}

function choosePool(request: WriteArchiveRequest): DeflatePool {
  const total = request.entries.reduce((sum, entry) => sum + sourceBytes(entry), 0);
  if (total < THREADS_FROM_BYTES) return deflateHere();
  const worker_url = request.deflate_worker_url ?? new URL("./deflate-worker.ts", import.meta.url);
  return deflateOnThreads(worker_url, Math.max(1, request.worker_count ?? 2));
}

async function writeContent(packer: TarPacker, source: ArchiveSource, signal?: AbortSignal): Promise<void> {
  if ("bytes" in source) return packer.write(source.bytes);
  const handle = atSource(source, () => source.open());
  try {
    let left = source.size_bytes;
    while (left > 0) {
      signal?.throwIfAborted();
      const room = (await packer.room()).subarray(0, left);
      const count = atSource(source, () => handle.read(room));
      if (count === 0) sourceChanged(source, `ended ${left} bytes early`);
      packer.advance(count);
      left -= count;
    }
    const more = Buffer.alloc(1);
    if (atSource(source, () => handle.read(more)) > 0) sourceChanged(source, "grew while it was packed");
  } finally {
    handle.close();
  }
}

function sourceChanged(source: FileSource, what: string, cause?: unknown): never {
  const { path, size_bytes } = source;
  throw make(
    "ARCHIVE_SOURCE_CHANGED",
    `${path}, listed with ${size_bytes} bytes, ${what}`,
    { path, size_bytes },
    cause,
  );
}

function atSource<T>(source: FileSource, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Fault) throw error;
    return sourceChanged(source, "could not be read", error);
  }
}

function atOutput<T>(archive: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? "unknown";
    if (reason === "EEXIST") throw make("ARCHIVE_EXISTS", `${archive} already exists`, { archive }, error);
    throw make(
      "ARCHIVE_WRITE_FAILED",
      `${archive} could not be written (${reason})`,
      { archive, reason },
      error,
    );
  }
}
