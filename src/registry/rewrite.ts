/**
 * One changed copy of a registry, streamed. What is not asked for keeps its bytes: untouched rows, blank lines, the
 * byte order mark, mixed line endings, and inside a changed row the cells that stay the same.
 */
import type { RegistryName } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { assert } from "../kernel/index.ts";
import { decodeCell, encodeCell } from "./cells.ts";
import { raise } from "./faults.ts";
import { type Header, keyOfRaw, requireSound } from "./header.ts";
import { type RawRow, readRawRows, registryPath } from "./raw-rows.ts";
import {
  planRewrite,
  type RegistryChange,
  type RewritePlan,
  renderNewRow,
  shownKey,
} from "./rewrite-plan.ts";
import { RowWriter } from "./row-writer.ts";
import { type ReadFs, readHeader } from "./scan.ts";

export type RewriteFs = ReadFs & Pick<Effects["fs"], "openWrite" | "setMode" | "remove">;

export interface RewriteRequest extends RegistryChange {
  readonly name: RegistryName;
  /** Absolute path of the registry as it is. */
  readonly from: string;
  /** Absolute path of the changed copy; must not exist. */
  readonly to: string;
}

export interface RewriteResult {
  readonly inserted: number;
  readonly updated: number;
  readonly removed: number;
  /** Rows copied byte for byte, upserts that changed nothing among them. */
  readonly kept: number;
  /** Of the copy; the digest is bare hex. */
  readonly size_bytes: number;
  readonly sha256: string;
}

/**
 * Writes `to` (mode 0644, synced; its directory is the caller's to sync) and leaves `from` alone.
 *
 * New rows get the header's line ending. A file that ends without a newline still does afterwards. A known column
 * that the header lacks is added at its end when a cell for it is not empty: only the header line and the rows written
 * gain a comma, every other row keeps its bytes and reads as empty there.
 * Removing rows that a rewrite inserted gives the bytes from before, unless the header gained a column.
 * A `to` begun is removed when the rewrite fails.
 *
 * @throws REGISTRY_MISSING, REGISTRY_UNREADABLE, REGISTRY_DAMAGED, REGISTRY_KEY_DUPLICATE (a key to change stands
 * twice), REGISTRY_CELL_UNSAFE, REGISTRY_COLUMN_UNKNOWN; errors of writing (EEXIST, ENOSPC…) as Node gives them
 */
export function rewriteRegistry(fs: RewriteFs, request: RewriteRequest): RewriteResult {
  const { name, from } = request;
  const header = readHeader(fs, from, name);
  const plan = planRewrite(name, header, request);
  if (request.insert === "sorted" && plan.upserts.size > 0) {
    const result = copyChanged(fs, request, header, plan, true);
    // Most files are in order, so that is found out while copying and not by a pass of its own.
    if (result !== undefined) return result;
  }
  const result = copyChanged(fs, request, header, plan, false);
  assert(result !== undefined, "rows that are put at the end need no order");
  return result;
}

/** Undefined when it `sorts` and the file turns out not to be in order. */
function copyChanged(
  fs: RewriteFs,
  { name, from, to }: RewriteRequest,
  header: Header,
  plan: RewritePlan,
  sorts: boolean,
): RewriteResult | undefined {
  const handle = fs.openWrite(to, { mode: 0o644, how: "exclusive" });
  let is_done = false;
  try {
    // The mode given at creation is cut by the umask.
    fs.setMode(to, 0o644);
    const rewrite = new Rewrite(name, header, plan, new RowWriter(handle, header.line_ending), sorts);
    for (const row of readRawRows(fs, from, name)) if (!rewrite.take(row)) return undefined;
    const result = rewrite.finish();
    handle.sync();
    is_done = true;
    return result;
  } finally {
    handle.close();
    if (!is_done) removeQuietly(fs, to);
  }
}

/** UTF-8 bytes compare like code points, which is the order of keys in a sorted registry. */
const keyBytes = (key: string): Buffer => Buffer.from(key);

class Rewrite {
  readonly #name: RegistryName;
  readonly #header: Header;
  readonly #plan: RewritePlan;
  readonly #writer: RowWriter;
  readonly #sorts: boolean;
  /** Keys to place, lowest first when the file is sorted; those before `placed` are done or stand in the file. */
  readonly #waiting: { readonly key: string; readonly bytes: Buffer }[];
  #placed = 0;
  #previous: Buffer = Buffer.alloc(0);
  /** Line on which a key of the plan was met. */
  readonly #met = new Map<string, number>();
  #is_first = true;
  #ends_with_newline = true;
  #inserted = 0;
  #updated = 0;
  #removed = 0;
  #kept = 0;

