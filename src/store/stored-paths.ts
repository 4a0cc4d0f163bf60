/** Where an archive lies in the store, and the digest beside it. */
import type { FileSystem } from "../effects/index.ts";
import type { Hex } from "../kernel/index.ts";

export const STORE_DIRECTORY = "packages_store";

/** `<ID>-<version>.tar.gz`: never rewritten once installed. */
export const versionedArchivePath = (package_id: string, version: string): string =>
  `${STORE_DIRECTORY}/${package_id}-${version}.tar.gz`;

/** `<ID>.tar.gz`: the latest; the name the rollout steps use. */
export const latestArchivePath = (package_id: string): string => `${STORE_DIRECTORY}/${package_id}.tar.gz`;

/** Beside each archive: 64 hex digits, no newline and no name, as existing readers expect. */
export const sidecarPath = (archive_path: string): string => `${archive_path}.sha256`;

/** The digest a sidecar names; undefined when there is none or it holds something else. */
export function readSidecar(fs: FileSystem, archive_path: string): Hex | undefined {
  if (fs.stat(sidecarPath(archive_path))?.kind !== "file") return undefined;
  // Also reads the `hex  name` form of sha256sum.
  const found = /^([0-9a-f]{64})(\s|$)/i.exec(fs.read(sidecarPath(archive_path)).toString("latin1"));
  return found?.[1]?.toLowerCase();
}
