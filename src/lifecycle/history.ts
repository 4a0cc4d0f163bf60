/** What the package ledger says was once in force. */
import type { Effects } from "../effects/index.ts";
import { bare } from "../kernel/index.ts";
import { readEntries } from "../ledger/index.ts";
import { PACKAGES_STREAM, type Plane, planeStream } from "../plane/index.ts";

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
    if (entry?.event_type !== "INSTALLED" || entry.submission_id !== package_id) continue;
    const { version: installed, archive_digest } = entry.metadata as {
      version?: unknown;
      archive_digest?: unknown;
    };
    if (installed === version && typeof archive_digest === "string") digests.add(bare(archive_digest));
  }
  return digests;
}
