export { digestOf } from "./file-digest.ts";
export { type Head, installedHeads } from "./heads.ts";
export { type Edge, KnownPackages } from "./known-packages.ts";
export { IN_FORCE } from "./mention-token.ts";
export { linesMentioning, type Mention } from "./mentions.ts";
export { holdingIndex, type IndexEffects } from "./open.ts";
export { findOwners, followOwnership, type OwnershipChange, ownershipLine } from "./owners.ts";
export { compareIndex, type IndexPart, rebuildIndex } from "./rebuild.ts";
