/** The files of receipts as columns: of half a million files few are ever asked for one by one. */
import { CLASSIFICATIONS, type Classification, type ReceiptFile } from "../contracts/index.ts";
import type { InstalledHead } from "../receipts/index.ts";

export interface FileColumns {
  readonly paths: string[];
  /** `sha256:` and 64 hex digits. */
  readonly digests: string[];
  /** See `flagsOf`. */
  readonly flags: number[];
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

export function columnsOfFiles(files: readonly ReceiptFile[]): FileColumns {
  return {
    paths: files.map(({ path }) => path),
    digests: files.map(({ sha256 }) => sha256),
    flags: files.map(({ classification, executable, origin }) =>
      flagsOf({ classification, executable, is_created: origin === "created" }),
    ),
  };
}
