/** A file: whose it is, why it is there, who put it there, and whether its bytes are those on record. */
import type { FileTrace, Row } from "../contracts/index.ts";
import { prefixed, sameDigest } from "../kernel/index.ts";
import { registryPath } from "../plane/index.ts";
import { findRow } from "../registry/index.ts";
import { versionedArchivePath } from "../store/index.ts";
import { frameworkFacts, specFacts } from "./chain.ts";
import { allDependents, dependentsById, whyOf } from "./dependency-graph.ts";
import {
  digestAll,
  fileFindings,
  judge,
  type Recorded,
  recordedInReceipt,
  recordedInRow,
  unrecorded,
} from "./file-list.ts";
import { roleOf, sourceOf } from "./path-role.ts";
import { readPurpose } from "./purpose.ts";
import { describePython, NO_OUTLINE } from "./python-outline.ts";
import { frameworkOf, shownReceipt, specOf } from "./receipts.ts";
import type { Owned, Sight } from "./sight.ts";

/** `path` is plane-relative and plain. */
export async function traceFile(sight: Sight, path: string): Promise<FileTrace> {
  const recorded = recordOf(sight, path);
  const artifact = sight.artifactsByPath.get(path);
  const bytes = await bytesOf(sight, recorded);
  const is_readable = bytes.hash.current !== null;
  return {
    path,
    role: roleOf(path),
    artifact_id: artifact?.["id"] ?? null,
    purpose: artifact?.["purpose"] || (is_readable ? readPurpose(sight, path) : ""),
    classification: recorded.classification,
    origin: recorded.origin,
    ...bytes,
    ...(await ownerOf(sight, path, recorded.package)),
    ...(is_readable && path.endsWith(".py") ? await describePython(sight, path) : NO_OUTLINE),
  };
}

type Bytes = Pick<FileTrace, "exists" | "kind" | "hash" | "verdict" | "executable" | "size_bytes">;

async function bytesOf(sight: Sight, recorded: Recorded): Promise<Bytes> {
  const { path, sha256 } = recorded;
  const stat = sight.stat(path);
  const file = stat?.kind === "file" ? stat : undefined;
  const digest = file === undefined ? undefined : (await digestAll(sight, [path])).get(path);
  const current = typeof digest === "object" ? prefixed(digest.sha256) : null;
  const verdict = judge(sight, recorded, digest);
  const owner = sight.ownedPaths.get(path);
  for (const finding of fileFindings([{ ...recorded, verdict }], restoreStep(path, owner)))
    sight.note(finding);
  if (verdict === "unowned") noteUnowned(sight, path);
  return {
    exists: stat !== undefined,
    kind: stat?.kind ?? null,
    hash: { recorded: sha256, current, verified: isSame(sha256, current) },
    verdict,
    executable: recorded.executable ?? file?.executable ?? null,
    size_bytes: file?.size_bytes ?? null,
  };
}

const isSame = (recorded: string | null, current: string | null): boolean =>
  recorded !== null && current !== null && sameDigest(recorded, current);

type OwnerFacts = Pick<FileTrace, "ownership" | "installed" | "why" | "dependents" | "source_of">;

async function ownerOf(sight: Sight, path: string, owner: string | null): Promise<OwnerFacts> {
  if (owner === null) {
    return { ownership: null, installed: null, why: null, dependents: [], source_of: sourceOf(sight, path) };
  }
  const dependents = dependentsById(sight);
  const installed = sight.ownedPaths.get(path)?.installed;
  return {
    ownership: await ownershipOf(sight, owner),
    installed: installed === undefined ? null : shownReceipt(installed),
    why: whyOf(dependents, owner),
    dependents: [...allDependents(dependents, owner).keys()].sort(),
    source_of: null,
  };
}

/** Members of a canonical archive are the plane's own paths, so `tar` alone brings one file back. */
function restoreStep(path: string, owner: Owned | undefined): string {
  if (owner === undefined) return `Restore ${path} from version control or a backup.`;
  const { receipt } = owner.installed;
  const { classification } = owner.file;
  if (classification === "config" || classification === "state") {
    return `Nothing to do: ${classification} files are made to be changed.`;
  }
  const archive = versionedArchivePath(receipt.package_id, receipt.version);
  const is_plain_word = /^[\w@%+=:,./-]+$/.test(path);
  if (receipt.archive_profile !== "canonical" || receipt.plane_id !== "ho3" || !is_plain_word) {
    return `Restore ${path} from ${archive} in the store.`;
  }
  return `Run "tar -xzf ${archive} ${path}" in the plane's folder to restore it.`;
}

/** What receipts, else the ownership registry, else the control plane registry say about a path. */
export function recordOf(sight: Sight, path: string): Recorded {
  const owned = sight.ownedPaths.get(path);
  if (owned !== undefined) {
    const { receipt } = owned.installed;
    const spec_id = specOf(sight, receipt.package_id);
    const [record] = recordedInReceipt({ ...receipt, files: [owned.file] }, spec_id);
    if (record !== undefined) return record;
  }
  const row = ownershipRow(sight, path);
  if (row !== undefined) return recordedInRow(row, specOf(sight, row["owner_package_id"] ?? ""));
  const artifact = sight.artifactsByPath.get(path);
  const sha256 = artifact?.["content_hash"] || null;
  return { ...unrecorded(path, artifact?.["source_spec_id"] || null), sha256 };
}

export function ownershipRow(sight: Sight, path: string): Row | undefined {
  try {
    return findRow(
      sight.effects.fs,
      `${sight.plane.root}/${registryPath("file_ownership")}`,
      "file_ownership",
      [path],
    )?.row;
  } catch (error) {
    sight.noteFault(error);
    return undefined;
  }
}

async function ownershipOf(sight: Sight, owner: string): Promise<FileTrace["ownership"]> {
  const spec_id = specOf(sight, owner);
  const framework_id = frameworkOf(sight, owner);
  return {
    package: owner,
    spec_id: spec_id ?? null,
    spec_title: spec_id === undefined ? null : ((await specFacts(sight, spec_id))?.title ?? null),
    framework_id: framework_id ?? null,
    framework_title: framework_id === undefined ? null : (frameworkFacts(sight, framework_id)?.title ?? null),
  };
}

function noteUnowned(sight: Sight, path: string): void {
  sight.note({
    code: "TRACE_FILE_UNOWNED",
    severity: "error",
    message: `${path} lies in a governed folder and no package owns it`,
    next_step: `Remove ${path}, or make it part of a package and run "pkg pack" and "pkg install".`,
    path,
  });
}
