/** Instructions of WebAssembly, written out one by one. */

export const V128 = 0x7b;
export const I32 = 0x7f;

/** Opcodes of the core and, after 0xfd, of the vector instructions. */
const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const LOCAL_TEE = 0x22;
const I32_CONST = 0x41;
const LOAD = 0x00;
const STORE = 0x0b;
const SHUFFLE = 0x0d;
export const AND = 0x4e;
export const OR = 0x50;
export const XOR = 0x51;
const SHL = 0xab;
export const SHR = 0xad;
export const ADD = 0xae;

export const unsigned = (value: number): number[] => {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
};
const signed = (value: number): number[] => {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    if (rest >= -64 && rest < 64) return [...bytes, rest & 0x7f];
    bytes.push((rest & 0x7f) | 0x80);
  }
};

export class Code {
  readonly bytes: number[] = [];

  put(...bytes: readonly number[]): this {
    for (const byte of bytes) this.bytes.push(byte);
    return this;
  }
  get(local: number): this {
    return this.put(LOCAL_GET, local);
  }
  set(local: number): this {
    return this.put(LOCAL_SET, local);
  }
  tee(local: number): this {
    return this.put(LOCAL_TEE, local);
  }
  vector(opcode: number): this {
    return this.put(0xfd, ...unsigned(opcode));
  }
  /** Pops an address. */
  load(offset: number): this {
    return this.vector(LOAD).put(0, ...unsigned(offset));
  }
  /** Pops a vector and the address under it. */
  store(offset: number): this {
    return this.vector(STORE).put(0, ...unsigned(offset));
  }
  number(value: number): this {
    return this.put(I32_CONST, ...signed(value));
  }
  shuffle(lanes: readonly number[]): this {
    return this.vector(SHUFFLE).put(...lanes);
  }
  shift(opcode: number, bits: number): this {
    return this.number(bits).vector(opcode);
  }
  rotated(local: number, bits: number): this {
    this.get(local).shift(SHR, bits);
    return this.get(local)
      .shift(SHL, 32 - bits)
      .vector(OR);
  }
  /** Exclusive or of three rotations. */
  rotations(local: number, bits: readonly [number, number, number]): this {
    this.rotated(local, bits[0]).rotated(local, bits[1]).vector(XOR);
    return this.rotated(local, bits[2]).vector(XOR);
  }
}
