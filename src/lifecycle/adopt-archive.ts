/** Archives from elsewhere enter the store with their install, so that a later fix or rollback finds the installed bytes. */
import semver from "semver";
import type { Row } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import type { Transaction } from "../journal/index.ts";
import { digestOf, type Plane, registryPath } from "../plane/index.ts";
import { provenancePath, readSidecarText, signaturePath } from "../provenance/index.ts";
import { findRow } from "../registry/index.ts";
import { latestArchivePath, sidecarPath, versionedArchivePath } from "../store/index.ts";
import type { Candidate } from "./candidate.ts";
import { copyFile } from "./copy-file.ts";
import { make } from "./faults.ts";
import { packageRow } from "./package-row.ts";
import { stageVouched } from "./vouch.ts";

/**
 * An archive the store lacks is kept there under its version. One whose digest the caller vouched for also becomes what the
 * registry names and the latest, where nothing newer is: as if it had been packed here.
 * What is taken over where it lies enters both in any case.
 * @returns the row to write; undefined when the registry stays as it is @throws DIGEST_MISMATCH, ADOPT_VERSION_TAKEN
 */
export function adoptArchive(
  effects: Effects,
  transaction: Transaction,
  plane: Plane,
  candidate: Candidate,
): Row | undefined {
  const { manifest, listing, artifact_path } = candidate;
  const { package_id, version } = manifest;
  const versioned = versionedArchivePath(package_id, version);
  const latest = latestArchivePath(package_id);
  const registered = registeredVersion(effects, plane, package_id);
  const is_new = registered === undefined;
  const becomes_latest =
    is_new || artifact_path !== undefined || (candidate.is_vouched_for && isNewer(version, registered));
  const has = (path: string): boolean => holds(effects, plane, candidate, path);
  const stands = (path: string): boolean => effects.fs.stat(`${plane.root}/${path}`) !== undefined;
  const is_taken = stands(versioned) && !has(versioned);
  if (is_taken && artifact_path !== undefined) {
    const stored = digestOf(effects.fs, `${plane.root}/${versioned}`) ?? "";
    const message = `the store holds ${package_id} ${version} with other bytes`;
    throw make("ADOPT_VERSION_TAKEN", message, { package_id, version, stored });
  }
  // Once in the store, a version keeps its bytes.
  if (!stands(versioned) && (becomes_latest || !has(latest)))
    store(effects, transaction, plane, candidate, versioned);
  if (!becomes_latest || (is_taken && !is_new)) return undefined;
  const keeps_latest = is_new && artifact_path === undefined ? stands(latest) : has(latest);
  if (!keeps_latest) store(effects, transaction, plane, candidate, latest);
  const target = artifact_path?.slice(1) ?? folderOf(manifest.assets[0]?.path ?? "");
  return packageRow(effects, plane, { manifest, metadata: {}, target }, listing.digest);
}

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** Undefined when the package is not registered. */
function registeredVersion(
  { fs }: Pick<Effects, "fs">,
  plane: Plane,
  package_id: string,
): string | undefined {
  const path = `${plane.root}/${registryPath("packages_registry")}`;
  const found = findRow(fs, path, "packages_registry", [package_id]);
  return found === undefined ? undefined : (found.row["version"] ?? "");
}

const isNewer = (version: string, registered: string): boolean =>
  semver.valid(registered) !== null && semver.gt(version, registered);

/** Whether a path of the store holds these bytes. */
function holds(
  { fs }: Pick<Effects, "fs">,
  plane: Plane,
  { path: read_from, listing }: Candidate,
  path: string,
): boolean {
  const absolute = `${plane.root}/${path}`;
  return absolute === read_from || digestOf(fs, absolute) === listing.digest;
}

function store(
  { fs }: Pick<Effects, "fs">,
  transaction: Transaction,
  plane: Plane,
  { path: from, listing, manifest: { package_id } }: Candidate,
  path: string,
): void {
  const copy = `${transaction.site.directory}/${path.slice(path.lastIndexOf("/") + 1)}`;
  copyFile(fs, from, copy);
  const actual = digestOf(fs, copy) ?? "";
  if (actual !== listing.digest) {
    throw make("DIGEST_MISMATCH", `${package_id}: the archive changed while it was installed`, {
      package_id,
      expected: listing.digest,
      actual,
      source: "the archive read before",
    });
  }
  transaction.put(path, { file: copy });
  transaction.put(sidecarPath(path), { bytes: Buffer.from(listing.digest), mode: 0o644 });
  stageVouched(fs, transaction, plane, [path], {
    signature: readSidecarText(fs, signaturePath(from)) ?? undefined,
    provenance: readSidecarText(fs, provenancePath(from)) ?? undefined,
  });
}
