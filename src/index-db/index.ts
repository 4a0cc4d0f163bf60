export { type Divergence, indexDivergence } from "./divergence.ts";
export { digestOf } from "./file-digest.ts";
export { type Head, installedHeads, packagesHolding } from "./heads.ts";
export { IN_FORCE } from "./mention-token.ts";
export { linesMentioning, type Mention } from "./mentions.ts";
export type { IndexEffects } from "./open.ts";
export { findOwners, followOwnership, type OwnershipChange, ownershipLine } from "./owners.ts";
export { compareIndex, type IndexPart, rebuildIndex } from "./rebuild.ts";
