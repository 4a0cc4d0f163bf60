export { ADOPT_CODES, type AdoptFields, shown as shownName } from "./adopt-findings.ts";
export type { Inventory, InventoryEntry, Walked } from "./inventory-types.ts";
export { semverOf } from "./package-names.ts";
export { isObject, readObject, textIn } from "./read-text.ts";
export { resolveFolder } from "./resolve-folder.ts";
export { type TakeRequest, type TakeResult, takeEntries } from "./take-entries.ts";
export { takeInventory } from "./take-inventory.ts";
export { classOf, packTree, type TreeFile } from "./tree-manifest.ts";
export { walkFolder } from "./walk-folder.ts";
