/** The files of receipts as columns: of half a million files few are ever asked for one by one. */
import { CLASSIFICATIONS, type Classification, type ReceiptFile } from "../contracts/index.ts";
import { bare, DIGEST_BYTES } from "../kernel/index.ts";
import type { InstalledHead } from "../receipts/index.ts";

export interface FileColumns {
  readonly paths: readonly string[];
  /** 32 bytes each. */
  readonly digests: Uint8Array;
  /** See `flagsOf`. */
  readonly flags: Uint8Array;
}

/** What is installed, as the check knows it; its files apart. */
export interface KeptReceipt extends InstalledHead {
  /** Of the receipt's own bytes, bare hex. */
  readonly receipt_sha256: string;
}

/** What is installed, as the check reads it. */
export interface ReadReceipt extends KeptReceipt {
  readonly files: FileColumns;
}

/** What is known of a file besides its bytes, in one small number. */
export interface FileTraits {
  readonly classification: Classification;
  /** Undefined where nothing was recorded. */
  readonly executable: boolean | undefined;
  /** Whether an install put it there. */
  readonly is_created: boolean;
}

const EXECUTABLE = 16;
const CREATED = 32;
const UNRECORDED = 64;

export const flagsOf = ({ classification, executable, is_created }: FileTraits): number =>
  CLASSIFICATIONS.indexOf(classification) |
  (executable === undefined ? UNRECORDED : executable ? EXECUTABLE : 0) |
  (is_created ? CREATED : 0);

export const traitsOf = (flags: number): FileTraits => ({
  classification: classificationOf(flags),
  executable: executableOf(flags),
  is_created: isCreated(flags),
});

export const classificationOf = (flags: number): Classification => CLASSIFICATIONS[flags & 15] ?? "data";
export const executableOf = (flags: number): boolean | undefined =>
  (flags & UNRECORDED) === 0 ? (flags & EXECUTABLE) !== 0 : undefined;
export const isCreated = (flags: number): boolean => (flags & CREATED) !== 0;

/** `files`: as the schema wants them. */
export function columnsOfFiles(files: readonly ReceiptFile[]): FileColumns {
  const digests = Buffer.alloc(files.length * DIGEST_BYTES);
  for (const [index, { sha256 }] of files.entries()) digests.write(bare(sha256), index * DIGEST_BYTES, "hex");
  return {
    paths: files.map(({ path }) => path),
    digests,
    flags: Uint8Array.from(files, ({ classification, executable, origin }) =>
      flagsOf({ classification, executable, is_created: origin === "created" }),
    ),
  };
}
