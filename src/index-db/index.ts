export { digestOf } from "./file-digest.ts";
export { type Head, installedHeads } from "./heads.ts";
export type { IndexEffects } from "./open.ts";
export { findOwners, followOwnership, type OwnershipChange } from "./owners.ts";
