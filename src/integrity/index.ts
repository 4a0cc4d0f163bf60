export { checkIntegrity, type IntegrityOptions } from "./check.ts";
export { directoryDigest } from "./directory-digest.ts";
export { findingsDocument } from "./findings-document.ts";
export { type MerkleLeaf, merkleRoot } from "./merkle.ts";
export { type RememberedOptions, rememberedCheck } from "./remembered-check.ts";
export { renderIntegrity } from "./render.ts";
export { unreadableReport } from "./report.ts";
export { INTEGRITY_RULES } from "./rules.ts";
