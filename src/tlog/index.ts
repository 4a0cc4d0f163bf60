export { toBase64 } from "./base64.ts";
export {
  type Checkpoint,
  checkpointText,
  parseCheckpoint,
  type SignedCheckpoint,
} from "./checkpoint.ts";
export { consistencyProof, type TreeHead, verifyConsistency } from "./consistency.ts";
export { EMPTY_ROOT, HASH_BYTES, hashAt, leafHash, nodeHash, sameHash } from "./hashes.ts";
export { inclusionProof, rootOfInclusion, verifyInclusion } from "./inclusion.ts";
export { Malformed } from "./malformed.ts";
export {
  type CheckedSignature,
  checkSignatures,
  cosignText,
  formatNoteKey,
  type KeyType,
  type NoteKey,
  type NoteSigner,
  noteKeyId,
  parseNoteKey,
  signText,
} from "./note-keys.ts";
export {
  type ConsistencyFile,
  formatConsistency,
  formatInclusion,
  type InclusionFile,
  parseProofFile,
} from "./proof-file.ts";
export { type ReadNode, treeRoot } from "./ranges.ts";
export { formatNote, type NoteSignature, parseNote, type SignedNote, withSignature } from "./signed-note.ts";
export { rowRoot, tileNodes } from "./tile-nodes.ts";
export {
  edgeTiles,
  hashesOnLevel,
  parseTilePath,
  TILE_WIDTH,
  type TileName,
  tilePath,
  tileWidth,
} from "./tile-path.ts";
export { type Tile, TreeBuilder } from "./tree-builder.ts";
