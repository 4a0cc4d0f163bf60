/** The store as a folder: nothing lies in it that no record speaks of, and the latest copy of a package is one of its versions. */
import type { FileSystem } from "../effects/index.ts";
import { sha256Hex } from "../kernel/index.ts";
import {
  isEvidence,
  latestArchivePath,
  readEvidenceText,
  STORE_DIRECTORY,
  sidecarPath,
} from "../store/index.ts";
import { copyCure, removeCure } from "./cures.ts";
import type { Reading } from "./file-reader.ts";
import type { Outcome } from "./outcome.ts";
import { shellWord, shown } from "./shown.ts";
import { judgeSidecar } from "./sidecar.ts";
import { compareVersions } from "./version-order.ts";

const ARCHIVE = ".tar.gz";
/** What belongs to an archive and lies beside it. */
const BESIDE = [".sha256", ".sig", ".intoto.jsonl", ".golden.jsonl"];

interface Place {
  readonly fs: FileSystem;
  /** Which of these digests the ledger names. */
  readonly vouchedDigests: (wanted: ReadonlySet<string>) => ReadonlySet<string>;
  readonly root: string;
  readonly by_path: ReadonlyMap<string, Reading>;
  readonly outcome: Outcome;
}

/** Plane-relative paths of every archive in the store. */
export function storedArchives(fs: FileSystem, root: string): string[] {
  return listStore(fs, root).flatMap(({ name, kind }) =>
    kind === "file" && name.endsWith(ARCHIVE) ? [`${STORE_DIRECTORY}/${name}`] : [],
  );
}

/** `owners`: archives that a registry row or a receipt speaks of, with the package. */
export function judgeStore(place: Place, owners: ReadonlyMap<string, string>): void {
  const { fs, root, outcome } = place;
  const ids = new Set(owners.values());
  const isKept = keptVersions(place, owners, ids);
  const names = listStore(fs, root);
  const archives = new Set(names.flatMap(({ name }) => (name.endsWith(ARCHIVE) ? [name] : [])));
  for (const { name, kind } of names) {
    const path = `${STORE_DIRECTORY}/${name}`;
    if (owners.has(path)) continue;
    const beside = BESIDE.map((end) => name.endsWith(end) && name.slice(0, -end.length)).find(Boolean);
    if (
      kind === "file" &&
      typeof beside === "string" &&
      (archives.has(beside) || owners.has(`${STORE_DIRECTORY}/${beside}`))
    )
      continue;
    if (kind === "file" && isKept(path)) continue;
    const { command, sentence } = removeCure(path, kind);
    outcome.judgeRecord(path, "unowned", { actual: kind === "file" ? null : kind, cure: command });
    const message = `${shown(path)} is in the store, and no registry row and no receipt speaks of it`;
    outcome.find("STORE_UNKNOWN", message, sentence, { path });
  }
  judgeLatest(place, ids, [...archives]);
  judgeEvidence(place, names);
}

/** Evidence is as one of its recordings left it; whether it is enough for a release the gate says. */
function judgeEvidence(
  { fs, root, outcome, vouchedDigests }: Place,
  names: ReturnType<FileSystem["list"]>,
): void {
  const digests = new Map<string, string>();
  for (const { name, kind } of names) {
    if (kind !== "file" || !isEvidence(name)) continue;
    const text = readEvidenceText(fs, `${root}/${STORE_DIRECTORY}/${name}`);
    digests.set(`${STORE_DIRECTORY}/${name}`, text === undefined ? "" : sha256Hex(text));
  }
  const vouched = vouchedDigests(new Set(digests.values()));
  for (const [path, digest] of digests) {
    if (vouched.has(digest)) continue;
    const archive = path.slice(STORE_DIRECTORY.length + 1);
    const [, id = "", version = ""] = /^(PKG(?:-[A-Z0-9]+)+)-(\d.*)\.tar\.gz\./.exec(archive) ?? [];
    const message = `${shown(path)} is no file that a recording of evidence left`;
    const cure = `Remove it with "rm ${shellWord(path)}", then run "golden run ${id}@${version} --record".`;
    outcome.find("GOLDEN_EVIDENCE_CHANGED", message, cure, { path, package_id: id, actual: digest });
  }
}

