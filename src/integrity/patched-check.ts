/**
 * The report of a check before which nothing changed but a few owned files: those are judged again, the rest of the last report
 * stands. Undefined wherever more may depend on the change; then everything is judged again.
 */
import type { Finding, IntegrityReport, JudgedPath } from "../contracts/index.ts";
import { PLANE_TIERS } from "../contracts/index.ts";
import { type Effects, FILE_STATE, STAMP_WIDTH } from "../effects/index.ts";
import { bare } from "../kernel/index.ts";
import { PACKAGES_STREAM, type Plane, planeStream, registryPath, WAIVERS_PATH } from "../plane/index.ts";
import { receiptPath, tierPrefix } from "../receipts/index.ts";
import { latestArchivePath, versionedArchivePath } from "../store/index.ts";
import { addCauses } from "./causes.ts";
import { type ChangedRows, changedRows, digestOf } from "./changed-rows.ts";
import { addDiffs, DIFFS_MAX } from "./drift-diff.ts";
import { ExpectedPaths } from "./expected.ts";
import type { ReadReceipt } from "./file-columns.ts";
import { FileReader, type ReadTable } from "./file-reader.ts";
import { MerkleFolders } from "./merkle.ts";
import { Outcome } from "./outcome.ts";
import { OwnedFiles } from "./owned-files.ts";
import { packageKey, readPackageEvents } from "./package-events.ts";
import { readReceiptOf } from "./receipts.ts";
import { compareFindings, sortedPaths } from "./report.ts";
import type { Note } from "./stat-cache.ts";
import type { CacheColumns } from "./stat-cache-form.ts";

/** More changes than this are no small change. */
export const CHANGES_MAX = 200;
/** All that is ever said of an owned file that was read for its own verdict alone. */
const OF_FILES = new Set(["FILE_DRIFT", "FILE_MISSING", "FILE_MODE_WIDENED", "FILE_UNREADABLE"]);
const OWNERSHIP = registryPath("file_ownership");

interface Before {
  readonly columns: Omit<CacheColumns, "note">;
  readonly note: Note;
  readonly report: IntegrityReport;
  /** Of the columns, with another stamp now. */
  readonly rows: readonly number[];
}

export interface Patched {
  readonly report: IntegrityReport;
  readonly columns: Omit<CacheColumns, "note">;
  /** The latest change of anything that was judged again. */
  readonly newest_ns: bigint;
}

export async function patchedCheck(
  effects: Effects,
  plane: Plane,
  { columns, note, report, rows }: Before,
  shows_private: boolean,
): Promise<Patched | undefined> {
  const { fs } = effects;
  const { root } = plane;
  // A waiver may concern any finding.
  if (rows.length > CHANGES_MAX || fs.stat(`${root}/${WAIVERS_PATH}`) !== undefined) return undefined;
  const changed = changedRows(fs, root, columns, { rows, alone_count: note.alone_count });
  if (changed === undefined) return undefined;
  const paths = new Set(changed.files.map(({ path }) => path));
  if (report.findings.some((one) => paths.has(one.path ?? "") && !OF_FILES.has(one.code))) return undefined;
  const owners = ownersOf(effects, root, [...paths]);
  if (owners === undefined) return undefined;

  const outcome = new Outcome(false);
  const expected = new ExpectedPaths(new Map());
  for (const one of owners) expected.add(one, outcome);
  const reader = new FileReader(effects);
  const owned = new OwnedFiles(effects, reader, root, expected);
  owned.read({ is_all: true });
  await owned.judge(outcome, (id, version) => isStored(columns, root, owners, { id, version }));
  await explain(effects, plane, { owners, expected, shows_private }, outcome);
  const merged = merge(report, paths, outcome);
  if (merged === undefined) return undefined;

  const after = withRows(columns, root, changed, reader.tables);
  if (after === undefined) return undefined;
  const { hashed_count, trusted_count } = report;
  return {
    ...after,
    report: {
      ...merged,
      merkle_root: merkleOf(after.columns, root, note.owned_count),
      hashed_count: reader.hashed_count,
      trusted_count: hashed_count + trusted_count - paths.size,
    },
  };
}

/** For each package that owns one of the paths its receipt with those paths alone; undefined unless all have a sound one. */
function ownersOf(
  { fs }: Pick<Effects, "fs">,
  root: string,
  paths: readonly string[],
): ReadReceipt[] | undefined {
  const table = fs.read(`${root}/${OWNERSHIP}`);
  const of_package = new Map<string, string[]>();
  for (const path of paths) {
    const start = table.indexOf(`\n${path},`) + path.length + 2;
    const owner = table.toString("utf8", start, table.indexOf(",", start));
    const tier = PLANE_TIERS.findLast((one) => path.startsWith(tierPrefix(one))) ?? "ho3";
    if (start < path.length + 2 || !/^PKG(-[A-Z0-9]+)+$/.test(owner)) return undefined;
    const key = `${tier}/${owner}`;
    of_package.set(key, [...(of_package.get(key) ?? []), path]);
  }
  const found: ReadReceipt[] = [];
  for (const [key, own] of of_package) {
    const [tier, id] = key.split("/") as [(typeof PLANE_TIERS)[number], string];
    const outcome = new Outcome(false);
    const read = readReceiptOf(fs, root, id, tier, outcome);
    const files = read === undefined ? undefined : only(read.files, own);
    if (read === undefined || files === undefined || outcome.findings.length > 0) return undefined;
    found.push({ ...read, files });
  }
  return found;
}

