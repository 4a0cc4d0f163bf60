/** file_ownership against the receipts, both ways. */
import type { Row } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { registryPath } from "../plane/index.ts";
import type { Expected, ExpectedPaths } from "./expected.ts";
import type { Outcome } from "./outcome.ts";
import { isOwnershipAsWritten } from "./ownership-as-written.ts";
import { shellWord, shown } from "./shown.ts";
import { eachScannedRow } from "./tables.ts";

const FILE = registryPath("file_ownership");
const look = (path: string): string =>
  `Run "trace --explain ${shellWord(path)}", then correct its row in ${FILE} and run "pkg registry validate".`;

/** @returns whether every row is the very line an install writes, each path once: then there is nothing else to check in it */
export function judgeOwnership(
  fs: FileSystem,
  root: string,
  expected: ExpectedPaths,
  outcome: Outcome,
): boolean {
  if (isOwnershipAsWritten(fs, `${root}/${FILE}`, expected)) return true;
  const without_row = new Set<string>();
  for (const [index, path] of expected.paths.entries())
    if (expected.receiptAt(index) !== undefined) without_row.add(path);
  const read_all = eachScannedRow(fs, root, "file_ownership", (row) => {
    const one = without_row.delete(row.key) ? expected.get(row.key) : undefined;
    if (one === undefined) withoutReceipt(row.cells(), outcome);
    else differences(row.cells(), one, outcome);
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
  return false;
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
