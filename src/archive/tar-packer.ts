/** Turns a stream of tar bytes into gzip bytes, block by block, with a fixed number of buffers. */
import { crc32 } from "node:zlib";
import { assert, type Hex, sha256Stream } from "../kernel/index.ts";
import { BLOCK_BYTES, type BlockBuffer, DICTIONARY_BYTES } from "./deflate-block.ts";
import type { DeflatePool } from "./deflate-pool.ts";
import { CANONICAL_GZIP_HEADER, gzipTrailer } from "./gzip-frame.ts";

export interface Packed {
  /** sha256 of the .tar.gz. */
  readonly digest: Hex;
  /** sha256 of the tar inside. */
  readonly content_digest: Hex;
  /** Of the .tar.gz. */
  readonly size_bytes: number;
  readonly tar_bytes: number;
}

interface InFlight {
  readonly buffer: BlockBuffer;
  readonly packed_bytes: Promise<number>;
}

export class TarPacker {
  readonly #pool: DeflatePool;
  readonly #write: (bytes: Uint8Array) => void;
  readonly #packed_hash = sha256Stream();
  readonly #tar_hash = sha256Stream();
  readonly #in_flight: InFlight[] = [];
  #crc = 0;
  #packed_bytes = 0;
  #tar_bytes = 0;
  #block = 0;
  #filled_bytes = 0;

  constructor(pool: DeflatePool, write: (bytes: Uint8Array) => void) {
    this.#pool = pool;
    this.#write = write;
    this.#emit(CANONICAL_GZIP_HEADER);
  }

  /** Free room of the current block, at least 1 byte; `advance` tells how much of it was filled. */
  async room(): Promise<Uint8Array> {
    if (this.#filled_bytes === BLOCK_BYTES) await this.#nextBlock();
    const { input } = this.#buffer();
    return input.subarray(DICTIONARY_BYTES + this.#filled_bytes, DICTIONARY_BYTES + BLOCK_BYTES);
  }

  advance(bytes: number): void {
    this.#filled_bytes += bytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let offset = 0; offset < bytes.length; ) {
      const room = await this.room();
      const part = bytes.subarray(offset, offset + room.length);
      room.set(part);
      this.advance(part.length);
      offset += part.length;
    }
  }

  async end(): Promise<Packed> {
    this.#start(true);
    while (this.#in_flight.length > 0) await this.#writeOldest();
    this.#emit(gzipTrailer(this.#crc, this.#tar_bytes));
    return {
      digest: this.#packed_hash.digest("hex"),
      content_digest: this.#tar_hash.digest("hex"),
      size_bytes: this.#packed_bytes,
      tar_bytes: this.#tar_bytes,
    };
  }

  async #nextBlock(): Promise<void> {
    const full = this.#buffer();
    this.#start(false);
    this.#block += 1;
    this.#filled_bytes = 0;
    // All buffers busy: the oldest block is the one whose buffer comes next.
    if (this.#in_flight.length === this.#pool.buffers.length) await this.#writeOldest();
    this.#buffer().input.set(full.input.subarray(BLOCK_BYTES, BLOCK_BYTES + DICTIONARY_BYTES));
  }

  #start(is_last: boolean): void {
    const buffer = this.#buffer();
    const slot = this.#block % this.#pool.buffers.length;
    const dictionary_bytes = this.#block === 0 ? 0 : DICTIONARY_BYTES;
    const task = { dictionary_bytes, block_bytes: this.#filled_bytes, is_last };
    this.#in_flight.push({ buffer, packed_bytes: this.#pool.start(slot, task) });
    const tar = buffer.input.subarray(DICTIONARY_BYTES, DICTIONARY_BYTES + this.#filled_bytes);
    this.#tar_hash.update(tar);
    this.#crc = crc32(tar, this.#crc);
    this.#tar_bytes += tar.length;
  }

  async #writeOldest(): Promise<void> {
    const oldest = this.#in_flight.shift();
    assert(oldest, "a block is in flight");
    this.#emit(oldest.buffer.output.subarray(0, await oldest.packed_bytes));
  }

  #emit(bytes: Uint8Array): void {
    this.#write(bytes);
    this.#packed_hash.update(bytes);
    this.#packed_bytes += bytes.length;
  }

  #buffer(): BlockBuffer {
    const buffer = this.#pool.buffers[this.#block % this.#pool.buffers.length];
    assert(buffer, "the pool has buffers");
    return buffer;
  }
}
