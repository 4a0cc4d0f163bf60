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
import { isStillSo, listedMax } from "./listed.ts";
import { roleOf, sourceOf } from "./path-role.ts";
import { specOf } from "./receipts.ts";
import type { Sight } from "./sight.ts";

/** `path` is plane-relative; empty for the plane itself. Larger folders are counted whole, and only their first files are read. */
export async function traceDirectory(sight: Sight, path: string): Promise<DirectoryTrace> {
  const { first, counts } = countedBelow(sight, path) ?? listedBelow(sight, path);
  const files = await lookAt(sight, first);
  for (const finding of fileFindings(files)) sight.note(finding);
  let total_files = 0;
  for (const count of counts.values()) total_files += count;
  const packages = ownersIn(counts);
  const listed = packages.slice(0, listedMax(sight));
  return {
    path: path === "" ? "." : path,
    role: path === "" ? "the plane itself" : roleOf(path),
    source_of: path === "" ? null : sourceOf(sight, path),
    packages: listed.map((owner) => ({ package: owner, file_count: counts.get(owner) ?? 0 })),
    packages_left_out: packages.length - listed.length,
    files,
    files_left_out: total_files - files.length,
    total_files,
  };
}

const ownersIn = (counts: ReadonlyMap<string, number>): string[] =>
  [...counts.keys()].filter((owner) => owner !== "").sort(compareCodePoints);

/** What paths below it begin with. */
const prefixOf = (path: string): string => (path === "" ? "" : `${path}/`);

interface Below {
  /** The first, by code point of their paths. */
  readonly first: readonly Recorded[];
  /** Files by owner, those without one under "". */
  readonly counts: ReadonlyMap<string, number>;
}

function listedBelow(sight: Sight, path: string): Below {
  const all = ownedBelow(sight, prefixOf(path));
  const counts = new Map<string, number>();
  for (const { package: owner } of all) add(counts, owner ?? "", 1);
  return { first: all.slice(0, listedMax(sight)), counts };
}

/** By an index: the receipts that hold the first files, and numbers for the others. */
function countedBelow(sight: Sight, path: string): Below | undefined {
  const counts = ownersBelow(sight, path);
  const owners = sight.facts.ownersOfFirst(path, Math.min(listedMax(sight), Number.MAX_SAFE_INTEGER));
  const strays = sight.facts.strays(path);
  if (counts === undefined || owners === undefined || strays === undefined) return undefined;
  const prefix = prefixOf(path);
  const found = sight.receiptsNamed(owners).flatMap((one) => filesBelow(sight, one, prefix));
  const others = [
    ...launchersBelow(sight, prefix, (one) => sight.ownedAt(one) !== undefined),
    ...strays.filter((one) => !sight.launchers.has(one)).flatMap((one) => rowAt(sight, one)),
  ];
  for (const { package: owner } of others) add(counts, owner ?? "", 1);
  return { first: [...found, ...others].sort(byPath).slice(0, listedMax(sight)), counts };
}

/** Those that will be listed are held against their receipts. */
function ownersBelow(sight: Sight, path: string): Map<string, number> | undefined {
  for (;;) {
    const counts = sight.facts.likelyBelow(path);
    if (counts === undefined) return undefined;
    if (isStillSo(sight, ownersIn(counts).slice(0, listedMax(sight)))) return new Map(counts);
  }
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
