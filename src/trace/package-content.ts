/** What one version of a package holds: from its archive in the store, else as installed, else as a kept generation has it. */
import type { Receipt } from "../contracts/index.ts";
import { bare, sameDigest, sha256Hex } from "../kernel/index.ts";
import { receiptPath, tierPrefix } from "../receipts/index.ts";
import { archivedContent } from "./archived-content.ts";
import type { ContentFile, PackageContent } from "./content.ts";
import { keptReceipts } from "./kept-packages.ts";
import type { Sight } from "./sight.ts";

/** Undefined when neither store, receipts nor kept generations have this version. */
export async function contentOf(
  sight: Sight,
  package_id: string,
  version: string,
): Promise<PackageContent | undefined> {
  return (
    (await archivedContent(sight, package_id, version)) ??
    installedContent(sight, package_id, version) ??
    keptContent(sight, package_id, version)
  );
}

function installedContent(sight: Sight, id: string, version: string): PackageContent | undefined {
  const found = sight.installedAs(id).find(({ receipt }) => receipt.version === version);
  if (found === undefined) return undefined;
  const { receipt, manifest } = found;
  const prefix = tierPrefix(receipt.plane_id);
  return {
    manifest,
    files: filesOf(receipt),
    source: receiptPath(id, receipt.plane_id),
    bytesOf: async (paths) =>
      readEach(sight, receipt, paths, (path) =>
        sight.isReadable(prefix + path) ? prefix + path : undefined,
      ),
  };
}

function keptContent(sight: Sight, id: string, version: string): PackageContent | undefined {
  const found = keptReceipts(sight, id).find(({ receipt }) => receipt.version === version);
  if (found === undefined) return undefined;
  const { receipt, manifest, file, by_digest } = found;
  const digests = new Map(filesOf(receipt).map((one) => [one.path, bare(one.sha256)]));
  return {
    manifest,
    files: filesOf(receipt),
    source: file,
    bytesOf: async (paths) =>
      readEach(sight, receipt, paths, (path) => by_digest.get(digests.get(path) ?? "")),
  };
}

function filesOf({ files, plane_id }: Receipt): ContentFile[] {
  const prefix = tierPrefix(plane_id);
  return files.map(({ path, sha256, size_bytes, executable, classification }) => ({
    path: path.slice(prefix.length),
    sha256,
    size_bytes,
    executable,
    classification,
  }));
}

/** @param placeOf plane-relative path to read for a file of the package */
function readEach(
  sight: Sight,
  receipt: Receipt,
  paths: ReadonlySet<string>,
  placeOf: (path: string) => string | undefined,
): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const { path, sha256 } of filesOf(receipt)) {
    const place = paths.has(path) ? placeOf(path) : undefined;
    const file = place === undefined ? undefined : `${sight.plane.root}/${place}`;
    if (file === undefined || sight.effects.fs.stat(file)?.kind !== "file") continue;
    const bytes = sight.effects.fs.read(file);
    if (sameDigest(sha256Hex(bytes), sha256)) found.set(path, bytes);
  }
  return found;
}
