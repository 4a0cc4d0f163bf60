/** Streams the tar out of a .tar.gz: exactly one gzip member, checked to its last byte, with the ratio watched on the way. */
import { Readable } from "node:stream";
import { crc32, createInflateRaw, type InflateRaw } from "node:zlib";
import type { FileSystem, ReadHandle } from "../effects/index.ts";
import { type Hex, sha256Stream } from "../kernel/index.ts";
import { make } from "./faults.ts";
import { CANONICAL_GZIP_HEADER, GZIP_TRAILER_BYTES, gzipHeaderLength, gzipTrailer } from "./gzip-frame.ts";
import { RATIO_JUDGED_FROM_BYTES } from "./limits.ts";
import type { Refusal } from "./tar-decode.ts";

export interface GzipFacts {
  /** sha256 of the whole file. */
  readonly digest: Hex;
  readonly size_bytes: number;
  readonly has_canonical_header: boolean;
}

export interface GzipRequest {
  readonly path: string;
  readonly ratio_max: number;
  readonly refusal: Refusal;
  readonly signal?: AbortSignal | undefined;
  /** Receives the tar, chunk by chunk, in order. May throw to stop. */
  readonly on_chunk: (chunk: Buffer) => void;
}

const CHUNK_BYTES = 256 * 1024;
/** Name and comment are the only long fields; nobody's are longer. */
const GZIP_HEADER_BYTES_MAX = 4096;

/** @throws ARCHIVE_NOT_FOUND, ARCHIVE_UNREADABLE, ARCHIVE_NOT_GZIP, ARCHIVE_GZIP_*, ARCHIVE_RATIO, what `on_chunk` throws. */
export async function readGzip(fs: FileSystem, request: GzipRequest): Promise<GzipFacts> {
  const file = new HashedFile(fs, request);
  try {
    const header = file.start(GZIP_HEADER_BYTES_MAX);
    const header_bytes = headerLength(header, request.refusal);
    const inflated = await inflate(file, header_bytes, request);
    const size_bytes = checkEnd(file, header_bytes + inflated.consumed_bytes, inflated, request.refusal);
    const has_canonical_header = header.subarray(0, header_bytes).equals(CANONICAL_GZIP_HEADER);
    return { digest: file.digest(size_bytes), size_bytes, has_canonical_header };
  } finally {
    file.close();
  }
}

interface Inflated {
  readonly consumed_bytes: number;
  readonly content_bytes: number;
  readonly crc: number;
}

async function inflate(file: HashedFile, from: number, request: GzipRequest): Promise<Inflated> {
  const stream = createInflateRaw({ chunkSize: CHUNK_BYTES });
  const source = Readable.from(file.chunks(from), { objectMode: false });
  source.on("error", (error) => stream.destroy(error));
  source.pipe(stream);
  let content_bytes = 0;
  let crc = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      request.signal?.throwIfAborted();
      content_bytes += chunk.length;
      if (
        content_bytes > RATIO_JUDGED_FROM_BYTES &&
        content_bytes > request.ratio_max * stream.bytesWritten
      ) {
        throw request.refusal.make(
          "ARCHIVE_RATIO",
          `unpacks to more than ${request.ratio_max} times its size`,
        );
      }
      crc = crc32(chunk, crc);
      request.on_chunk(chunk);
    }
  } catch (error) {
    throw inflateFault(error, request.refusal) ?? error;
  } finally {
    stop(source, stream);
  }
  return { consumed_bytes: stream.bytesWritten, content_bytes, crc };
}

function stop(source: Readable, stream: InflateRaw): void {
  source.unpipe(stream);
  source.destroy();
  stream.destroy();
}

function inflateFault(error: unknown, refusal: Refusal) {
  const { code } = error as { code?: unknown };
  // An abort's code is a number.
  if (typeof code !== "string") return undefined;
  if (code === "Z_BUF_ERROR")
    return refusal.make("ARCHIVE_GZIP_TRUNCATED", "the compressed data ends too early");
  if (code.startsWith("Z_")) return refusal.make("ARCHIVE_GZIP_CORRUPT", "the compressed data is damaged");
  return undefined;
}

