export { classify } from "./classify.ts";
export { make as makeMetadataFault, metadataFaults } from "./faults.ts";
export { matchesGlob } from "./glob.ts";
export { firstIssue } from "./issues.ts";
export { type ArchiveFile, type Layout, readLayout } from "./layout.ts";
export { checkAssets, type ManifestReading, manifestHash, readManifest } from "./manifest.ts";
export { readSource, type SourceReading } from "./source.ts";
export { parseToml } from "./toml.ts";
