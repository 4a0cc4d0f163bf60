export type { Site } from "./apply.ts";
export { attemptedFields } from "./attempted.ts";
export { journalFaults } from "./faults.ts";
export {
  dropKept,
  type KeptFile,
  type KeptGeneration,
  keptChanges,
  keptFiles,
  keptNumbers,
  type ReversibleChange,
  readKept,
  retireTransaction,
  reversibleChanges,
  sweepTrash,
} from "./kept.ts";
export { removeTree, transactionsDirectory } from "./places.ts";
export type { AttemptedPackage, Change, FollowUp, Notes, PhaseTime } from "./records.ts";
export { pendingTransactions, preparingTransactions, type Recovered, recover } from "./recover.ts";
export { type About, type Staged, Transaction } from "./transaction.ts";
