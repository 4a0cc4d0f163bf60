/** Everything in the plane that has, or is recorded with, one SHA-256 digest. */
import type { DigestTrace } from "../contracts/index.ts";
import { bare, compareCodePoints } from "../kernel/index.ts";
import { registryPath } from "../plane/index.ts";
import { receiptPath } from "../receipts/index.ts";
import { readSidecar, STORE_DIRECTORY, sidecarPath } from "../store/index.ts";
import { digestAll } from "./file-list.ts";
import { linesAbout } from "./history.ts";
import { ownershipRowsWith } from "./ownership-rows.ts";
import { trimPath } from "./plane-path.ts";
import type { Sight } from "./sight.ts";
import { archivesIn } from "./stored-versions.ts";

type Match = DigestTrace["matches"][number];
type Unread = Omit<Match, "verified">;

/** @param digest bare hex, lower case */
export async function traceDigest(sight: Sight, digest: string): Promise<DigestTrace> {
  const found = [...inReceipts(sight, digest), ...inRegistries(sight, digest), ...inStore(sight, digest)];
  const seen = new Set<string>();
  const distinct = found.filter(({ kind, path, package: owner }) => {
    const key = JSON.stringify([kind, path ?? owner]);
    return seen.has(key) ? false : seen.add(key);
  });
  const paths = distinct.flatMap(({ path }) => path ?? []);
  const now = await digestAll(sight, paths);
  const matches = distinct.map((match): Match => {
    const read = match.path === null ? undefined : now.get(match.path);
    return {
      ...match,
      verified: match.path === null ? null : typeof read === "object" && read.sha256 === digest,
    };
  });
  const in_ledger = inLedger(sight, digest).map((match): Match => ({ ...match, verified: null }));
  return {
    digest,
    matches: [...matches, ...in_ledger].sort(
      (a, b) => compareCodePoints(a.kind, b.kind) || compareCodePoints(a.path ?? "", b.path ?? ""),
    ),
  };
}

function inReceipts(sight: Sight, digest: string): Unread[] {
  return sight.receiptsNamed(sight.facts.packagesWith(digest)).flatMap(({ receipt }) => {
    const { package_id, plane_id } = receipt;
    const about = { package: package_id, recorded_in: receiptPath(package_id, plane_id), path: null };
    const matches: Unread[] = [];
    if (bare(receipt.archive_hash) === digest) matches.push({ ...about, kind: "archive" });
    if (receipt.content_digest === digest) matches.push({ ...about, kind: "content" });
    if (bare(receipt.manifest_hash) === digest) matches.push({ ...about, kind: "manifest" });
    for (const file of receipt.files)
      if (bare(file.sha256) === digest) matches.push({ ...about, kind: "asset", path: file.path });
    return matches;
  });
}

function inRegistries(sight: Sight, digest: string): Unread[] {
  const matches: Unread[] = [];
  for (const [id, row] of sight.table("packages_registry").holding(digest)) {
    if (bare(row["digest"] ?? "") !== digest) continue;
    matches.push({
      kind: "archive",
      path: trimPath(row["source"] ?? "") || null,
      package: id,
      recorded_in: registryPath("packages_registry"),
    });
  }
  for (const [path, row] of sight.artifactsByPath) {
    if (bare(row["content_hash"] ?? "") !== digest) continue;
    matches.push({
      kind: "artifact",
      path,
      package: null,
      recorded_in: registryPath("control_plane_registry"),
    });
  }
  for (const { file_path = "", owner_package_id = "", sha256 = "" } of ownershipRowsWith(sight, digest)) {
    if (bare(sha256) !== digest || sight.ownedAt(file_path) !== undefined) continue;
    matches.push({
      kind: "asset",
      path: file_path,
      package: owner_package_id,
      recorded_in: registryPath("file_ownership"),
    });
  }
  return matches;
}

/** Archives by their sidecars: reading every archive would cost seconds. */
function inStore(sight: Sight, digest: string): Unread[] {
  if (sight.stat(STORE_DIRECTORY)?.kind !== "directory") return [];
  const { fs } = sight.effects;
  const noted = sight.facts.archivesNoted(digest) ?? archivesIn(sight);
  return noted.flatMap((path): Unread[] => {
    if (readSidecar(fs, `${sight.plane.root}/${path}`) !== digest) return [];
    const name = path.slice(STORE_DIRECTORY.length + 1);
    const package_id = /^(PKG(?:-[A-Z0-9]+)+?)(?:-\d[\w.+-]*)?\.tar\.gz$/.exec(name)?.[1] ?? null;
    return [{ kind: "archive", path, package: package_id, recorded_in: sidecarPath(path) }];
  });
}

function inLedger(sight: Sight, digest: string): Unread[] {
  const matches: Unread[] = [];
  for (const { event, entry_hash, submission_id } of linesAbout(sight, digest)) {
    const kind = bare(entry_hash) === digest ? "ledger_entry" : "ledger_mention";
    const is_package = /^PKG(-[A-Z0-9]+)+$/.test(submission_id);
    matches.push({
      kind,
      path: null,
      package: is_package ? submission_id : null,
      recorded_in: `${event.stream}:${event.line} ${event.id}`,
    });
  }
  return matches;
}
