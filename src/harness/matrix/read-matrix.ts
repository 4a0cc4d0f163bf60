/** A matrix file and a file of waivers; whatever is wrong is named with its field. */
import { MatrixFile, type MatrixWaiver, MatrixWaivers } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { firstIssue, parseToml } from "../../metadata/index.ts";
import { raise } from "../faults.ts";

type Needs = Pick<Effects, "fs">;

/** @throws METADATA_SYNTAX, MATRIX_INVALID */
export function readMatrix(effects: Needs, absolute_path: string, path: string): MatrixFile {
  const read = MatrixFile.safeParse(tableOf(effects, absolute_path, path));
  if (!read.success) return refuse(path, firstIssue(read.error));
  if (Object.keys(read.data.packages).length > 0) return read.data;
  return refuse(path, { field: "/packages", message: "there is no version to run" });
}

/** None where the file is not there. @throws METADATA_SYNTAX, MATRIX_INVALID */
export function readWaivers(effects: Needs, absolute_path: string, path: string): readonly MatrixWaiver[] {
  if (effects.fs.stat(absolute_path) === undefined) return [];
  const read = MatrixWaivers.safeParse(tableOf(effects, absolute_path, path));
  return read.success ? read.data.waive : refuse(path, firstIssue(read.error));
}

const refuse = (path: string, { field, message }: { field: string; message: string }): never =>
  raise("MATRIX_INVALID", `${path}: ${field}: ${message}`, { path, field });

/** TOML has dates of its own; the form takes the text. */
function tableOf({ fs }: Needs, absolute_path: string, path: string): unknown {
  const table = parseToml(fs.readText(absolute_path), path);
  const { waive } = table;
  if (!Array.isArray(waive)) return table;
  return { ...table, waive: waive.map(withDate) };
}

function withDate(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { expires } = value as { expires?: unknown };
  if (!(expires instanceof Date) || Number.isNaN(expires.getTime())) return value;
  return { ...value, expires: expires.toISOString().slice(0, 10) };
}
