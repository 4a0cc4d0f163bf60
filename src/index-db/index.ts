export { digestOf } from "./file-digest.ts";
export { type Head, installedHeads } from "./heads.ts";
export { linesMentioning, type Mention } from "./mentions.ts";
export type { IndexEffects } from "./open.ts";
export { findOwners, followOwnership, type OwnershipChange } from "./owners.ts";
export { compareIndex, type IndexPart, rebuildIndex } from "./rebuild.ts";
