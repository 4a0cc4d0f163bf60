export { type Divergence, indexDivergence, streamDivergence } from "./divergence.ts";
export { digestOf } from "./file-digest.ts";
export { installedHeads, readableHeads } from "./heads.ts";
export { KnownPackages } from "./known-packages.ts";
export { linesAt } from "./ledger-lines.ts";
export {
  linesAtPlaces,
  type Mention,
  type Places,
  packageChanges,
  placesMentioning,
  type StoredChange,
} from "./mentions.ts";
export { holdingIndex, type IndexEffects } from "./open.ts";
export { ownedNames } from "./owned-names.ts";
export {
  findOwners,
  followOwnership,
  type OwnershipChange,
  ownershipLine,
  ownershipLinesWith,
} from "./owners.ts";
export { CHANGE_TEXTS, type PackageChange, packageChange } from "./package-change.ts";
export { plainRows } from "./plain-rows.ts";
export { compareIndex, type IndexPart, rebuildIndex } from "./rebuild.ts";
export type { Head } from "./receipt-rows.ts";
export { archivesNamed, archivesNoted } from "./sidecars.ts";
