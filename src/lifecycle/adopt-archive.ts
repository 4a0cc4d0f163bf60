/** An archive vouched for by its digest enters the store and the registry with its install, as if it had been packed here. */
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

/** @returns the row to add; undefined when the package is registered already @throws DIGEST_MISMATCH, ADOPT_VERSION_TAKEN */
export function adoptArchive(
  effects: Effects,
  transaction: Transaction,
  plane: Plane,
  candidate: Candidate,
): Row | undefined {
  const { fs } = effects;
  const { manifest, listing } = candidate;
  const { package_id, version } = manifest;
  const known = findRow(fs, `${plane.root}/${registryPath("packages_registry")}`, "packages_registry", [
    package_id,
  ]);
  const { artifact_path } = candidate;
  if (known !== undefined && artifact_path === undefined) return undefined;
  for (const path of [versionedArchivePath(package_id, version), latestArchivePath(package_id)]) {
    const stored = digestOf(fs, `${plane.root}/${path}`);
    if (stored === listing.digest || (stored !== undefined && artifact_path === undefined)) continue;
    if (stored !== undefined && path === versionedArchivePath(package_id, version)) {
      const message = `the store holds ${package_id} ${version} with other bytes`;
      throw make("ADOPT_VERSION_TAKEN", message, { package_id, version, stored });
    }
    const copy = `${transaction.site.directory}/${path.slice(path.lastIndexOf("/") + 1)}`;
    copyFile(fs, candidate.path, copy);
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
      signature: readSidecarText(fs, signaturePath(candidate.path)) ?? undefined,
      provenance: readSidecarText(fs, provenancePath(candidate.path)) ?? undefined,
    });
  }
  const first = manifest.assets[0]?.path ?? "";
  return packageRow(
    effects,
    plane,
    {
      manifest,
      metadata: {},
      target: artifact_path?.slice(1) ?? first.slice(0, Math.max(0, first.lastIndexOf("/"))),
    },
    listing.digest,
  );
}
