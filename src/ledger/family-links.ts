/** What streams say of one another: a child's first entry names its parent's head, a parent's summaries its children's. */
import type { FileSystem } from "../effects/index.ts";
import type { NamedHead } from "./genesis.ts";
import { readEntries } from "./read.ts";
import { asEntry } from "./stored-entry.ts";
import { storedLines } from "./stored-lines.ts";
import type { StreamRef } from "./stream-ref.ts";

export const SUMMARY_EVENT = "ledger_summary";

export interface FamilyLink {
  /** Whose head is named: the stream above, or one below. */
  readonly kind: "parent" | "child";
  /** Name of the stream that says it, and the line, from 1. */
  readonly from: string;
  readonly line: number;
  readonly to: NamedHead;
}

/** The head of the parent that the stream's first entry names. @throws LEDGER_IO */
export function parentLink(fs: FileSystem, stream: StreamRef): FamilyLink | undefined {
  const [genesis] = readEntries(fs, stream);
  const first = genesis?.entry;
  const { parent_ledger, parent_hash, parent_entries } = first?.metadata ?? {};
  if (first?.event_type !== "GENESIS" || typeof parent_ledger !== "string" || parent_ledger === "")
    return undefined;
  const entry_hash = typeof parent_hash === "string" ? parent_hash : "";
  const to = {
    stream: parent_ledger,
    entry_hash,
    ...(isCount(parent_entries) && { entries: parent_entries }),
  };
  return { kind: "parent", from: stream.name, line: 1, to };
}

const MARK = Buffer.from(`"event_type": "${SUMMARY_EVENT}"`);

/**
 * The heads of children that the stream's summaries name, oldest first. `childless_bytes`: so many at its start are whole lines
 * without any. @throws Node's own error
 */
export function* childLinks(fs: FileSystem, stream: StreamRef, childless_bytes = 0): Generator<FamilyLink> {
  if (fs.stat(stream.path) === undefined || !mayHold(fs, stream.path, MARK, childless_bytes)) return;
  for (const { line, bytes, complete } of storedLines(fs, stream.path)) {
    if (!complete || !bytes.includes(MARK)) continue;
    const entry = asEntry(bytes.toString("utf8"));
    const children: unknown = entry?.event_type === SUMMARY_EVENT ? entry.metadata["children"] : [];
    for (const child of Array.isArray(children) ? (children as unknown[]) : []) {
      const to = asHead(child);
      if (to !== undefined) yield { kind: "child", from: stream.name, line, to };
    }
  }
}

/** Large pieces are searched ten times faster than lines, and most streams hold no summary. */
function mayHold(fs: Pick<FileSystem, "openRead">, path: string, mark: Buffer, from: number): boolean {
  const handle = fs.openRead(path);
  try {
    const buffer = Buffer.allocUnsafe(SEARCHED_BYTES);
    for (let at = from, held = 0; ; ) {
      const count = handle.read(buffer.subarray(held), at);
      if (count === 0) return false;
      at += count;
      const piece = buffer.subarray(0, held + count);
      if (piece.includes(mark)) return true;
      // The mark may lie across two pieces.
      held = Math.min(piece.length, mark.length - 1);
      buffer.copyWithin(0, piece.length - held, piece.length);
    }
  } finally {
    handle.close();
  }
}

const SEARCHED_BYTES = 1 << 20;

function asHead(value: unknown): Required<NamedHead> | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { stream, entry_hash, entries } = value as Readonly<Record<string, unknown>>;
  return typeof stream === "string" && typeof entry_hash === "string" && isCount(entries)
    ? { stream, entry_hash, entries }
    : undefined;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;
