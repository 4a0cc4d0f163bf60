export { receiptFaults } from "./faults.ts";
export { headsIn, keptHeads } from "./kept-heads.ts";
export type { Installed } from "./read.ts";
export {
  installedIds,
  manifestCopyPath,
  readInstalled,
  readReceipt,
  receiptDirectory,
  receiptPath,
  tierPrefix,
} from "./read.ts";
