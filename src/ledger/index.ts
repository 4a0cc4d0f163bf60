export {
  type Appended,
  type AppendOptions,
  appendEntries,
  appendOnce,
  type LedgerEffects,
} from "./append.ts";
export { ledgerFaults } from "./faults.ts";
export { genesisEntry } from "./genesis.ts";
export { readLine } from "./line-reading.ts";
export { findEntry, readEntries, readNewest, type StoredEntry, streamHead } from "./read.ts";
export { type StreamRef, streamRef } from "./stream-ref.ts";
export type { TornTail } from "./torn-tail.ts";
export { type LedgerVerdict, verifyStream } from "./verify.ts";
