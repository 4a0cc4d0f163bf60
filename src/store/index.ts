/** Archives: the store under `packages_store/`, whose bytes the journal writes, and downloads on their way to it. */
export { countDownloads, sweepDownloads } from "./download-cache.ts";
export { evidencePath, isEvidence, readEvidenceText } from "./evidence.ts";
export { storeFaults } from "./faults.ts";
export { type Fetched, fetchArchive } from "./fetch-archive.ts";
export { listArchives } from "./list-archives.ts";
export { isRemote } from "./source-url.ts";
export {
  latestArchivePath,
  readSidecar,
  STORE_DIRECTORY,
  sidecarPath,
  versionedArchivePath,
} from "./stored-paths.ts";
