/** Registry rows for the checks across files. A damaged registry gives none: the registry check says what is wrong with it. */
import type { RegistryName, Row } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { registryPath } from "../plane/index.ts";
import { type ScannedRow, scanRows } from "../registry/index.ts";

/** Calls `onRow` for each row; false when the file cannot be read to its end. */
export function eachScannedRow(
  fs: FileSystem,
  root: string,
  name: RegistryName,
  onRow: (row: ScannedRow) => void,
): boolean {
  try {
    for (const row of scanRows(fs, `${root}/${registryPath(name)}`, name)) onRow(row);
    return true;
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}

/** All rows; undefined when the file cannot be read to its end. */
export function rowsOf(fs: FileSystem, root: string, name: RegistryName): Row[] | undefined {
  const rows: Row[] = [];
  return eachScannedRow(fs, root, name, (row) => rows.push(row.cells())) ? rows : undefined;
}

/** A cell that names a path in the plane, without leading slash; undefined when it is empty or leaves the plane. */
export function pathCell(text: string | undefined): string | undefined {
  const path = (text ?? "").replace(/^\/+|\/+$/g, "");
  if (path === "" || path.includes("\0")) return undefined;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..") ? path : undefined;
}
