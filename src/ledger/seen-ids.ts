/** Notices ids that may have occurred before, in 16 bytes an id instead of the 80 a Set of strings takes. */

const SIZE_MIN = 1 << 12;
/** A look-up gives up here, so that ids chosen to collide cannot make verification slow. */
const PROBES_MAX = 64;
const ID_LENGTH = "LED-".length + 32;

/** First 52 bits of a 128-bit id; NaN for ids by older writers, which have 32 bits and repeat by chance. */
export function idBits(id: string): number {
  return id.length === ID_LENGTH ? bitsOf((at) => id.charCodeAt(at)) : Number.NaN;
}

/** The same of an id in the bytes from `start` to `end`. */
export function idBitsAt(bytes: Uint8Array, start: number, end: number): number {
  return end - start === ID_LENGTH ? bitsOf((at) => bytes[start + at] as number) : Number.NaN;
}

const PREFIX = [0x4c, 0x45, 0x44, 0x2d];

function bitsOf(unitAt: (at: number) => number): number {
  for (let at = 0; at < PREFIX.length; at++) if (unitAt(at) !== PREFIX[at]) return Number.NaN;
  // Never 0 for an id of ours, which marks a free slot.
  return (hexBits(unitAt, 4, 10) + 1) * 0x1000_0000 + hexBits(unitAt, 10, 17);
}

function hexBits(unitAt: (at: number) => number, start: number, end: number): number {
  let bits = 0;
  for (let at = start; at < end; at++) {
    const unit = unitAt(at);
    bits = bits * 16 + (unit < 0x3a ? unit - 0x30 : unit - 0x57);
  }
  return bits;
}

/** Open-addressed table of the bits of ids: exact enough to find suspects, which the caller confirms. */
export class SeenIds {
  private slots = new Float64Array(SIZE_MIN);
  private filled = 0;

  /** True when an id with these bits may have been here before; remembers it. */
  hasMaybe(bits: number): boolean {
    if (Number.isNaN(bits)) return false;
    if (this.filled * 2 > this.slots.length) this.grow();
    const slot = this.slotOf(bits);
    if (slot < 0 || this.slots[slot] === bits) return true;
    this.slots[slot] = bits;
    this.filled++;
    return false;
  }

  /** Where the value is or belongs; -1 when too many others are in the way. */
  private slotOf(bits: number): number {
    const mask = this.slots.length - 1;
    // The lower 28 bits and the upper 24, so that both take part.
    const start = (bits % 0x1000_0000) ^ (bits / 0x1000_0000);
    for (let probe = 0; probe < PROBES_MAX; probe++) {
      const slot = (start + probe) & mask;
      if (this.slots[slot] === 0 || this.slots[slot] === bits) return slot;
    }
    return -1;
  }

  private grow(): void {
    const old = this.slots;
    this.slots = new Float64Array(old.length * 2);
    for (const bits of old) {
      const slot = bits === 0 ? -1 : this.slotOf(bits);
      if (slot >= 0) this.slots[slot] = bits;
    }
  }
}
