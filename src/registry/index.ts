export { checkPackagesState, checkRegistries, checkRegistry } from "./check.ts";
export { parseDependencies, renderDependencies } from "./deps.ts";
export { emptyRegistry } from "./empty.ts";
export { registryFaults } from "./faults.ts";
export { type RewriteRequest, type RewriteResult, rewriteRegistry } from "./rewrite.ts";
export { isReadByBytes, RowsByBytes } from "./rows-by-bytes.ts";
export { findRow, joinKey, readHeader, readRegistry, rowKey, type ScannedRow, scanRows } from "./scan.ts";
