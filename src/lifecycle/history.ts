/** What the package ledger says was once in force. */
import type { Effects } from "../effects/index.ts";
import { bare } from "../kernel/index.ts";
import { readEntries } from "../ledger/index.ts";
import { GOVERNANCE_STREAM, PACKAGES_STREAM, type Plane, planeStream } from "../plane/index.ts";

/** Archive digests (bare hex) under which this version was ever installed. Streams the ledger once. */
export function installedDigests(
  { fs }: Pick<Effects, "fs">,
  plane: Plane,
  package_id: string,
  version: string,
): Set<string> {
  const stream = planeStream(plane, PACKAGES_STREAM);
  const digests = new Set<string>();
  if (fs.stat(stream.path) === undefined) return digests;
  for (const { entry } of readEntries(fs, stream)) {
    if (
      (entry?.event_type !== "INSTALLED" && entry?.event_type !== "UPDATED") ||
      entry.submission_id !== package_id
    )
      continue;
    const { version: installed, archive_digest } = entry.metadata as {
      version?: unknown;
      archive_digest?: unknown;
    };
    if (installed === version && typeof archive_digest === "string") digests.add(bare(archive_digest));
  }
  return digests;
}

/** Archive digests (bare hex) this version was packed with, by the governance ledger. */
export function packedDigests(
  { fs }: Pick<Effects, "fs">,
  plane: Plane,
  package_id: string,
  version: string,
): Set<string> {
  const digests = new Set<string>();
  for (const { entry } of readEntries(fs, planeStream(plane, GOVERNANCE_STREAM))) {
    if (entry?.event_type !== "package_pack" || entry.submission_id !== package_id) continue;
    const { version: packed, digest } = entry.metadata as { version?: unknown; digest?: unknown };
    if (packed === version && typeof digest === "string") digests.add(bare(digest));
  }
  return digests;
}
