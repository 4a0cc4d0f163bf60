export { digestOf } from "../index-db/index.ts";
export { type AuthRequest, authorise, secretOf } from "./authorise.ts";
export { CONFIG_RECORDED, recordConfig, sightOf, WATCHED_CONFIG } from "./config-record.ts";
export { planeFaults } from "./faults.ts";
export { replaceFile } from "./files.ts";
export {
  type Generation,
  generationBytes,
  readGeneration,
} from "./generation.ts";
export { ancestorsAndSelf, unownedVerdict } from "./governed.ts";
export { lockFault, requireLockable } from "./lock-fault.ts";
export { absolute, openPlane, type Plane, planeStream, planeWith } from "./open.ts";
export { outputPlace, outputUnwritable, writeOutput } from "./output-file.ts";
export * from "./paths.ts";
export { countRepeat } from "./repeats.ts";
export { keepReserve, releaseReserve, reservedBytes } from "./reserve.ts";
export {
  appendFollowUps,
  reading,
  registriesAfter,
  type WriteSession,
  writing,
} from "./session.ts";
export { ledgerStreams } from "./streams.ts";
