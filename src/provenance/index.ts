/** Who vouches for an archive: signatures, provenance, the trusted keys, and the policy that asks for them. */

export { acceptKeys, restoreKeys } from "./accept-keys.ts";
export { decodeBase64, encodeBase64 } from "./base64.ts";
export { openEnvelope, preAuthEncoding, readEnvelope, signedEnvelope, signersOf } from "./dsse.ts";
export { brokenVouchers, enforcePolicy, type SignatureNote, type Subject } from "./enforce.ts";
export { make as makeProvenanceFault, provenanceFaults } from "./faults.ts";
export { findHmacKey, requireHmacKey } from "./hmac-key.ts";
export { generateKey, revokeKey, trustKey } from "./key-changes.ts";
export { acceptPolicy, POLICY_PATH, parsePolicy, readPolicy } from "./policy.ts";
export { KEY_EVENTS } from "./record-keys.ts";
export { rotateKey } from "./rotate-key.ts";
export { type Rotation, rotationHolds } from "./rotation.ts";
export { provenancePath, readSidecarText, signaturePath } from "./sidecars.ts";
export {
  type DetachedSignature,
  parseSignatureFile,
  signArchive,
  signArchiveHmac,
  signatureFileText,
} from "./signature-file.ts";
export { provenanceStatement, STATEMENT_PAYLOAD_TYPE, treeDigest } from "./statement.ts";
export { compareKeys, type KnownKey, placesOf, publishFirstKeys, trustedKeys } from "./trusted-keys.ts";
export { hasVouchers, judgeVouchers, type Verdict, type Voucher, type Vouching } from "./vouching.ts";
