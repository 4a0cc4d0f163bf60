/** file_ownership against the receipts, both ways. */
import { REGISTRY_COLUMNS, type Row } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { registryPath } from "../plane/index.ts";
import { emptyRegistry, readHeader, type ScannedRow } from "../registry/index.ts";
import type { Expected } from "./expected.ts";
import type { Outcome } from "./outcome.ts";
import { shellWord, shown } from "./shown.ts";
import { eachScannedRow } from "./tables.ts";

const FILE = registryPath("file_ownership");
const look = (path: string): string =>
  `Run "trace --explain ${shellWord(path)}", then correct its row in ${FILE} and run "pkg registry validate".`;

/** @returns whether every row is the very line an install writes, each path once: then there is nothing else to check in it */
export function judgeOwnership(
  fs: FileSystem,
  root: string,
  expected: ReadonlyMap<string, Expected>,
  outcome: Outcome,
): boolean {
  let is_as_written = true;
  let bytes = Buffer.byteLength(emptyRegistry("file_ownership"));
  const without_row = new Set<string>();
  for (const [path, { kind }] of expected) if (kind === "package") without_row.add(path);
  const judgeRow = (row: ScannedRow): void => {
    is_as_written = false;
    const one = without_row.delete(row.key) ? expected.get(row.key) : undefined;
    if (one === undefined) withoutReceipt(row.cells(), outcome);
    else differences(row.cells(), one, outcome);
  };
  const has_usual_form = hasUsualForm(fs, root);
  const read_all = eachScannedRow(fs, root, "file_ownership", (row) => {
    const one = has_usual_form ? expected.get(row.key) : undefined;
    // A row written as we write it equals its receipt byte for byte, and need not be taken apart.
    const text = one === undefined ? "" : row.bytes.toString("utf8");
    if (one === undefined || !text.startsWith(usualRow(one)) || !without_row.delete(row.key)) judgeRow(row);
    else is_as_written &&= text === `${usualRow(one)}${one.receipt?.installed_at}\r\n` && isPlain(row.key);
    bytes += row.bytes.length;
  });
  if (!read_all) return false;
  for (const path of without_row) {
    const owner = expected.get(path)?.owner;
    const message = `${FILE} has no row for ${shown(path)}, which ${owner ?? "a package"} installed`;
    outcome.find("OWNERSHIP_ROW_MISSING", message, look(path), {
      path: FILE,
      field: path,
      package_id: owner,
    });
  }
  // Nothing else is in the file: no blank line, no other header.
  const is_whole = fs.stat(`${root}/${FILE}`)?.size_bytes === bytes;
  return is_as_written && is_whole && has_usual_form && without_row.size === 0;
}

/** Begins with nothing that a spreadsheet would execute. */
const isPlain = (path: string): boolean => !/^[=+\-@\t\r]/.test(path);

const usualRow = ({ path, owner, sha256, classification }: Expected): string =>
  `${path},${owner},${sha256},${classification},`;

function hasUsualForm(fs: FileSystem, root: string): boolean {
  try {
    const { columns } = readHeader(fs, `${root}/${FILE}`, "file_ownership");
    return REGISTRY_COLUMNS.file_ownership.every((column, index) => columns[index] === column);
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
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
