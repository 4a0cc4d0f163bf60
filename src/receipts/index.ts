export { receiptFaults } from "./faults.ts";
export { headsIn, keptHeads } from "./kept-heads.ts";
export { isPlainFile, isPlainManifest, isPlainReceipt } from "./plain-form.ts";
export type { Installed, InstalledHead } from "./read.ts";
export {
  asDamage,
  installedIds,
  manifestCopyPath,
  readInstalled,
  readReceipt,
  receiptDirectory,
  receiptPath,
  tierPrefix,
} from "./read.ts";
