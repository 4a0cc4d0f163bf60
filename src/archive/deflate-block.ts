/**
 * Deflate whose bytes depend on nothing but its input: not on the machine, the Node version, the number of threads or
 * how the input arrived (decision 0003). The stream is cut into blocks of 256 KiB; each is compressed alone, with the
 * 32 KiB before it as dictionary, and ends on a byte boundary, so blocks can be made in any order and joined.
 */
import { deflate, deflateInit2, deflateReset, deflateSetDictionary } from "pako/lib/zlib/deflate.js";
import ZStream from "pako/lib/zlib/zstream.js";
import { assert } from "../kernel/index.ts";

export const BLOCK_BYTES = 256 * 1024;
export const DICTIONARY_BYTES = 32 * 1024;
/** Incompressible data grows by 5 bytes in 16 KiB, and the closing flush adds a few more. */
const PACKED_BYTES_MAX = BLOCK_BYTES + 1024;

const LEVEL = 6;
const METHOD_DEFLATE = 8;
const RAW_WINDOW_BITS = -15;
const MEMORY_LEVEL = 8;
const STRATEGY_DEFAULT = 0;
const SYNC_FLUSH = 2;
const FINISH = 4;

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

/** Returns a function that compresses one block and gives the number of bytes written to `output`. State is reused. */
export function blockCompressor(): (buffer: BlockBuffer, task: BlockTask) => number {
  const stream = new ZStream();
  const made = deflateInit2(stream, LEVEL, METHOD_DEFLATE, RAW_WINDOW_BITS, MEMORY_LEVEL, STRATEGY_DEFAULT);
  assert(made === 0, `deflate could not start: ${made}`);
  return ({ input, output }, task) => {
    deflateReset(stream);
    if (task.dictionary_bytes > 0) {
      deflateSetDictionary(
        stream,
        input.subarray(DICTIONARY_BYTES - task.dictionary_bytes, DICTIONARY_BYTES),
      );
    }
    stream.input = input.subarray(DICTIONARY_BYTES, DICTIONARY_BYTES + task.block_bytes);
    stream.next_in = 0;
    stream.avail_in = task.block_bytes;
    stream.output = output;
    stream.next_out = 0;
    stream.avail_out = output.length;
    const result = deflate(stream, task.is_last ? FINISH : SYNC_FLUSH);
    assert(
      result === (task.is_last ? 1 : 0) && stream.avail_in === 0 && stream.avail_out > 0,
      `deflate ended with ${result}`,
    );
    return stream.next_out;
  };
}
