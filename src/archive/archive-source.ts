/** What a packer is given: one regular file each, from memory or from an open file. */
import type { ReadHandle } from "../effects/index.ts";

interface SourceShape {
  /** Plane-relative; see `checkEntryPath`. */
  readonly path: string;
  readonly executable: boolean;
}

export interface FileSource extends SourceShape {
  /** Exactly as many bytes as `open` will yield. */
  readonly size_bytes: number;
  /** Called once, when the file's turn comes; the writer closes the handle. */
  open(): ReadHandle;
}

export interface BytesSource extends SourceShape {
  readonly bytes: Uint8Array;
}

export type ArchiveSource = FileSource | BytesSource;

export const sourceBytes = (source: ArchiveSource): number =>
  "bytes" in source ? source.bytes.length : source.size_bytes;
