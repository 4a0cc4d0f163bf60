import type { WriteHandle } from "../effects/index.ts";
import { sha256Stream } from "../kernel/index.ts";

const BUFFER_BYTES = 1 << 20;
const CR = 0x0d;
const LF = 0x0a;

/**
 * Writes rows so that the new file ends the way the old one did, with a line ending or without.
 * Each row's ending is therefore held back until the next row comes; dropping a row put after the last one
 * gives the old bytes again.
 */
export class RowWriter {
  #size_bytes = 0;
  readonly #digest = sha256Stream();
  readonly #handle: WriteHandle;
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #length = 0;
  #line_ending: Buffer;
  /** Bytes of the ending held back: none at the start, 0 after a row that had none. */
  #held: 0 | 1 | 2 | undefined;

  constructor(handle: WriteHandle, line_ending: "\r\n" | "\n") {
    this.#handle = handle;
    this.#line_ending = Buffer.from(line_ending);
  }

  /** Copies `start`..`content_end`; the row's own ending has `ending_bytes` bytes. */
  copy(bytes: Buffer, start: number, content_end: number, ending_bytes: number): void {
    this.#writeHeld();
    this.#put(bytes, start, content_end);
    this.#held = ending_bytes === 0 ? 0 : ending_bytes === 1 ? 1 : 2;
  }

  /** Writes a new row with the file's line ending. */
  add(text: string): void {
    const bytes = Buffer.from(text);
    this.copy(bytes, 0, bytes.length, this.#line_ending.length);
  }

  /** `ends_with_newline`: whether the file copied from does. @returns what was written, the digest as bare hex */
  finish(ends_with_newline: boolean): { readonly size_bytes: number; readonly sha256: string } {
    if (ends_with_newline) this.#writeHeld();
    this.#flush();
    return { size_bytes: this.#size_bytes, sha256: this.#digest.digest("hex") };
  }

  #writeHeld(): void {
    if (this.#held === undefined) return;
    if (this.#held === 0) this.#put(this.#line_ending, 0, this.#line_ending.length);
    else {
      this.#reserve(2);
      if (this.#held === 2) this.#buffer[this.#length++] = CR;
      this.#buffer[this.#length++] = LF;
      this.#size_bytes += this.#held;
    }
    this.#held = undefined;
  }

  #put(bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    this.#size_bytes += length;
    this.#reserve(length);
    if (length > BUFFER_BYTES) this.#write(bytes.subarray(start, end));
    else this.#length += bytes.copy(this.#buffer, this.#length, start, end);
  }

  #reserve(length: number): void {
    if (this.#length + length > BUFFER_BYTES) this.#flush();
  }

  #flush(): void {
    if (this.#length > 0) this.#write(this.#buffer.subarray(0, this.#length));
    this.#length = 0;
  }

  #write(bytes: Uint8Array): void {
    this.#digest.update(bytes);
    this.#handle.write(bytes);
  }
}
