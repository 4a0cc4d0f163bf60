/** packages_registry against the store and the receipts: each registered archive is there, with its digest and sidecar. */
import type { Row } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { bare, sameDigest } from "../kernel/index.ts";
import { GOVERNANCE_STREAM, PACKAGES_STREAM, type Plane, planeStream, registryPath } from "../plane/index.ts";
import { type InstalledHead, receiptPath } from "../receipts/index.ts";
import { isRemote, latestArchivePath, versionedArchivePath } from "../store/index.ts";
import { copyCure } from "./cures.ts";
import { type FileReader, type Reading, type ReadTable, readingAt } from "./file-reader.ts";
import type { Outcome } from "./outcome.ts";
import { vouchedDigests } from "./package-events.ts";
import { shellWord, shown } from "./shown.ts";
import { judgeSidecar } from "./sidecar.ts";
import { judgeStore, storedArchives } from "./store.ts";
import { pathCell, rowsOf } from "./tables.ts";

const FILE = registryPath("packages_registry");
/** Rows kept as history: their archives may be gone. */
const PAST = new Set(["superseded", "retired", "archived", "yanked"]);
const UNBUILT = new Set(["proposed", "draft"]);

interface Place {
  readonly fs: FileSystem;
  readonly vouchedDigests: (wanted: ReadonlySet<string>) => ReadonlySet<string>;
  readonly root: string;
  readonly by_path: ReadonlyMap<string, Reading>;
  readonly outcome: Outcome;
}

export interface ArchiveVerdict {
  /** Plane-relative paths that somebody speaks for, archives and sidecars. */
  readonly known: ReadonlyMap<string, string>;
  /** Where the store holds the bytes this version was installed from; plane-relative. */
  readonly storedAt: (package_id: string, version: string) => string | undefined;
  readonly isStored: (package_id: string, version: string) => boolean;
}

/** Starts reading what rows and receipts speak of and whatever else lies in the store; `judge` waits for it. */
export function startArchives(
  { fs, reader }: { readonly fs: FileSystem; readonly reader: FileReader },
  { root }: Plane,
  rows: readonly Row[],
  installed: readonly InstalledHead[],
): ArchivesUnderWay {
  const archives = rows.filter((row) => isArchive(row));
  const owners = new Map<string, string>();
  const own = (paths: readonly string[], id: string): void => {
    for (const path of paths) owners.set(path, id);
  };
  for (const row of archives) own(pathsOfRow(row), row["id"] ?? "");
  for (const { receipt } of installed) {
    const { package_id, version } = receipt;
    own([versionedArchivePath(package_id, version), latestArchivePath(package_id)], package_id);
  }
  const paths = [...new Set([...owners.keys(), ...storedArchives(fs, root)])];
  const reading = reader.start(paths.map((path) => `${root}/${path}`));
  return { rows, archives, installed, owners, paths, reading };
}

interface ArchivesUnderWay {
  readonly rows: readonly Row[];
  readonly archives: readonly Row[];
  readonly installed: readonly InstalledHead[];
  readonly owners: ReadonlyMap<string, string>;
  readonly paths: readonly string[];
  readonly reading: { readonly finish: () => Promise<ReadTable> };
}

export async function judgeArchives(
  fs: FileSystem,
  plane: Plane,
  { rows, archives, installed, owners, paths, reading }: ArchivesUnderWay,
  outcome: Outcome,
): Promise<ArchiveVerdict> {
  const streams = [GOVERNANCE_STREAM, PACKAGES_STREAM].map((name) => planeStream(plane, name));
  const read = await reading.finish();
  const place: Place = {
    fs,
    root: plane.root,
    vouchedDigests: (wanted) => vouchedDigests(fs, streams, wanted),
    by_path: new Map(paths.map((path, index) => [path, readingAt(read, index)])),
    outcome,
  };
  for (const row of archives) judgeRow(place, row);
  const stored = judgeInstalled(place, rows, installed);
  judgeStore(place, owners);
  const storedAt = (id: string, version: string): string | undefined => stored.get(`${id}\0${version}`);
  return { known: owners, storedAt, isStored: (id, version) => storedAt(id, version) !== undefined };
}

/** Sources that end as an archive in the store; others are folders of the plane, or are not built yet. */
const isArchive = ({ source_type = "", status = "" }: Row): boolean =>
  source_type === "tar" || (["git", "pypi", "oci"].includes(source_type) && !UNBUILT.has(status));
const isElsewhere = ({ source_type = "", source = "" }: Row): boolean =>
  source_type !== "tar" || isRemote(source);

/** Where a row's archive may lie: what it names, or in the store where it names a URL. */
function pathsOfRow(row: Row): string[] {
  const { id = "", version = "", source = "" } = row;
  const path = isElsewhere(row) ? pathCell(versionedArchivePath(id, version)) : pathCell(source);
  const latest = pathCell(latestArchivePath(id));
  return [path, latest].flatMap((one) => one ?? []);
}

