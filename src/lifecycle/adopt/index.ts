export { ADOPT_CODES, shown as shownName } from "./adopt-findings.ts";
export type { Inventory, InventoryEntry } from "./inventory-types.ts";
export { resolveFolder } from "./resolve-folder.ts";
export { type TakeRequest, type TakeResult, takeEntries } from "./take-entries.ts";
export { takeInventory } from "./take-inventory.ts";