function headerLength(header: Buffer, refusal: Refusal): number {
  const length = gzipHeaderLength(header);
  if (length === "not_gzip") throw refusal.make("ARCHIVE_NOT_GZIP", "the file is not gzip data");
  if (length === "bad_header")
    throw refusal.make("ARCHIVE_GZIP_HEADER", "the gzip header is malformed or cut");
  return length;
}

/** Checks the trailer, and that it ends the file. Returns the file's size. */
function checkEnd(file: HashedFile, trailer_at: number, inflated: Inflated, refusal: Refusal): number {
  const trailer = file.readAt(trailer_at, GZIP_TRAILER_BYTES);
  if (trailer.length < GZIP_TRAILER_BYTES) {
    throw refusal.make("ARCHIVE_GZIP_TRUNCATED", "the gzip trailer is cut");
  }
  if (!trailer.equals(gzipTrailer(inflated.crc, inflated.content_bytes))) {
    throw refusal.make("ARCHIVE_GZIP_CHECKSUM", "the unpacked bytes do not match the gzip checksum");
  }
  const end = trailer_at + GZIP_TRAILER_BYTES;
  const after = file.readAt(end, 2);
  if (after[0] === 0x1f && after[1] === 0x8b) {
    throw refusal.make("ARCHIVE_GZIP_SECOND_MEMBER", "a second gzip member follows the first");
  }
  if (after.length > 0) throw refusal.make("ARCHIVE_GZIP_TRAILING_DATA", "data follows the gzip member");
  return end;
}

/** The packed file, hashed as it is read; one handle, so nobody can swap the file between two reads. */
class HashedFile {
  readonly #handle: ReadHandle;
  readonly #refusal: Refusal;
  readonly #hash = sha256Stream();
  #hashed_bytes = 0;

  constructor(fs: FileSystem, { path, refusal }: GzipRequest) {
    this.#refusal = refusal;
    this.#handle = this.#guard(() => fs.openRead(path));
    const { kind } = this.#guard(() => this.#handle.stat());
    if (kind === "file") return;
    this.#handle.close();
    throw refusal.make("ARCHIVE_UNREADABLE", `${refusal.archive} is a ${kind}, not a file`, { found: kind });
  }

  start(bytes: number): Buffer {
    return this.readAt(0, bytes);
  }

  readAt(position: number, bytes: number): Buffer {
    const buffer = Buffer.allocUnsafe(bytes);
    let length = 0;
    for (;;) {
      const rest = buffer.subarray(length);
      const count = rest.length === 0 ? 0 : this.#guard(() => this.#handle.read(rest, position + length));
      if (count === 0) return buffer.subarray(0, length);
      length += count;
    }
  }

  /** Everything from `from` on; the bytes before it are hashed too. */
  *chunks(from: number): Generator<Buffer> {
    this.#update(this.readAt(0, from));
    for (let at = from; ; ) {
      const chunk = this.readAt(at, CHUNK_BYTES);
      if (chunk.length === 0) return;
      this.#update(chunk);
      at += chunk.length;
      yield chunk;
    }
  }

  /** Of the whole file, `size_bytes` long; reads what the decompressor did not need. */
  digest(size_bytes: number): Hex {
    this.#update(this.readAt(this.#hashed_bytes, size_bytes - this.#hashed_bytes));
    return this.#hash.digest("hex");
  }

  close(): void {
    this.#handle.close();
  }

  #update(bytes: Buffer): void {
    this.#hash.update(bytes);
    this.#hashed_bytes += bytes.length;
  }

  #guard<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      const reason = (error as NodeJS.ErrnoException).code ?? "unknown";
      if (reason === "ENOENT")
        throw make(
          "ARCHIVE_NOT_FOUND",
          `${this.#refusal.archive} does not exist`,
          { archive: this.#refusal.archive },
          error,
        );
      throw make(
        "ARCHIVE_UNREADABLE",
        `${this.#refusal.archive} could not be read (${reason})`,
        { archive: this.#refusal.archive, reason },
        error,
      );
    }
  }
}
