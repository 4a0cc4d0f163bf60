/**
 * A file of parts: magic, nonce and code over all that follows, how many parts there are and how long each is, then the parts. A key
 * that lies outside the plane makes the code, so that whoever can write the plane still cannot make a check believe anything.
 */
import { timingSafeEqual } from "node:crypto";
import type { Random } from "../effects/index.ts";
import { MAC_BYTES, macKey, macOf, NONCE_BYTES } from "../kernel/index.ts";

export interface SealedForm {
  /** 16 ASCII characters. */
  readonly magic: string;
  readonly purpose: string;
}

const NONCE_AT = 16;
const CODE_AT = 32;
const COUNT_AT = 48;
/** Each part begins where numbers can be read without a copy. */
const ALIGNED = 8;

export function sealParts(
  random: Random,
  key: string,
  { magic, purpose }: SealedForm,
  parts: readonly ArrayBufferView[],
): Buffer[] {
  const lengths = Buffer.alloc((1 + parts.length) * 8);
  lengths.writeDoubleLE(parts.length);
  const body: Buffer[] = [lengths];
  for (const [index, { buffer, byteOffset, byteLength }] of parts.entries()) {
    lengths.writeDoubleLE(byteLength, (1 + index) * 8);
    body.push(Buffer.from(buffer, byteOffset, byteLength), Buffer.alloc(paddingOf(byteLength)));
  }
  const nonce = Buffer.from(random.hex(NONCE_BYTES), "hex");
  const header = Buffer.alloc(COUNT_AT);
  header.write(magic, "latin1");
  nonce.copy(header, NONCE_AT);
  macOf(macKey(key, purpose), nonce, body).copy(header, CODE_AT);
  return [header, ...body];
}

/** Undefined for whatever was not written by `sealParts` with this key, to the last byte. */
export function openParts(bytes: Buffer, key: string, { magic, purpose }: SealedForm): Buffer[] | undefined {
  if (bytes.length < COUNT_AT + 8 || bytes.toString("latin1", 0, NONCE_AT) !== magic) return undefined;
  const nonce = bytes.subarray(NONCE_AT, NONCE_AT + NONCE_BYTES);
  if (bytes.subarray(NONCE_AT + NONCE_BYTES, CODE_AT).some((byte) => byte !== 0)) return undefined;
  const code = macOf(macKey(key, purpose), nonce, [bytes.subarray(COUNT_AT)]);
  if (!timingSafeEqual(bytes.subarray(CODE_AT, CODE_AT + MAC_BYTES), code)) return undefined;
  const count = bytes.readDoubleLE(COUNT_AT);
  let at = COUNT_AT + (1 + count) * 8;
  return Array.from({ length: count }, (_, index) => {
    const length = bytes.readDoubleLE(COUNT_AT + (1 + index) * 8);
    const part = bytes.subarray(at, at + length);
    at += length + paddingOf(length);
    return part.byteOffset % ALIGNED === 0 ? part : moved(part);
  });
}

/** A large file is read to where numbers can be read at once, a small one somewhere in a pool. */
function moved(part: Buffer): Buffer {
  const copy = Buffer.from(new ArrayBuffer(part.length));
  part.copy(copy);
  return copy;
}

const paddingOf = (length: number): number => (ALIGNED - (length % ALIGNED)) % ALIGNED;
