/** A folder: what is owned below it. */
import type { DirectoryTrace } from "../contracts/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import type { Installed } from "../receipts/index.ts";
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

/** Larger folders are counted whole, and only their first files are read. */
const FILES_MAX = 1_000;

/** `path` is plane-relative; empty for the plane itself. */
export async function traceDirectory(sight: Sight, path: string): Promise<DirectoryTrace> {
  const { first, counts } = countedBelow(sight, path) ?? listedBelow(sight, path);
  const files = await lookAt(sight, first);
  for (const finding of fileFindings(files)) sight.note(finding);
  let total_files = 0;
  for (const count of counts.values()) total_files += count;
  return {
    path: path === "" ? "." : path,
    role: path === "" ? "the plane itself" : roleOf(path),
    source_of: path === "" ? null : sourceOf(sight, path),
    packages: [...counts]
      .filter(([owner]) => owner !== "")
      .sort(([a], [b]) => compareCodePoints(a, b))
      .map(([owner, file_count]) => ({ package: owner, file_count })),
    files,
    files_left_out: total_files - files.length,
    total_files,
  };
}

interface Below {
  /** At most FILES_MAX, by code point of their paths. */
  readonly first: readonly Recorded[];
  /** Files by owner, those without one under "". */
  readonly counts: ReadonlyMap<string, number>;
}

function listedBelow(sight: Sight, path: string): Below {
  const all = ownedBelow(sight, path === "" ? "" : `${path}/`);
  const counts = new Map<string, number>();
  for (const { package: owner } of all) add(counts, owner ?? "", 1);
  return { first: all.slice(0, FILES_MAX), counts };
}

/** By an index: the receipts that hold the first files, and numbers for the others. */
function countedBelow(sight: Sight, path: string): Below | undefined {
  if (path === "") return undefined;
  const in_receipts = sight.facts.below(path);
  const owners = sight.facts.ownersOfFirst(path, FILES_MAX);
  const strays = sight.facts.strays(path);
  if (in_receipts === undefined || owners === undefined || strays === undefined) return undefined;
  const prefix = `${path}/`;
  const found = sight.receiptsNamed(owners).flatMap((one) => filesBelow(sight, one, prefix));
  const counts = new Map(in_receipts);
  const others = [
    ...launchersBelow(sight, prefix, (one) => sight.ownedAt(one) !== undefined),
    ...strays.filter((one) => !sight.launchers.has(one)).flatMap((one) => rowAt(sight, one)),
  ];
  for (const { package: owner } of others) add(counts, owner ?? "", 1);
  return { first: [...found, ...others].sort(byPath).slice(0, FILES_MAX), counts };
}

const add = (counts: Map<string, number>, owner: string, count: number): void =>
  void counts.set(owner, (counts.get(owner) ?? 0) + count);

const byPath = (a: Recorded, b: Recorded): number => compareCodePoints(a.path, b.path);

function filesBelow(sight: Sight, { receipt }: Installed, prefix: string): Recorded[] {
  const files = receipt.files.filter((file) => file.path.startsWith(prefix));
  return files.length === 0
    ? []
    : recordedInReceipt({ ...receipt, files }, specOf(sight, receipt.package_id));
}

const launchersBelow = (sight: Sight, prefix: string, isOwned: (path: string) => boolean): Recorded[] =>
  [...sight.launchers].flatMap(([path, sha256]) =>
    path.startsWith(prefix) && !isOwned(path) ? [recordedLauncher(path, sha256)] : [],
  );

function rowAt(sight: Sight, path: string): Recorded[] {
  const row = sight.ownershipRow(path)?.row;
  return row === undefined ? [] : [recordedInRow(row, specOf(sight, row["owner_package_id"] ?? ""))];
}

/** `prefix` ends with a slash, or is empty for everything. One pass over the receipts and one over the ownership registry, which may know of paths no receipt holds. */
export function ownedBelow(sight: Sight, prefix: string): Recorded[] {
  const found = sight.installed.flatMap((one) => filesBelow(sight, one, prefix));
  found.push(...launchersBelow(sight, prefix, (path) => sight.ownedPaths.has(path)));
  sight.scan("file_ownership", (row) => {
    if (!row.key.startsWith(prefix) || sight.ownedPaths.has(row.key) || sight.launchers.has(row.key)) return;
    const cells = row.cells();
    found.push(recordedInRow(cells, specOf(sight, cells["owner_package_id"] ?? "")));
  });
  return found.sort(byPath);
}
