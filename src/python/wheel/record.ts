/** The RECORD of a wheel: every file with its digest and size. What it does not name is not installed, it is refused. */
import { createHash } from "node:crypto";

export interface RecordRow {
  /** `sha256=…` in URL-safe base64 without padding; undefined for the RECORD itself. */
  readonly hash: string | undefined;
  readonly size_bytes: number | undefined;
}

/** Path to row; undefined when it is not what the format allows. A name twice is refused. */
export function parseRecord(text: string): Map<string, RecordRow> | undefined {
  const rows = new Map<string, RecordRow>();
  for (const line of text.split(/\r?\n/)) {
    if (line === "") continue;
    const cells = cellsOf(line);
    const [path = "", hash = "", size = ""] = cells ?? [];
    if (cells?.length !== 3 || path === "" || rows.has(path) || !/^\d{0,15}$/.test(size)) return undefined;
    rows.set(path, {
      hash: hash === "" ? undefined : hash,
      size_bytes: size === "" ? undefined : Number(size),
    });
  }
  return rows;
}

/** A quoted cell may hold commas and doubled quotes; none may hold a line break. */
function cellsOf(line: string): string[] | undefined {
  const cells: string[] = [];
  const CELL = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (;;) {
    const found = CELL.exec(line);
    if (found === null) return undefined;
    cells.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? "");
    if (found[3] === "") return cells;
  }
}

const STRONG = new Set(["sha256", "sha384", "sha512"]);

/** Whether the bytes are those of the row. */
export function isRecorded({ hash = "", size_bytes }: RecordRow, bytes: Uint8Array): boolean {
  const [algorithm = "", digest = ""] = hash.split("=");
  if (!STRONG.has(algorithm) || (size_bytes !== undefined && size_bytes !== bytes.length)) return false;
  return createHash(algorithm).update(bytes).digest("base64url") === digest.replace(/=+$/, "");
}
