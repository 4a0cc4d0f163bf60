export type { ArchiveSource, BytesSource, FileSource } from "./archive-source.ts";
export { checkEntryPath } from "./entry-path.ts";
export { checkEntryPaths } from "./entry-paths.ts";
export { type ExtractArchiveRequest, type ExtractedFile, extractArchive } from "./extract-archive.ts";
export { archiveFaults } from "./faults.ts";
export { type ArchiveLimits, DEFAULT_LIMITS } from "./limits.ts";
export { peekManifest } from "./peek-manifest.ts";
export {
  type ArchiveListing,
  type ArchiveMember,
  type ReadArchiveOptions,
  readArchive,
} from "./read-archive.ts";
export type { Packed } from "./tar-packer.ts";
export { checkPackable, type WriteArchiveRequest, writeArchive } from "./write-archive.ts";
