/** The parts of pako 2.1.0's zlib port that its own types leave out. */
declare module "pako/lib/zlib/zstream.js" {
  export default class ZStream {
    input: Uint8Array;
    next_in: number;
    avail_in: number;
    output: Uint8Array;
    next_out: number;
    avail_out: number;
  }
}
declare module "pako/lib/zlib/deflate.js" {
  import type ZStream from "pako/lib/zlib/zstream.js";
  export function deflateInit2(
    stream: ZStream,
    level: number,
    method: number,
    window_bits: number,
    memory_level: number,
    strategy: number,
  ): number;
  export function deflateReset(stream: ZStream): number;
  export function deflateSetDictionary(stream: ZStream, dictionary: Uint8Array): number;
  export function deflate(stream: ZStream, flush: number): number;
}
