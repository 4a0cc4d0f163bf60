/** What is asked of other threads about many files at once. */

export interface TableOptions {
  /** Even few of them are worth a thread. */
  readonly is_heavy?: boolean;
  /** Nobody will ask for more of the stamps than size and mode, which is less work; the others may then be 0. Nothing is known. */
  readonly is_unstamped?: boolean;
  /** Of all paths, which then begin below it: with its slash. */
  readonly folder?: string;
}

/** Stamps of many paths. */
export interface StampTable {
  /** Absolute paths in UTF-8, one after another. */
  readonly paths: Uint8Array;
  /** Where each path ends. */
  readonly ends: Uint32Array;
  readonly stamps: BigUint64Array;
}
