/** An archive somebody wants to install: found, read, and held against its manifest and the registry. Changes nothing. */
import { type ArchiveListing, checkEntryPath, checkEntryPaths, readArchive } from "../archive/index.ts";
import { PackageId, Version } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { type Fault, sameDigest } from "../kernel/index.ts";
import {
  type ArchiveFile,
  checkAssets,
  inspectManifest,
  type Layout,
  type ManifestReading,
  manifestHash,
  readLayout,
  readManifest,
} from "../metadata/index.ts";
import { absolute, type Plane, registryPath, reservedFolder } from "../plane/index.ts";
import { checkShippedWheels } from "../python/index.ts";
import { findRow } from "../registry/index.ts";
import { latestArchivePath, versionedArchivePath } from "../store/index.ts";
import { make } from "./faults.ts";
import { installedDigests, packedDigests } from "./history.ts";
import { refuseEntry } from "./refuse.ts";

export interface Wanted {
  /** Archive file, as the user named it. */
  readonly archive?: string | undefined;
  /** Package id; with `@version` it names one in the store. */
  readonly id?: string | undefined;
  /** sha256 of the archive that the caller vouches for, in place of the registry's. */
  readonly digest?: string | undefined;
}

export interface Candidate extends ManifestReading {
  readonly path: string;
  readonly listing: ArchiveListing;
  readonly layout: Layout;
  /** Its digest was given with --digest. */
  readonly is_vouched_for?: boolean;
  /** Set for files that are taken over where they lie: the archive made of them enters store and registry in any case. */
  readonly artifact_path?: string;
}

/** @throws ARCHIVE_*, MANIFEST_*, METADATA_*, and every problem of the archive's content at once */
export async function readCandidate(effects: Effects, plane: Plane, wanted: Wanted): Promise<Candidate> {
  const path = findArchive(effects, plane, wanted);
  const shown = path.startsWith(`${plane.root}/`) ? path.slice(plane.root.length + 1) : path;
  const candidate = await readCandidateFile(effects, path, shown, wanted.archive ?? wanted.id);
  return { ...candidate, is_vouched_for: wanted.digest !== undefined };
}

/**
 * @param shown the archive as messages name it
 * @param judged the same as the user named it, for the command that judges it again
 * @throws ARCHIVE_*, MANIFEST_*, METADATA_*
 */
export async function readCandidateFile(
  effects: Effects,
  path: string,
  shown: string,
  judged = shown,
): Promise<Candidate> {
  const listing = await readArchive(effects, path, {
    keep: (member) => member.endsWith("/manifest.json"),
    signal: effects.signal,
  });
  const files = listing.members.flatMap((member): ArchiveFile[] =>
    member.kind === "file"
      ? [
          {
            member: member.path,
            sha256: member.sha256,
            size_bytes: member.size_bytes,
            executable: member.executable,
          },
        ]
      : [],
  );
  const layout = readLayout(files, shown);
  const reading = await readWhole(manifestBytes(listing, layout.manifest_member), layout, { shown, judged });
  return { ...reading, path, listing, layout };
}

/** With every problem of the manifest at once, as preflight tells them; older ones have one reader, which tells the first. */
async function readWhole(
  bytes: Buffer,
  { files }: Layout,
  { shown, judged }: { readonly shown: string; readonly judged: string },
): Promise<ManifestReading> {
  const { manifest, problems } = await inspectManifest(bytes, judged);
  refuseEntry(problems);
  if (manifest === undefined) return readManifest(bytes, files, shown);
  return { manifest, manifest_hash: manifestHash(manifest), legacy: false };
}

function manifestBytes(listing: ArchiveListing, member: string): Buffer {
  return (member === "manifest.json" ? listing.manifest_bytes : listing.kept.get(member)) ?? Buffer.alloc(0);
}

