/** file_ownership against the receipts, both ways. */
import { CLASSIFICATIONS, type Classification, type Row } from "../contracts/index.ts";
import type { FileSystem, Random } from "../effects/index.ts";
import { registryPath } from "../plane/index.ts";
import type { Expected, ExpectedPaths } from "./expected.ts";
import type { LostReceipts } from "./lost-receipts.ts";
import type { OwnershipMemo } from "./note.ts";
import type { Outcome } from "./outcome.ts";
import { isOwnershipAsWritten } from "./ownership-as-written.ts";
import { OwnershipKeeper, recallOwnership } from "./ownership-memo.ts";
import { packageKey, tierOf } from "./package-events.ts";
import type { Recall } from "./recall.ts";
import { shellWord, shown } from "./shown.ts";
import { eachScannedRow } from "./tables.ts";

const FILE = registryPath("file_ownership");
const look = (path: string): string =>
  `Run "trace --explain ${shellWord(path)}", then correct its row in ${FILE} and run "pkg registry validate".`;

export interface OwnershipVerdict {
  /** Every row is the very line an install writes, each path once: then there is nothing else to check in it. */
  readonly is_as_written: boolean;
  /** For the next check; null where there is nothing to recall. */
  readonly memo: OwnershipMemo | null;
  /** What rows give to packages whose receipt is lost. */
  readonly lost_paths: ReadonlyMap<string, LostPath>;
}

export interface LostPath {
  readonly owner: string;
  readonly classification: Classification | null;
  readonly expected: string;
  /** The command that makes the receipt anew. */
  readonly cure: string;
}

/** @param keeping where something is to be kept, with what is known of it from the last check. @throws NotRecallable where there is one */
export function judgeOwnership(
  fs: FileSystem,
  root: string,
  { expected, lost }: { readonly expected: ExpectedPaths; readonly lost: LostReceipts },
  outcome: Outcome,
  keeping?: { readonly random: Random; readonly key: Buffer; readonly recall: Recall | undefined },
): OwnershipVerdict {
  const path = `${root}/${FILE}`;
  if (keeping?.recall !== undefined) {
    const memo = recallOwnership({ fs, ...keeping }, path, keeping.recall, expected);
    return { is_as_written: true, memo, lost_paths: new Map() };
  }
  const keeper = keeping && new OwnershipKeeper(keeping.random, keeping.key);
  const as_written = isOwnershipAsWritten(fs, path, expected, keeper);
  const memo = as_written === "ordered" && keeper !== undefined ? { pieces: keeper.pieces } : null;
  const lost_paths = new Map<string, LostPath>();
  if (as_written === false) judgeRows(fs, root, { expected, lost, lost_paths }, outcome);
  return { is_as_written: as_written !== false, memo, lost_paths };
}

function judgeRows(
  fs: FileSystem,
  root: string,
  {
    expected,
    lost,
    lost_paths,
  }: {
    readonly expected: ExpectedPaths;
    readonly lost: LostReceipts;
    readonly lost_paths: Map<string, LostPath>;
  },
  outcome: Outcome,
): void {
  const without_row = new Set<string>();
  for (const [index, path] of expected.paths.entries())
    if (expected.receiptAt(index) !== undefined) without_row.add(path);
  const read_all = eachScannedRow(fs, root, "file_ownership", (row) => {
    const one = without_row.delete(row.key) ? expected.get(row.key) : undefined;
    if (one === undefined) {
      const path = lostPath(row.cells(), lost);
      if (path === undefined) withoutReceipt(row.cells(), outcome);
      else lost_paths.set(row.key, path);
    } else differences(row.cells(), one, outcome);
  });
  for (const path of read_all ? without_row : []) {
    const owner = expected.get(path)?.owner;
    const message = `${FILE} has no row for ${shown(path)}, which ${owner ?? "a package"} installed`;
    outcome.find("OWNERSHIP_ROW_MISSING", message, look(path), {
      path: FILE,
      field: path,
      package_id: owner,
    });
  }
}

/** A row is no receipt, but says whose file it is where the receipt cannot. */
function lostPath(
  { file_path = "", owner_package_id: owner = "", sha256 = "", classification = "" }: Row,
  lost: LostReceipts,
): LostPath | undefined {
  const cure = lost.get(packageKey(owner, tierOf(file_path)));
  const known = CLASSIFICATIONS.find((one) => one === classification) ?? null;
  return cure === undefined ? undefined : { owner, classification: known, expected: sha256, cure };
}

function withoutReceipt({ file_path: path = "", owner_package_id: owner = "" }: Row, outcome: Outcome): void {
  const message = `${FILE} gives ${shown(path)} to ${shown(owner)}, and no receipt lists it`;
  outcome.find("OWNERSHIP_WITHOUT_RECEIPT", message, look(path), {
    path: FILE,
    field: path,
    package_id: owner,
  });
}

function differences(row: Row, one: Expected, outcome: Outcome): void {
  const pairs = [
    ["owner_package_id", one.owner],
    ["sha256", one.sha256],
    ["classification", one.classification],
  ] as const;
  for (const [column, expected] of pairs) {
    const actual = row[column] ?? "";
    if (expected === actual) continue;
    const message = `${FILE} has another ${column} for ${shown(one.path)} than its receipt`;
    outcome.find("OWNERSHIP_DIFFERS", message, look(one.path), {
      path: FILE,
      field: column,
      package_id: one.owner,
      expected,
      actual,
    });
  }
}
