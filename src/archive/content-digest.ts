/** sha256 of file contents that arrive in pieces; the one-shot call is twice as fast, and most files are one piece. */
import type { Hash } from "node:crypto";
import { type Hex, sha256Hex, sha256Stream } from "../kernel/index.ts";

export class ContentDigest {
  #hash: Hash | undefined;
  #whole: Hex | undefined;

  /** `size_bytes`: of the whole content. */
  update(bytes: Buffer, size_bytes: number): void {
    if (bytes.length === size_bytes) this.#whole = sha256Hex(bytes);
    else {
      this.#hash ??= sha256Stream();
      this.#hash.update(bytes);
    }
  }

  /** Ready for the next content afterwards. */
  take(): Hex {
    const digest = this.#whole ?? this.#hash?.digest("hex") ?? sha256Hex("");
    this.#hash = undefined;
    this.#whole = undefined;
    return digest;
  }
}