  constructor(name: RegistryName, header: Header, plan: RewritePlan, writer: RowWriter, sorts: boolean) {
    this.#name = name;
    this.#header = header;
    this.#plan = plan;
    this.#writer = writer;
    const waiting = Array.from(plan.upserts.keys(), (key) => ({ key, bytes: keyBytes(key) }));
    this.#sorts = sorts;
    this.#waiting = sorts ? waiting.sort((a, b) => Buffer.compare(a.bytes, b.bytes)) : waiting;
  }

  /** False when the row has a lower key than the one before, and new ones were to be put in order. */
  take(row: RawRow): boolean {
    this.#ends_with_newline = row.end > row.content_end;
    if (this.#is_first) this.#takeHeader(row);
    else if (row.blank) this.#copy(row);
    else return this.#takeRow(row);
    return true;
  }

  finish(): RewriteResult {
    for (const { key } of this.#waiting.slice(this.#placed)) this.#insert(key);
    return {
      ...this.#writer.finish(this.#ends_with_newline),
      inserted: this.#inserted,
      updated: this.#updated,
      removed: this.#removed,
      kept: this.#kept,
    };
  }

  #takeHeader(row: RawRow): void {
    this.#is_first = false;
    const gained = this.#plan.added_columns.map((column) => `,${column}`).join("");
    const content = row.bytes.subarray(0, row.content_end);
    const written = gained === "" ? content : Buffer.concat([content, Buffer.from(gained)]);
    this.#writer.copy(written, 0, written.length, row.end - row.content_end);
  }

  #takeRow(row: RawRow): boolean {
    requireSound(this.#name, this.#header, row);
    const key = keyOfRaw(this.#header, row);
    if (this.#sorts) {
      const bytes = keyBytes(key);
      if (Buffer.compare(this.#previous, bytes) > 0) return false;
      this.#previous = bytes;
      if (this.#placed < this.#waiting.length) this.#insertBelow(key, bytes);
    }
    this.#change(row, key);
    return true;
  }

  #change(row: RawRow, key: string): void {
    const cells = this.#plan.upserts.get(key);
    const is_removed = cells === undefined && this.#plan.removals.has(key);
    if (cells === undefined && !is_removed) {
      this.#kept++;
      this.#copy(row);
      return;
    }
    this.#meet(key, row.line);
    if (is_removed) {
      this.#removed++;
      return;
    }
    const changed = changedContent(row, cells ?? [], this.#plan.column_count);
    if (changed === undefined) {
      this.#kept++;
      this.#copy(row);
      return;
    }
    this.#updated++;
    this.#writer.copy(changed, 0, changed.length, row.end - row.content_end);
  }

  #insertBelow(key: string, bytes: Buffer): void {
    for (; this.#placed < this.#waiting.length; this.#placed++) {
      const next = this.#waiting[this.#placed];
      if (next === undefined || Buffer.compare(next.bytes, bytes) > 0) return;
      if (next.key !== key) this.#insert(next.key);
    }
  }

  #insert(key: string): void {
    const cells = this.#plan.upserts.get(key);
    if (cells === undefined || this.#met.has(key)) return;
    this.#met.set(key, 0);
    this.#writer.add(renderNewRow(this.#plan, cells));
    this.#inserted++;
  }

  #copy(row: RawRow): void {
    this.#writer.copy(row.bytes, row.start, row.content_end, row.end - row.content_end);
  }

  #meet(key: string, line: number): void {
    const first_line = this.#met.get(key);
    if (first_line !== undefined) {
      const path = registryPath(this.#name);
      const shown = shownKey(key);
      raise("REGISTRY_KEY_DUPLICATE", `${path} has two rows for ${shown}, lines ${first_line} and ${line}`, {
        path,
        line,
        first_line,
        key: shown,
      });
    }
    this.#met.set(key, line);
  }
}

/** The row with the wanted cells in place, or undefined when it has them already. */
function changedContent(
  row: RawRow,
  cells: readonly (readonly [number, string])[],
  column_count: number,
): Buffer | undefined {
  const changed = new Map(cells.filter(([index, text]) => decodeCell(row.bytes, row, index) !== text));
  if (changed.size === 0) return undefined;
  const parts: Buffer[] = [];
  const comma = Buffer.from(",");
  for (let index = 0; index < column_count; index++) {
    if (index > 0) parts.push(comma);
    const text = changed.get(index);
    if (text !== undefined) parts.push(Buffer.from(encodeCell(text)));
    else if (index < row.cell_count) parts.push(row.bytes.subarray(row.cellStart(index), row.cellEnd(index)));
  }
  return Buffer.concat(parts);
}

function removeQuietly(fs: Pick<Effects["fs"], "remove">, path: string): void {
  try {
    fs.remove(path);
  } catch {
    // The failure that led here is the one to report.
  }
}
