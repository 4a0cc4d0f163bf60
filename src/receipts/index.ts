export { receiptFaults } from "./faults.ts";
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
