/** A version of a package as its archive in the store has it. */
import { type ArchiveListing, readArchive } from "../archive/index.ts";
import { Fault, prefixed, sameDigest } from "../kernel/index.ts";
import { type ArchiveFile, readLayout, readManifest } from "../metadata/index.ts";
import { latestArchivePath, readSidecar, versionedArchivePath } from "../store/index.ts";
import type { PackageContent } from "./content.ts";
import type { Sight } from "./sight.ts";

/** Undefined when the store has no readable archive of this very version. */
export async function archivedContent(
  sight: Sight,
  package_id: string,
  version: string,
): Promise<PackageContent | undefined> {
  for (const path of [versionedArchivePath(package_id, version), latestArchivePath(package_id)]) {
    if (sight.stat(path)?.kind !== "file") continue;
    try {
      const content = await readContent(sight, path, package_id, version);
      const { manifest } = content;
      if (manifest.package_id === package_id && manifest.version === version) return content;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      sight.noteFault(inPlane(sight, error), package_id);
    }
  }
  return undefined;
}

/** Faults of the archive room name the absolute path; a report of this plane does not. */
function inPlane({ plane }: Sight, fault: Fault): Fault {
  const { code, message, next_step, exit_code } = fault;
  const short = (text: string): string => text.replaceAll(`${plane.root}/`, "");
  return new Fault({ code, message: short(message), next_step: short(next_step), exit_code, details: {} });
}

async function readContent(
  sight: Sight,
  path: string,
  package_id: string,
  version: string,
): Promise<PackageContent> {
  const file = `${sight.plane.root}/${path}`;
  const listing = await readArchive(sight.effects, file, {
    keep: (member) => member.endsWith("/manifest.json"),
  });
  const layout = readLayout(archiveFiles(listing), path);
  const member = layout.manifest_member;
  const bytes = member === "manifest.json" ? listing.manifest_bytes : listing.kept.get(member);
  const { manifest } = readManifest(bytes ?? Buffer.alloc(0), layout.files, path);
  const classes = new Map(manifest.assets.map((asset) => [asset.path, asset.classification]));
  const members = new Map([...layout.files].map(([asset, found]) => [found.member, asset]));
  const { digest: sha256, size_bytes } = listing;
  const recorded = recordedDigest(sight, path, package_id, version);
  return {
    manifest,
    files: [...layout.files].map(([asset, found]) => ({
      path: asset,
      sha256: prefixed(found.sha256),
      size_bytes: found.size_bytes,
      executable: found.executable,
      classification: classes.get(asset) ?? "",
    })),
    source: path,
    archive: {
      path,
      sha256,
      size_bytes,
      verified: recorded === undefined ? null : sameDigest(sha256, recorded),
    },
    bytesOf: async (paths) => {
      const { kept } = await readArchive(sight.effects, file, {
        expected_digest: sha256,
        keep: (name) => paths.has(members.get(name) ?? ""),
      });
      return new Map([...kept].map(([name, content]) => [members.get(name) ?? name, content]));
    },
  };
}

const archiveFiles = ({ members }: ArchiveListing): ArchiveFile[] =>
  members
    .filter(({ kind }) => kind === "file")
    .map(({ path: member, sha256, size_bytes, executable }) => ({ member, sha256, size_bytes, executable }));

/** What receipt, registry or sidecar say the archive of this version is, in this order. */
function recordedDigest(sight: Sight, path: string, id: string, version: string): string | undefined {
  const installed = sight.installedAs(id).find(({ receipt }) => receipt.version === version);
  if (installed !== undefined) return installed.receipt.archive_hash;
  const row = sight.table("packages_registry").get(id);
  if (row?.["version"] === version && row["digest"]) return row["digest"];
  return readSidecar(sight.effects.fs, `${sight.plane.root}/${path}`);
}
