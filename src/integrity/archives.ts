/** packages_registry against the store and the receipts: each registered archive is there, with its digest and sidecar. */
import type { Row } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { bare, sameDigest } from "../kernel/index.ts";
import { registryPath } from "../plane/index.ts";
import { type Installed, receiptPath } from "../receipts/index.ts";
import { latestArchivePath, readSidecar, sidecarPath, versionedArchivePath } from "../store/index.ts";
import type { Outcome } from "./outcome.ts";
import { type Reading, readAll } from "./owned-files.ts";
import { shellWord, shown } from "./shown.ts";
import { pathCell } from "./tables.ts";

type Needs = Pick<Effects, "fs" | "workers">;
const FILE = registryPath("packages_registry");
/** Rows kept as history: their archives may be gone. */
const PAST = new Set(["superseded", "retired", "archived", "yanked"]);

export async function judgeArchives(
  effects: Needs,
  root: string,
  rows: readonly Row[],
  installed: readonly Installed[],
  outcome: Outcome,
): Promise<void> {
  const archives = rows.filter((row) => row["source_type"] === "tar");
  const of_rows = archives.map((row) => pathCell(row["source"]));
  const of_receipts = installed.flatMap(({ receipt: { package_id, version } }) => [
    versionedArchivePath(package_id, version),
    latestArchivePath(package_id),
  ]);
  const paths = [...new Set([...of_rows.flatMap((path) => path ?? []), ...of_receipts])];
  const readings = await readAll(
    effects,
    paths.map((path) => `${root}/${path}`),
  );
  const by_path = new Map(paths.map((path, index) => [path, readings[index]]));
  for (const [index, row] of archives.entries()) {
    const path = of_rows[index];
    judgeRow(effects, root, row, path, path === undefined ? undefined : by_path.get(path), outcome);
  }
  judgeInstalled(rows, installed, by_path, outcome);
}

function judgeRow(
  { fs }: Needs,
  root: string,
  row: Row,
  path: string | undefined,
  reading: Reading,
  outcome: Outcome,
): void {
  const { id: package_id = "", source = "", status = "" } = row;
  const expected = bare(row["digest"] ?? "");
  const severity = PAST.has(status) ? "note" : "error";
  const about = { severity, path: path ?? FILE, package_id, expected } as const;
  const id = shown(package_id);
  const step = `Restore ${path === undefined ? "it" : shellWord(path)} from a backup, or pack ${id} again with "pkg pack --id ${id} --src DIR".`;
  if (path === undefined) {
    const message = `${FILE}: source ${shown(JSON.stringify(source))} of ${id} names no file in the plane`;
    return outcome.find(
      "ARCHIVE_MISSING",
      message,
      `Correct source of ${id} in ${FILE}, then run "pkg registry validate".`,
      about,
    );
  }
  if (typeof reading === "string")
    return outcome.find(
      "ARCHIVE_UNREADABLE",
      `${shown(path)} cannot be read (${reading})`,
      `Make it readable with "chmod u+r ${shellWord(path)}".`,
      about,
    );
  if (reading === undefined)
    return outcome.find("ARCHIVE_MISSING", `${shown(path)}, the archive of ${id}, is missing`, step, about);
  if (reading.sha256 !== expected) {
    const message = `${shown(path)} is not the archive that was registered as ${id}`;
    return outcome.find("ARCHIVE_DRIFT", message, step, { ...about, actual: reading.sha256 });
  }
  judgeSidecar(fs, root, { path, package_id, sha256: reading.sha256 }, outcome);
}

function judgeSidecar(
  fs: Needs["fs"],
  root: string,
  archive: { readonly path: string; readonly package_id: string; readonly sha256: string },
  outcome: Outcome,
): void {
  const { path, package_id, sha256: expected } = archive;
  const found = readSidecar(fs, `${root}/${path}`);
  if (found === expected) return;
  const sidecar = sidecarPath(path);
  const is_there = fs.stat(`${root}/${sidecar}`) !== undefined;
  const message = is_there
    ? `${shown(sidecar)} names another digest than its archive has`
    : `${shown(sidecar)} is missing`;
  const step = `Write it again with "printf %s ${expected} > ${shellWord(sidecar)}".`;
  outcome.find(is_there ? "SIDECAR_DIFFERS" : "SIDECAR_MISSING", message, step, {
    severity: is_there ? "error" : "note",
    path: sidecar,
    package_id,
    expected,
    actual: found,
  });
}

/** What is installed is registered, as the same bytes when it is the same version, and can be restored from the store. */
function judgeInstalled(
  rows: readonly Row[],
  installed: readonly Installed[],
  by_path: ReadonlyMap<string, Reading>,
  outcome: Outcome,
): void {
  const by_id = new Map(rows.map((row) => [row["id"] ?? "", row]));
  for (const { receipt } of installed) {
    const { package_id, version, archive_hash, plane_id } = receipt;
    const row = by_id.get(package_id);
    const about = { path: receiptPath(package_id, plane_id), package_id, expected: bare(archive_hash) };
    if (row === undefined) {
      const message = `${package_id} is installed and not in ${FILE}`;
      const step = `Run "pkg uninstall --id ${package_id}", or restore its row in ${FILE}.`;
      outcome.find("PACKAGE_UNREGISTERED", message, step, { ...about, path: FILE });
    } else if (row["version"] === version && !sameDigest(row["digest"] ?? "", archive_hash)) {
      const message = `${package_id} ${version} was installed from other bytes than ${FILE} names`;
      const step = `Run "pkg uninstall --id ${package_id}", then "pkg install ${package_id}".`;
      outcome.find("INSTALLED_FROM_OTHER_BYTES", message, step, {
        ...about,
        actual: bare(row["digest"] ?? ""),
        // Somebody with a token vouched for a plain archive's own digest; that is told, not judged.
        ...(receipt.archive_profile === "plain" ? { severity: "note" as const } : {}),
      });
    }
    const is_kept = [versionedArchivePath(package_id, version), latestArchivePath(package_id)].some(
      (path) => {
        const reading = by_path.get(path);
        return typeof reading === "object" && reading.sha256 === bare(archive_hash);
      },
    );
    if (is_kept) continue;
    const message = `the store does not hold the archive ${package_id} ${version} was installed from, so it cannot be restored`;
    const step = `Put it back as ${versionedArchivePath(package_id, version)} from a backup.`;
    outcome.find("STORE_COPY_MISSING", message, step, { ...about, severity: "note" });
  }
}
