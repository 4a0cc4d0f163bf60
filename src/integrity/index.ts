export { checkIntegrity, type IntegrityOptions } from "./check.ts";
export { directoryDigest } from "./directory-digest.ts";
export { type MerkleLeaf, merkleRoot } from "./merkle.ts";
export { renderIntegrity } from "./render.ts";
export { unreadableReport } from "./report.ts";
