export { digestOf } from "../index-db/index.ts";
export { type AuthRequest, authorise, secretOf } from "./authorise.ts";
export { planeFaults } from "./faults.ts";
export {
  editedRegistries,
  type Generation,
  generationBytes,
  readGeneration,
} from "./generation.ts";
export { absolute, openPlane, type Plane, planeStream } from "./open.ts";
export * from "./paths.ts";
export { keepReserve, releaseReserve, reservedBytes } from "./reserve.ts";
export {
  appendFollowUps,
  reading,
  registriesAfter,
  replaceFile,
  type WriteSession,
  writing,
} from "./session.ts";
export { ledgerStreams } from "./streams.ts";