/** Problems of the archive itself and of who vouches for it. Complete list. */
export function checkCandidate(
  effects: Effects,
  plane: Plane,
  candidate: Candidate,
  wanted: Wanted,
): Fault[] {
  const { manifest, listing, path } = candidate;
  const { package_id } = manifest;
  const problems: Fault[] = [];
  const given = wanted.id?.split("@")[0];
  if (given !== undefined && given !== package_id) {
    problems.push(
      make("ID_MISMATCH", `the command names ${given}, the archive holds ${package_id}`, {
        given,
        manifest: package_id,
      }),
    );
  }
  problems.push(...checkDigest(effects, plane, candidate, wanted));
  if (listing.profile === "plain" && !plane.config.policy.allow_plain_archives) {
    problems.push(
      make("PLAIN_ARCHIVE_FORBIDDEN", `${path} is not in the canonical profile, which this plane requires`, {
        path,
      }),
    );
  }
  return [...problems, ...checkContent(candidate)];
}

/** Problems of the archive that no plane would lift: content other than declared, names it may not have. Complete list. */
export function checkContent({ manifest, layout, path }: Candidate): Fault[] {
  const { package_id } = manifest;
  const problems = [...checkAssets(manifest, layout.files, path), ...checkShippedWheels(manifest)];
  for (const asset of manifest.assets) {
    const refused = checkEntryPath(asset.path);
    if (refused !== undefined) problems.push(refused);
    const folder = reservedFolder(asset.path);
    if (folder !== undefined) {
      problems.push(
        make("PATH_RESERVED", `${package_id} may not write ${asset.path}: ${folder} belongs to the plane`, {
          package_id,
          path: asset.path,
          folder,
        }),
      );
    }
  }
  return [...problems, ...checkEntryPaths(manifest.assets.map((asset) => asset.path))];
}

function checkDigest(effects: Effects, plane: Plane, candidate: Candidate, wanted: Wanted): Fault[] {
  const { digest: pinned } = wanted;
  const { package_id } = candidate.manifest;
  const actual = candidate.listing.digest;
  if (pinned !== undefined) {
    if (sameDigest(pinned, actual)) return [];
    return [
      make("DIGEST_MISMATCH", `the archive is not the one vouched for by --digest`, {
        package_id,
        expected: pinned,
        actual,
        source: "--digest",
      }),
    ];
  }
  const row = findRow(effects.fs, `${plane.root}/${registryPath("packages_registry")}`, "packages_registry", [
    package_id,
  ])?.row;
  if (row === undefined) {
    const message = `${package_id} is not registered, so nothing vouches for these bytes (sha256 ${actual})`;
    return [make("NOT_REGISTERED", message, { package_id, actual })];
  }
  const expected = row["digest"] ?? "";
  if (sameDigest(expected, actual)) return [];
  // Another version is vouched for by the entry of its packing, or of an install that vouched for it.
  const { version } = candidate.manifest;
  if (
    wanted.id === `${package_id}@${version}` &&
    [packedDigests, installedDigests].some((of) => of(effects, plane, package_id, version).has(actual))
  )
    return [];
  const message = `the archive of ${package_id} has sha256 ${actual}, the registry has ${expected === "" ? "none" : expected}`;
  return [
    make("DIGEST_MISMATCH", message, {
      package_id,
      expected,
      actual,
      source: registryPath("packages_registry"),
    }),
  ];
}

function findArchive({ fs, host }: Effects, plane: Plane, { archive, id }: Wanted): string {
  if (archive !== undefined) {
    const here = absolute(host.cwd, archive);
    const in_plane = absolute(plane.root, archive);
    return fs.stat(here) === undefined && fs.stat(in_plane) !== undefined ? in_plane : here;
  }
  const found = findStored({ fs }, plane, id ?? "");
  if (found !== undefined) return found;
  const path = storePaths(id ?? "")[0] ?? "";
  throw make("NOT_IN_STORE", `the store holds no archive of ${JSON.stringify(id)}`, {
    package_id: id ?? "",
    path,
  });
}

/** Absolute path of the archive in the store that an id, or ID@VERSION, names. */
export const findStored = ({ fs }: Pick<Effects, "fs">, plane: Plane, id: string): string | undefined =>
  storePaths(id)
    .map((path) => `${plane.root}/${path}`)
    .find((path) => fs.stat(path)?.kind === "file");

function storePaths(id: string): string[] {
  const [package_id = "", version] = id.split("@");
  if (!PackageId.safeParse(package_id).success) return [];
  if (version === undefined) return [latestArchivePath(package_id)];
  return Version.safeParse(version).success ? [versionedArchivePath(package_id, version)] : [];
}
