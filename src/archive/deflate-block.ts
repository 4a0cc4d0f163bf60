/**
 * Deflate whose bytes depend on nothing but its input: not on the machine, the Node version, the number of threads or
 * how the input arrived (decision 0003). The stream is cut into blocks of 256 KiB; each is compressed alone, with the
 * 32 KiB before it as dictionary, and ends on a byte boundary, so blocks can be made in any order and joined.
 */
import { assert } from "../kernel/index.ts";
import { ZLIB_WASM_BASE64 } from "./generated/zlib-wasm.ts";

export const BLOCK_BYTES = 256 * 1024;
export const DICTIONARY_BYTES = 32 * 1024;
/** Incompressible data grows by 5 bytes in 16 KiB, and the closing flush adds a few more. */
const PACKED_BYTES_MAX = BLOCK_BYTES + 1024;

const LEVEL = 6;
const SYNC_FLUSH = 2;
const FINISH = 4;
/** The low bits of a result count the bytes written; the rest says how it ended. */
const WRITTEN_MASK = 0xffffff;

/** What the embedded zlib offers of itself. Pointers are offsets into its memory. */
interface Zlib {
  readonly memory: WebAssembly.Memory;
  readonly _initialize?: () => void;
  readonly malloc: (bytes: number) => number;
  readonly deflate_new: () => number;
  readonly deflate_init_raw: (stream: number, level: number) => number;
  readonly deflate_process: (
    stream: number,
    input: number,
    input_bytes: number,
    output: number,
    output_bytes: number,
    flush: number,
  ) => number;
  readonly deflate_end: (stream: number) => number;
}

/** Input and output areas of one block, reused for the next; both may be shared memory. */
export interface BlockBuffer {
  /** Dictionary at `DICTIONARY_BYTES - dictionary_bytes`, the block itself from `DICTIONARY_BYTES`. */
  readonly input: Uint8Array;
  readonly output: Uint8Array;
}

export interface BlockTask {
  /** 0 for the first block, else 32 KiB. */
  readonly dictionary_bytes: number;
  readonly block_bytes: number;
  readonly is_last: boolean;
}

export function blockBuffer(allocate: (bytes: number) => Uint8Array): BlockBuffer {
  return { input: allocate(DICTIONARY_BYTES + BLOCK_BYTES), output: allocate(PACKED_BYTES_MAX) };
}

/** Returns a function that compresses one block and gives the number of bytes written to `output`. Memory is reused. */
export function blockCompressor(): (buffer: BlockBuffer, task: BlockTask) => number {
  const code = new WebAssembly.Module(Buffer.from(ZLIB_WASM_BASE64, "base64"));
  const zlib = new WebAssembly.Instance(code).exports as unknown as Zlib;
  // oxlint-disable-next-line no-underscore-dangle -- the name WebAssembly reactors give their start function
  zlib._initialize?.();
  const input_at = zlib.malloc(DICTIONARY_BYTES + BLOCK_BYTES);
  const output_at = zlib.malloc(PACKED_BYTES_MAX);
  assert(input_at > 0 && output_at > 0, "deflate got no memory");
  return ({ input, output }, { dictionary_bytes, block_bytes, is_last }) => {
    const stream = zlib.deflate_new();
    assert(zlib.deflate_init_raw(stream, LEVEL) === 0, "deflate could not start");
    const memory = new Uint8Array(zlib.memory.buffer);
    memory.set(input.subarray(0, DICTIONARY_BYTES + block_bytes), input_at);
    // Compressing the dictionary and dropping the result leaves the same window and hash chains as setting it.
    if (dictionary_bytes > 0) {
      const from = input_at + DICTIONARY_BYTES - dictionary_bytes;
      zlib.deflate_process(stream, from, dictionary_bytes, output_at, PACKED_BYTES_MAX, SYNC_FLUSH);
    }
    const flush = is_last ? FINISH : SYNC_FLUSH;
    const ended = zlib.deflate_process(
      stream,
      input_at + DICTIONARY_BYTES,
      block_bytes,
      output_at,
      PACKED_BYTES_MAX,
      flush,
    );
    const written = ended & WRITTEN_MASK;
    assert(written > 0 && written < PACKED_BYTES_MAX, `deflate ended with ${ended}`);
    output.set(new Uint8Array(zlib.memory.buffer, output_at, written));
    zlib.deflate_end(stream);
    return written;
  };
}
