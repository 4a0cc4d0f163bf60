export {
  type AppendOptions,
  appendEntries,
  appendOnce,
} from "./append.ts";
export { checkpointInForce, trustedLedgerKeys } from "./checkpoint-file.ts";
export { type EntryVerdict, verifyEntry } from "./entry-verdict.ts";
export { type FamilyVerdict, verifyFamily } from "./family.ts";
export { ledgerFaults, requireLog } from "./faults.ts";
export { genesisEntry } from "./genesis.ts";
export { judgeLine, type LineState } from "./judge-line.ts";
export { type KeptHead, type KeptVerdict, type KnownHeads, verifyKept } from "./kept-heads.ts";
export { LegacyChain, type LegacySegment } from "./legacy-chain.ts";
export { readLine } from "./line-reading.ts";
export { type LinePlace, linesHolding, wholeLines } from "./lines-holding.ts";
export type { LineStart } from "./named-heads.ts";
export { lastNewlineEnd, linesBackwards } from "./newest-lines.ts";
export { type CheckedProof, checkProof, readCheckpointBytes, readKey as readNoteKey } from "./proof-check.ts";
export { byIndex } from "./proof-entry.ts";
export { type ConsistencyProof, type InclusionProof, proveEntry, proveGrowth } from "./proof-make.ts";
export type { LoggedVerdict } from "./proof-verdict.ts";
export { type Cosigned, cosign } from "./proof-witness.ts";
export {
  endOfLines,
  entriesHaving,
  findEntry,
  linesAfter,
  readEntries,
  readLines,
  readNewest,
  requireStream,
  type StoredEntry,
  streamHead,
} from "./read.ts";
export { type SealedPrefix, type SealedSegment, sealedPath, sealSegments, verifySealed } from "./sealed.ts";
export { storedRoot } from "./stored-root.ts";
export { listStreams } from "./stream-list.ts";
export type { StreamMemo } from "./stream-memo.ts";
export {
  type StreamLog,
  type StreamRef,
  type StreamsPlace,
  streamAt,
  streamOrigin,
  streamRef,
} from "./stream-ref.ts";
export { parseStrictJson } from "./strict-json.ts";
export { type Summarised, startStream, summariseFamily } from "./summarise.ts";
export { settleOwed } from "./tiles-owed.ts";
export { rebuildTree, type Settled, settleTree } from "./tiles-settle.ts";
export { type TreeVerdict, TreeVerifier, verifyTree } from "./tiles-verdict.ts";
export type { TornTail } from "./torn-tail.ts";
export { type LedgerVerdict, verifyStream } from "./verify.ts";
export { type ApartMemory, type ApartRun, type ApartVerdict, runApart, startApart } from "./verify-apart.ts";
export { verifyPlane } from "./verify-plane.ts";
export { type VerifyThreads, verifyStreams } from "./verify-streams.ts";
export type { DemandedWitnesses } from "./witness-demand.ts";
export type { Appended, LedgerEffects } from "./write-batch.ts";
