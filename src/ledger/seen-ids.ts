/** Notices ids that may have occurred before, in 8 bytes an id instead of the 80 a Set of strings takes. */

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

export interface IdColumns {
  readonly tables: readonly Uint32Array[];
  /** Slots of the last table that are taken. */
  readonly filled: number;
}

/** Open-addressed tables of the bits of ids: exact enough to find suspects, which the caller confirms. */
export class SeenIds {
  /** The newest takes what comes. None is ever copied into a larger one, so that none is left behind as garbage. */
  readonly #tables: Uint32Array[];
  #filled = 0;

  /** `expected_count`: for so many ids one table is enough. */
  constructor(expected_count = 0) {
    this.#tables = [new Uint32Array(sizeFor(expected_count))];
  }

  /** As `of` takes it. Not copied. */
  get columns(): IdColumns {
    return { tables: this.#tables, filled: this.#filled };
  }

  static of({ tables, filled }: IdColumns): SeenIds {
    const ids = new SeenIds();
    ids.#tables.splice(0, 1, ...tables);
    ids.#filled = filled;
    return ids;
  }

  /** True when an id with these bits may have been here before; remembers it. */
  hasMaybe(bits: number): boolean {
    if (Number.isNaN(bits)) return false;
    const low = bits % LOW;
    const high = Math.floor(bits / LOW);
    const start = low ^ high;
    // With the place it stands at these are nearly all of the 52. A free slot has 0.
    const kept = (high * 2 ** 8 + Math.floor(low / 2 ** 20)) >>> 0 || 1;
    let table = this.#tables.at(-1) as Uint32Array;
    if (this.#filled * 2 >= table.length) {
      table = new Uint32Array(table.length * GROWTH);
      this.#tables.push(table);
      this.#filled = 0;
    }
    for (const older of this.#tables) {
      if (older === table) continue;
      const slot = slotOf(older, start, kept);
      if (slot < 0 || older[slot] === kept) return true;
    }
    const slot = slotOf(table, start, kept);
    if (slot < 0 || table[slot] === kept) return true;
    table[slot] = kept;
    this.#filled++;
    return false;
  }
}

/** Of the 52 bits of an id, the lower 28. */
const LOW = 2 ** 28;
const GROWTH = 8;

/** At most half full, so that runs of slots stay short. */
function sizeFor(count: number): number {
  let size = SIZE_MIN;
  while (size < count * 2) size *= 2;
  return size;
}

/** Where the value is or belongs; -1 when too many others are in the way. */
function slotOf(table: Uint32Array, start: number, kept: number): number {
  const mask = table.length - 1;
  for (let probe = 0; probe < PROBES_MAX; probe++) {
    const slot = (start + probe) & mask;
    if (table[slot] === 0 || table[slot] === kept) return slot;
  }
  return -1;
}
