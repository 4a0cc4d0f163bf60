export { journalFaults } from "./faults.ts";
export type { FollowUp } from "./records.ts";
export { pendingTransactions, type Recovered, recover } from "./recover.ts";
export {
  removeTransaction,
  removeTree,
  type Staged,
  Transaction,
  transactionsDirectory,
} from "./transaction.ts";