/** Earlier versions of a known package stay in the store: those whose digest the ledger of packs and installs names. */
function keptVersions(
  { by_path, vouchedDigests }: Place,
  owners: ReadonlyMap<string, string>,
  ids: ReadonlySet<string>,
): (path: string) => boolean {
  const digests = new Map<string, string>();
  for (const [path, reading] of by_path) {
    const id = idOfVersion(path.slice(STORE_DIRECTORY.length + 1));
    if (typeof reading === "object" && !owners.has(path) && id !== undefined && ids.has(id))
      digests.set(path, reading.sha256);
  }
  const vouched = vouchedDigests(new Set(digests.values()));
  return (path) => vouched.has(digests.get(path) ?? "");
}

/** The package whose versioned archive has this name. */
const idOfVersion = (name: string): string | undefined =>
  /^(PKG(?:-[A-Z0-9]+)+)-\d+\.\d+\.\d+[^/]*\.tar\.gz$/.exec(name)?.[1];

/** `<ID>.tar.gz` is a copy of one of the versions beside it. */
function judgeLatest(place: Place, ids: ReadonlySet<string>, archives: readonly string[]): void {
  const versions = new Map<string, string[]>();
  for (const name of archives) {
    const id = idOfVersion(name);
    if (id !== undefined) versions.set(id, [...(versions.get(id) ?? []), `${STORE_DIRECTORY}/${name}`]);
  }
  for (const id of ids) {
    const copies = versions.get(id) ?? [];
    if (copies.length > 0) judgeLatestOf(place, id, copies);
  }
}

function judgeLatestOf(place: Place, package_id: string, copies: readonly string[]): void {
  const { fs, root, by_path, outcome, vouchedDigests } = place;
  const latest = latestArchivePath(package_id);
  const kind = fs.stat(`${root}/${latest}`)?.kind ?? "file";
  const digestAt = (path: string): string | undefined => {
    const reading = by_path.get(path);
    return typeof reading === "object" ? reading.sha256 : undefined;
  };
  const actual = kind === "file" ? digestAt(latest) : kind;
  if (actual === undefined) return;
  if (copies.some((path) => digestAt(path) === actual))
    return judgeLatestSidecar(place, { package_id, latest, sha256: actual });
  const versionOf = (path: string): string =>
    path.slice(STORE_DIRECTORY.length + package_id.length + 2, -ARCHIVE.length);
  const newest = copies.toSorted((a, b) => compareVersions(versionOf(a), versionOf(b))).at(-1) ?? latest;
  const expected = digestAt(newest);
  const vouched = vouchedDigests(new Set([actual, expected].flatMap((one) => one ?? [])));
  // A damaged version must not be copied over what may be the last good bytes of it.
  const is_sound = expected !== undefined && vouched.has(expected);
  // Then the version is what is damaged, and whoever wants it says so.
  if (!is_sound && vouched.has(actual))
    return judgeLatestSidecar(place, { package_id, latest, sha256: actual });
  const about = { path: latest, package_id, expected, actual };
  if (kind !== "file") {
    const what = kind === "other" ? "device, pipe or socket" : kind;
    const { sentence } = is_sound ? copyCure(newest, latest) : removeCure(latest, kind);
    return outcome.find(
      "STORE_COPIES_DIFFER",
      `${shown(latest)} is a ${what}, not an archive`,
      sentence,
      about,
    );
  }
  const cure = is_sound
    ? `Copy the version you want again with "cp ${shellWord(newest)} ${shellWord(latest)}".`
    : `Compare with the digest in the registry, "${sumCommand(fs, root, [newest, latest])}", and copy the right one over the other.`;
  const message = `${shown(latest)} is none of the versions of ${shown(package_id)} in the store`;
  outcome.find("STORE_COPIES_DIFFER", message, cure, about);
}

/** A pipe would be waited for without an end. */
function sumCommand(fs: FileSystem, root: string, paths: readonly string[]): string {
  const files = paths.filter((path) => fs.stat(`${root}/${path}`)?.kind === "file");
  return `sha256sum ${files.map(shellWord).join(" ")}`;
}

/** Nobody needs it, but whoever reads it believes it. */
function judgeLatestSidecar(
  place: Place,
  {
    package_id,
    latest,
    sha256,
  }: { readonly package_id: string; readonly latest: string; readonly sha256: string },
): void {
  if (place.fs.stat(`${place.root}/${sidecarPath(latest)}`) !== undefined)
    judgeSidecar(place, latest, package_id, sha256);
}

function listStore(fs: FileSystem, root: string): ReturnType<FileSystem["list"]> {
  try {
    return fs.stat(`${root}/${STORE_DIRECTORY}`)?.kind === "directory"
      ? fs.list(`${root}/${STORE_DIRECTORY}`)
      : [];
  } catch {
    // Each archive that is wanted from it is a finding of its own.
    return [];
  }
}
