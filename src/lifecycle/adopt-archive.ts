/** Archives from elsewhere enter the store with their install, so that a later fix or rollback finds the installed bytes. */
import semver from "semver";
import type { Row } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import type { Transaction } from "../journal/index.ts";
import type { Fault } from "../kernel/index.ts";
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
  const standing = standingOf(effects, plane, candidate);
  const has = (path: string): boolean => holds(effects, plane, candidate, path);
  const is_there = (path: string): boolean => effects.fs.stat(`${plane.root}/${path}`) !== undefined;
  // Once in the store, a version keeps its bytes.
  if (is_there(versioned)) {
    if (!has(versioned) && standing === "taken over")
      throw versionTaken(effects, plane, candidate, versioned);
    if (!has(versioned) && standing === "newer") return undefined;
  } else if (standing !== "other" || !has(latest)) store(effects, transaction, plane, candidate, versioned);
  if (standing === "other") return undefined;
  const is_latest = standing === "first" ? is_there(latest) : has(latest);
  if (!is_latest) store(effects, transaction, plane, candidate, latest);
  const first = manifest.assets[0]?.path ?? "";
  const target = artifact_path?.slice(1) ?? first.slice(0, Math.max(0, first.lastIndexOf("/")));
  return packageRow(effects, plane, { manifest, metadata: {}, target }, listing.digest);
}

/** What the archive is to the registry: all but `other` become what it names. */
function standingOf(
  { fs }: Effects,
  plane: Plane,
  { manifest: { package_id, version }, artifact_path, is_vouched_for }: Candidate,
): "first" | "taken over" | "newer" | "other" {
  if (artifact_path !== undefined) return "taken over";
  const path = `${plane.root}/${registryPath("packages_registry")}`;
  const known = findRow(fs, path, "packages_registry", [package_id])?.row;
  if (known === undefined) return "first";
  const registered = known["version"] ?? "";
  const is_newer = semver.valid(registered) !== null && semver.gt(version, registered);
  return is_vouched_for === true && is_newer ? "newer" : "other";
}

function versionTaken({ fs }: Effects, plane: Plane, { manifest }: Candidate, path: string): Fault {
  const { package_id, version } = manifest;
  const stored = digestOf(fs, `${plane.root}/${path}`) ?? "";
  const message = `the store holds ${package_id} ${version} with other bytes`;
  return make("ADOPT_VERSION_TAKEN", message, { package_id, version, stored });
}

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
