export {
  compactAsciiJson,
  type Json,
  type JsonTree,
  NumberToken,
  prettyJson,
  spacedJson,
} from "./canonical-json.ts";
export { isRealDay } from "./day.ts";
export { bare, type Hex, prefixed, sameDigest, sha256Hex, sha256Stream } from "./digest.ts";
export {
  assert,
  type Detail,
  type Details,
  defineFaults,
  type ExitCode,
  Fault,
  type FaultCatalogue,
  type FaultJson,
  type FaultKind,
  kind,
  refuseAll,
} from "./fault.ts";
export { hasMac, MAC_BYTES, type Mac, macKey, macOf, NONCE_BYTES, newMac } from "./mac.ts";
export { compareCodePoints, comparePaths, nearest, sortedBy } from "./order.ts";
export { DIGEST_BYTES } from "./sha256-lanes.ts";
export { PAIR_DISTANCE } from "./text-code.ts";
export { TEXTS_AT, TextMemory } from "./text-memory.ts";