function only(files: ReadReceipt["files"], paths: readonly string[]): ReadReceipt["files"] | undefined {
  const at = paths.map((path) => files.paths.indexOf(path));
  if (at.includes(-1)) return undefined;
  const pick = <T>(column: readonly T[]): T[] => at.map((index) => column[index] as T);
  return { paths: pick(files.paths), digests: pick(files.digests), flags: pick(files.flags) };
}

/** No archive has changed since it was read. */
const isStored = (
  columns: Omit<CacheColumns, "note">,
  root: string,
  owners: readonly ReadReceipt[],
  { id, version }: { readonly id: string; readonly version: string },
): boolean => {
  const hashes = owners.flatMap(({ receipt }) =>
    receipt.package_id === id && receipt.version === version ? [bare(receipt.archive_hash)] : [],
  );
  return [versionedArchivePath(id, version), latestArchivePath(id)].some((path) =>
    hashes.includes(digestOf(columns, `${root}/${path}`) ?? ""),
  );
};

async function explain(
  effects: Effects,
  plane: Plane,
  {
    owners,
    expected,
    shows_private,
  }: {
    readonly owners: readonly ReadReceipt[];
    readonly expected: ExpectedPaths;
    readonly shows_private: boolean;
  },
  outcome: Outcome,
): Promise<void> {
  if (outcome.paths.length === 0) return;
  const { fs } = effects;
  await addDiffs(effects, plane.root, { expected, shows_private }, outcome.paths);
  const ids = new Set(owners.map(({ receipt }) => receipt.package_id));
  const keys = [...ids].flatMap((id) =>
    PLANE_TIERS.filter((tier) => fs.stat(`${plane.root}/${receiptPath(id, tier)}`) !== undefined).map(
      (tier) => packageKey(id, tier),
    ),
  );
  const { touched } = readPackageEvents(fs, planeStream(plane, PACKAGES_STREAM), new Set(keys));
  addCauses(fs, plane, touched, outcome.paths);
}

/** The report with these paths judged anew. */
function merge(
  report: IntegrityReport,
  paths: ReadonlySet<string>,
  outcome: Outcome,
): IntegrityReport | undefined {
  const before = report.paths.filter(({ path }) => paths.has(path));
  const judged = sortedPaths([...report.paths.filter(({ path }) => !paths.has(path)), ...outcome.paths]);
  const counts = { ...report.counts };
  counts.match -= paths.size - before.length;
  for (const { verdict } of before) counts[verdict] -= 1;
  for (const verdict of ["match", "drift", "missing", "not_verifiable", "unowned"] as const)
    counts[verdict] += outcome.counts[verdict];
  // Of what is told when nothing is verified, and of differences beyond the first twenty, the whole check decides.
  if (counts.match === 0 || report.counts.match === 0 || judged.filter(isDrift).length > DIFFS_MAX)
    return undefined;
  const isOfThem = ({ path, code }: Finding): boolean => paths.has(path ?? "") && OF_FILES.has(code);
  const findings = [...report.findings.filter((one) => !isOfThem(one)), ...outcome.findings];
  return {
    ...report,
    healthy: !findings.some(({ severity, waived }) => severity === "error" && waived === undefined),
    verified_count: counts.match,
    counts,
    paths: judged,
    findings: findings.sort(compareFindings),
  };
}

const isDrift = ({ verdict }: JudgedPath): boolean => verdict === "drift";

/** The columns as they are now; undefined where a file could not be read. */
function withRows(
  before: Omit<CacheColumns, "note">,
  root: string,
  { files, folders }: ChangedRows,
  tables: readonly ReadTable[],
): Pick<Patched, "columns" | "newest_ns"> | undefined {
  const columns = { ...before, stamps: before.stamps.slice(), digests: before.digests.slice() };
  let newest_ns = 0n;
  const put = (row: number, stamp: ArrayLike<bigint>): void => {
    columns.stamps.set(stamp, row * STAMP_WIDTH);
    if ((stamp[3] ?? 0n) > newest_ns) newest_ns = stamp[3] ?? 0n;
  };
  for (const [row, stamp] of folders) put(row, stamp);
  const row_of = new Map(files.map(({ path, row }) => [`${root}/${path}`, row]));
  for (const { paths, table, digests } of tables) {
    for (const [index, absolute] of paths.entries()) {
      const row = row_of.get(absolute);
      if (row === undefined || table.states[index] !== FILE_STATE.hashed) return undefined;
      put(row, table.stamps.subarray(index * STAMP_WIDTH, (index + 1) * STAMP_WIDTH));
      columns.digests.set(digests.subarray(index * 32, index * 32 + 32), row * 32);
    }
  }
  const read_count = tables.reduce((sum, { paths }) => sum + paths.length, 0);
  return read_count === files.length ? { columns, newest_ns } : undefined;
}

/** The tree over all owned files that could be read. */
function merkleOf(
  { paths, ends, stamps, digests }: Omit<CacheColumns, "note">,
  root: string,
  owned_count: number,
): string | null {
  const folders = new MerkleFolders();
  const names = Buffer.from(paths.buffer, paths.byteOffset, paths.byteLength);
  const hex = Buffer.from(digests.buffer, digests.byteOffset, owned_count * 32).toString("hex");
  for (let row = 0, start = 0; row < owned_count; row++) {
    const end = ends[row] ?? start;
    const executable = (Number(stamps[row * STAMP_WIDTH + 1]) & 0o100) !== 0;
    folders.add(
      names.toString("utf8", start + root.length + 1, end),
      hex.slice(row * 64, row * 64 + 64),
      executable,
    );
    start = end;
  }
  return folders.root();
}
