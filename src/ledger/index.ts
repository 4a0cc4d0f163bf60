export {
  type Appended,
  type AppendOptions,
  appendEntries,
  appendOnce,
  type LedgerEffects,
} from "./append.ts";
export { ledgerFaults } from "./faults.ts";
export { genesisEntry } from "./genesis.ts";
export { findEntry, readEntries, readNewest, type StoredEntry, streamHead } from "./read.ts";
export { type StreamLog, type StreamRef, streamOrigin, streamRef } from "./stream-ref.ts";
export { settleOwed } from "./tiles-owed.ts";
export { type Settled, settleTree } from "./tiles-settle.ts";
export type { TornTail } from "./torn-tail.ts";
export { type LedgerVerdict, verifyStream } from "./verify.ts";
