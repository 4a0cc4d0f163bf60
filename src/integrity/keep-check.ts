/** From what a check saw and found to what the next one recalls. */
import type { SeenFiles } from "../effects/index.ts";
import type { CheckParts } from "./check-parts.ts";
import { ColumnsWriter } from "./columns-writer.ts";
import type { FileReader } from "./file-reader.ts";
import type { Note } from "./note.ts";
import { writeOthers } from "./other-rows.ts";
import { OwnedRows } from "./owned-rows.ts";
import type { Recall } from "./recall.ts";
import type { CacheColumns } from "./stat-cache-form.ts";

export interface KeptColumns {
  readonly columns: Omit<CacheColumns, "note">;
  readonly note: Pick<Note, "pending" | "ownership" | "events" | "registry_findings">;
  /** Whether the report stands as long as no row changes. */
  readonly is_steady: boolean;
}

export function columnsOf(
  root: string,
  parts: CheckParts,
  { seen, reader, recall, began_ns }: Looked,
): KeptColumns {
  const count_max =
    reader.tables.reduce((sum, { paths }) => sum + paths.length, seen.stamps.size) +
    (recall?.last.columns.ends.length ?? 0);
  const writer = new ColumnsWriter(count_max, began_ns);
  const owned = new OwnedRows(root, parts, recall, writer);
  const folders = owned.writeAll();
  const others = writeOthers(writer, { seen, reader, recall }, owned.keptIn(parts.judged));
  const { receipts, pending } = owned.rest();
  const { ownership, events, packages, registry_findings } = parts;
  const texts = {
    receipts: recall?.bytesOf(receipts) ?? jsonBytes(receipts),
    packages: recall?.packageBytes ?? jsonBytes(packages),
  };
  return {
    columns: { ...writer.cut(), ...folders, ...others.columns, ...texts },
    note: { pending, ownership, events, registry_findings },
    is_steady: seen.is_steady && others.is_steady && !writer.is_racy,
  };
}

const jsonBytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

interface Looked {
  readonly seen: SeenFiles;
  readonly reader: FileReader;
  readonly recall: Recall | undefined;
  readonly began_ns: bigint;
}
