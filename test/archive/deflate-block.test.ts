/** The embedded zlib against an implementation that shares no code with it, block by block. */
import { inflateRawSync } from "node:zlib";
import pako from "pako";
import { describe, expect, test } from "vitest";
import {
  BLOCK_BYTES,
  blockBuffer,
  blockCompressor,
  DICTIONARY_BYTES,
} from "../../src/archive/deflate-block.ts";

const FINISH = true;

/** pako's answer for the same task. */
function expected(dictionary: Uint8Array, block: Uint8Array, is_last: boolean): Uint8Array {
  const options = {
    level: 6 as const,
    memLevel: 8,
    windowBits: -15,
    ...(dictionary.length > 0 ? { dictionary } : {}),
  };
  const deflator = new pako.Deflate({ ...options, raw: true, chunkSize: 1 << 20 });
  deflator.push(block, is_last ? pako.constants.Z_FINISH : pako.constants.Z_SYNC_FLUSH);
  return is_last ? deflator.result : Buffer.concat((deflator as unknown as { chunks: Uint8Array[] }).chunks);
}

function compressed(dictionary: Uint8Array, block: Uint8Array, is_last: boolean): Buffer {
  const buffer = blockBuffer((bytes) => new Uint8Array(bytes));
  buffer.input.set(dictionary, DICTIONARY_BYTES - dictionary.length);
  buffer.input.set(block, DICTIONARY_BYTES);
  const written = blockCompressor()(buffer, {
    dictionary_bytes: dictionary.length,
    block_bytes: block.length,
    is_last,
  });
  return Buffer.from(buffer.output.subarray(0, written));
}

/** Data of several textures, from a seed. */
function texture(kind: string, bytes: number, seed: number): Buffer {
  let state = seed;
  const next = (): number => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) >>> 8;
  const made = Buffer.alloc(bytes);
  const words = ["ledger ", "plane ", "receipt\n", "def f(x):\n    ", "grant", "0123"];
  for (let at = 0; at < bytes; ) {
    if (kind === "random") made[at++] = next();
    else if (kind === "zeros") at = bytes;
    else if (kind === "runs") {
      const length = 1 + (next() % 700);
      made.fill(next(), at, Math.min(bytes, at + length));
      at += length;
    } else at += made.write(words[next() % words.length] ?? "", at, "latin1") || bytes;
  }
  return made;
}

describe.each(["text", "random", "zeros", "runs"])("%s", (kind) => {
  test.each([0, 1, 258, 32_768, 100_003, BLOCK_BYTES])(
    "%i bytes give pako's bytes, first or later, last or not",
    (size) => {
      const block = texture(kind, size, 7);
      const before = texture(kind, DICTIONARY_BYTES, 11);
      for (const dictionary of [new Uint8Array(), before]) {
        for (const is_last of size === 0 ? [FINISH] : [FINISH, false]) {
          const ours = compressed(dictionary, block, is_last);
          expect(ours.equals(expected(dictionary, block, is_last)), `${dictionary.length} ${is_last}`).toBe(
            true,
          );
          if (is_last)
            expect(inflateRawSync(ours, dictionary.length > 0 ? { dictionary } : {}).equals(block)).toBe(
              true,
            );
        }
      }
    },
  );
});
