/** Whether the store still holds the bytes a package came from, or would come from. */
import type { PackageTrace, Receipt, Row } from "../contracts/index.ts";
import { bare, sameDigest } from "../kernel/index.ts";
import { latestArchivePath, versionedArchivePath } from "../store/index.ts";
import { digestAll } from "./file-list.ts";
import { trimPath } from "./plane-path.ts";
import type { Sight } from "./sight.ts";

/** Null when nothing on record names a version. */
export async function lookAtArchive(
  sight: Sight,
  package_id: string,
  row: Row | undefined,
  receipt: Receipt | undefined,
): Promise<PackageTrace["archive"]> {
  const recorded = receipt === undefined ? registeredArchive(row) : installedArchive(receipt);
  if (recorded.version === "") return null;
  const { expected } = recorded;
  const places = [versionedArchivePath(package_id, recorded.version), ...recorded.elsewhere(package_id)];
  const path = places.find((one) => sight.stat(one)?.kind === "file") ?? places[0] ?? "";
  const digest = (await digestAll(sight, [path])).get(path);
  const actual = typeof digest === "object" ? digest.sha256 : null;
  const verified = actual !== null && expected !== null && sameDigest(actual, expected);
  noteArchive(sight, package_id, { path, actual, expected, verified, needed: receipt !== undefined });
  return { path, present: digest !== undefined, expected, actual, verified };
}

interface RecordedArchive {
  readonly version: string;
  /** Bare hex. */
  readonly expected: string | null;
  /** Further plane-relative paths at which it may lie. */
  readonly elsewhere: (package_id: string) => string[];
}

/** The latest archive may be of a newer version, so only the one with the version in its name counts. */
const installedArchive = ({ version, archive_hash }: Receipt): RecordedArchive => ({
  version,
  expected: bare(archive_hash),
  elsewhere: () => [],
});

function registeredArchive(row: Row | undefined): RecordedArchive {
  const source = trimPath(row?.["source"] ?? "");
  return {
    version: row?.["version"] ?? "",
    expected: row?.["digest"] ? bare(row["digest"]) : null,
    elsewhere: (package_id) => [...(source === "" ? [] : [source]), latestArchivePath(package_id)],
  };
}

function noteArchive(
  sight: Sight,
  package_id: string,
  {
    path,
    actual,
    expected,
    verified,
    needed,
  }: { path: string; actual: string | null; expected: string | null; verified: boolean; needed: boolean },
): void {
  if (actual !== null && expected !== null && !verified) {
    sight.note({
      code: "TRACE_ARCHIVE_DIFFERS",
      severity: "error",
      message: `${path} has other bytes than ${needed ? "the receipt" : "the registry"} of ${package_id} records`,
      next_step: `Restore ${path} from a backup, then run "trace --explain ${package_id}".`,
      path,
      package_id,
      expected,
      actual,
    });
  } else if (actual === null && needed) {
    sight.note({
      code: "TRACE_ARCHIVE_ABSENT",
      severity: "note",
      message: `the store no longer holds the archive ${package_id} was installed from`,
      next_step: `Restore ${path} from a backup before you uninstall ${package_id}.`,
      path,
      package_id,
    });
  }
}
