/** A folder: what is owned below it. */
import type { DirectoryTrace } from "../contracts/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import {
  fileFindings,
  lookAt,
  type Recorded,
  recordedInReceipt,
  recordedInRow,
  recordedLauncher,
} from "./file-list.ts";
import { roleOf, sourceOf } from "./path-role.ts";
import { specOf } from "./receipts.ts";
import type { Sight } from "./sight.ts";

/** `path` is plane-relative; empty for the plane itself. */
export async function traceDirectory(sight: Sight, path: string): Promise<DirectoryTrace> {
  const recorded = ownedBelow(sight, path === "" ? "" : `${path}/`);
  const files = await lookAt(sight, recorded);
  for (const finding of fileFindings(files)) sight.note(finding);
  const counts = new Map<string, number>();
  for (const { package: owner } of files) if (owner !== null) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  return {
    path: path === "" ? "." : path,
    role: path === "" ? "the plane itself" : roleOf(path),
    source_of: path === "" ? null : sourceOf(sight, path),
    packages: [...counts]
      .sort(([a], [b]) => compareCodePoints(a, b))
      .map(([owner, file_count]) => ({ package: owner, file_count })),
    files,
    total_files: files.length,
  };
}

/** `prefix` ends with a slash, or is empty for everything. One pass over the receipts and one over the ownership registry, which may know of paths no receipt holds. */
export function ownedBelow(sight: Sight, prefix: string): Recorded[] {
  const found = sight.installed.flatMap(({ receipt }) => {
    const files = receipt.files.filter((file) => file.path.startsWith(prefix));
    return files.length === 0
      ? []
      : recordedInReceipt({ ...receipt, files }, specOf(sight, receipt.package_id));
  });
  for (const [path, sha256] of sight.launchers) {
    if (path.startsWith(prefix) && !sight.ownedPaths.has(path)) found.push(recordedLauncher(path, sha256));
  }
  sight.scan("file_ownership", (row) => {
    if (!row.key.startsWith(prefix) || sight.ownedPaths.has(row.key) || sight.launchers.has(row.key)) return;
    const cells = row.cells();
    found.push(recordedInRow(cells, specOf(sight, cells["owner_package_id"] ?? "")));
  });
  return found.sort((a, b) => compareCodePoints(a.path, b.path));
}