function judgeRow(place: Place, row: Row): void {
  const { outcome, by_path } = place;
  const { id: package_id = "", source = "", status = "" } = row;
  const [path] = isElsewhere(row) ? pathsOfRow(row) : [pathCell(source)];
  const expected = bare(row["digest"] ?? "");
  const severity = PAST.has(status) ? "note" : "error";
  const about = { severity, path: path ?? FILE, package_id, expected } as const;
  const id = shown(package_id);
  if (path === undefined) {
    const message = `${FILE}: source ${shown(JSON.stringify(source))} of ${id} names no file in the plane`;
    const correct = `Correct source of ${id} in ${FILE}, then run "pkg registry validate".`;
    return outcome.find("ARCHIVE_MISSING", message, correct, about);
  }
  const step = archiveStep(place, { package_id, path, expected });
  const reading = by_path.get(path);
  if (typeof reading === "string")
    return outcome.find(
      "ARCHIVE_UNREADABLE",
      `${shown(path)} cannot be read (${reading})`,
      `Make it readable with "chmod u+r ${shellWord(path)}".`,
      about,
    );
  if (reading === undefined && isElsewhere(row)) return notFetched(row, path, outcome);
  if (reading === undefined)
    return outcome.find("ARCHIVE_MISSING", `${shown(path)}, the archive of ${id}, is missing`, step, about);
  if (reading.sha256 !== expected) {
    const message = `${shown(path)} is not the archive that was registered as ${id}`;
    return outcome.find("ARCHIVE_DRIFT", message, step, { ...about, actual: reading.sha256 });
  }
  judgeSidecar(place, path, package_id, reading.sha256);
}

/** The latest copy of a package is mostly this very version. */
function archiveStep(
  { by_path }: Place,
  {
    package_id,
    path,
    expected,
  }: { readonly package_id: string; readonly path: string; readonly expected: string },
): string {
  const latest = latestArchivePath(package_id);
  const copy = by_path.get(latest);
  if (path !== latest && typeof copy === "object" && copy.sha256 === expected)
    return copyCure(latest, path).sentence;
  const id = shown(package_id);
  return `Restore ${shellWord(path)} from a backup, or pack ${id} again with "pkg pack --id ${id} --src DIR".`;
}

/** It lies elsewhere, and nothing here goes there: said, counted, and no damage. */
function notFetched({ id = "", digest = "", source_type = "" }: Row, path: string, outcome: Outcome): void {
  const command = source_type === "tar" ? `pkg install ${shellWord(id)}` : undefined;
  const what = source_type === "tar" ? "by URL" : `as ${shown(source_type)}`;
  const message = `the archive of ${shown(id)} is registered ${what} and not in the store, so its bytes were not verified`;
  const step =
    command === undefined
      ? `Build it there and register the archive with "pkg install --archive FILE --digest ${bare(digest)}".`
      : `Fetch and verify it with "${command}".`;
  outcome.judgeRecord(path, "not_verifiable", {
    owner: id,
    classification: "data",
    expected: bare(digest),
    cure: command,
  });
  outcome.find("ARCHIVE_NOT_FETCHED", message, step, {
    severity: "note",
    path: FILE,
    field: "source",
    package_id: id,
    expected: bare(digest),
  });
}

/**
 * What is installed is registered, as the same bytes when it is the same version, and can be restored from the store.
 * @returns the archive of what can be, by id, NUL and version
 */
function judgeInstalled(
  { fs, root, by_path, outcome }: Place,
  rows: readonly Row[],
  installed: readonly InstalledHead[],
): Map<string, string> {
  const stored = new Map<string, string>();
  const by_id = new Map(rows.map((row) => [row["id"] ?? "", row]));
  // A registry that cannot be read says of no package that it is not registered.
  const is_read = rows.length > 0 || rowsOf(fs, root, "packages_registry") !== undefined;
  for (const { receipt } of installed) {
    const { package_id, version, archive_hash, plane_id } = receipt;
    const row = by_id.get(package_id);
    const about = { path: receiptPath(package_id, plane_id), package_id, expected: bare(archive_hash) };
    if (row === undefined && is_read) {
      const message = `${package_id} is installed and not in ${FILE}`;
      const step = `Run "pkg uninstall --id ${package_id}", or restore its row in ${FILE}.`;
      outcome.find("PACKAGE_UNREGISTERED", message, step, { ...about, path: FILE });
    } else if (row?.["version"] === version && !sameDigest(row["digest"] ?? "", archive_hash)) {
      const message = `${package_id} ${version} was installed from other bytes than ${FILE} names`;
      const step = `Run "pkg uninstall --id ${package_id}", then "pkg install ${package_id}".`;
      outcome.find("INSTALLED_FROM_OTHER_BYTES", message, step, {
        ...about,
        actual: bare(row["digest"] ?? ""),
        // Somebody with a token vouched for a plain archive's own digest; that is told, not judged.
        ...(receipt.archive_profile === "plain" ? { severity: "note" as const } : {}),
      });
    }
    const kept = [versionedArchivePath(package_id, version), latestArchivePath(package_id)].find((path) => {
      const reading = by_path.get(path);
      return typeof reading === "object" && reading.sha256 === bare(archive_hash);
    });
    if (kept !== undefined) {
      stored.set(`${package_id}\0${version}`, kept);
      continue;
    }
    const message = `the store does not hold the archive ${package_id} ${version} was installed from, so it cannot be restored`;
    const step = `Put it back as ${versionedArchivePath(package_id, version)} from a backup.`;
    outcome.find("STORE_COPY_MISSING", message, step, { ...about, severity: "note" });
  }
  return stored;
}
