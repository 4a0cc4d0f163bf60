/** The library: the same functions the commands run, for hosts that govern planes from their own code. */

export type { Effects } from "./effects/index.ts";
export { nodeEffects } from "./effects/node/index.ts";
export { checkIntegrity } from "./integrity/index.ts";
export { Fault } from "./kernel/index.ts";
export {
  appendEntries,
  type LedgerVerdict,
  readEntries,
  type StreamRef,
  streamRef,
  verifyStream,
} from "./ledger/index.ts";
export { initPlane, install, pack, restore, uninstall } from "./lifecycle/index.ts";
export { openPlane, type Plane, planeStream } from "./plane/index.ts";
export { explain } from "./trace/index.ts";
