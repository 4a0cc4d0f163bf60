/** One header record to its meaning. Whatever two readers could understand differently is refused here. */
import type { Details, Fault } from "../kernel/index.ts";
import { type archiveFaults, make } from "./faults.ts";
import {
  FIELDS,
  type Field,
  GNU_MAGIC,
  headerSum,
  isZero,
  MAGIC_AT,
  RECORD_BYTES,
  TYPE_AT,
  USTAR_MAGIC,
} from "./tar-format.ts";

export interface Header {
  /** Prefix and name joined, as UTF-8 bytes read strictly; empty when a long name follows elsewhere. */
  readonly name: Buffer;
  readonly type: string;
  readonly mode: number;
  readonly size_bytes: number;
}

type TarCode = Exclude<
  keyof typeof archiveFaults,
  `ARCHIVE_PATH_${string}` | "ARCHIVE_DIGEST_MISMATCH" | "ARCHIVE_STAGING"
>;

/** Makes faults that name the archive, and the member where one is known. */
export class Refusal {
  readonly archive: string;
  constructor(archive: string) {
    this.archive = archive;
  }
  make(code: TarCode, why: string, details: Details = {}): Fault {
    const where = details["path"] === undefined ? "" : ` (member ${JSON.stringify(details["path"])})`;
    return make(code, `${why}${where}`, { ...details, archive: this.archive });
  }
}

/** Reads a record that is not all zeros. */
export function decodeHeader(record: Buffer, refusal: Refusal): Header {
  const sum = octal(record, FIELDS.checksum, refusal);
  if (sum !== headerSum(record)) {
    throw refusal.make("ARCHIVE_TAR_CHECKSUM", "a member header does not match its own checksum");
  }
  const magic = record.toString("latin1", MAGIC_AT, MAGIC_AT + 8);
  if (magic !== USTAR_MAGIC && magic !== GNU_MAGIC) {
    throw refusal.make("ARCHIVE_TAR_MAGIC", "a member header is neither ustar nor GNU tar");
  }
  const is_ustar = magic === USTAR_MAGIC;
  // GNU's own format keeps times and sparse maps where ustar has the prefix.
  if (!isZero(record.subarray(is_ustar ? 500 : FIELDS.prefix.at, RECORD_BYTES))) {
    throw refusal.make("ARCHIVE_TAR_FIELD", "a member header holds data after its last field");
  }
  const type = String.fromCharCode(record[TYPE_AT] ?? 0);
  for (const field of [FIELDS.uid, FIELDS.gid, FIELDS.mtime, FIELDS.devmajor, FIELDS.devminor]) {
    octal(record, field, refusal);
  }
  const prefix = is_ustar ? text(record, FIELDS.prefix, refusal) : Buffer.alloc(0);
  const name = text(record, FIELDS.name, refusal);
  return {
    name: prefix.length > 0 ? Buffer.concat([prefix, Buffer.from("/"), name]) : name,
    type: type === "\0" ? "0" : type,
    mode: octal(record, FIELDS.mode, refusal),
    size_bytes: octal(record, FIELDS.size, refusal),
  };
}

/** True when the record's link target is empty, as it must be for files and directories. */
export const hasNoLink = (record: Buffer): boolean =>
  isZero(record.subarray(FIELDS.linkname.at, FIELDS.linkname.at + FIELDS.linkname.length));

/** Octal digits, spaces before them and NULs or spaces after; an empty field is 0, as old writers leave it. */
function octal(record: Buffer, { name, at, length }: Field, refusal: Refusal): number {
  const first = record[at] ?? 0;
  if (first >= 0x80) {
    throw refusal.make("ARCHIVE_NUMBER_BASE256", `field ${name} holds a base-256 number`, { field: name });
  }
  const digits = /^ *([0-7]*)[\0 ]*$/.exec(record.toString("latin1", at, at + length))?.[1];
  if (digits === undefined) {
    throw refusal.make("ARCHIVE_NUMBER_INVALID", `field ${name} is no octal number`, { field: name });
  }
  return digits === "" ? 0 : Number.parseInt(digits, 8);
}

/** Bytes up to the first NUL; a reader that goes on past it would see another name. */
function text(record: Buffer, { at, length }: Field, refusal: Refusal): Buffer {
  const field = record.subarray(at, at + length);
  const end = field.indexOf(0);
  if (end < 0) return field;
  if (!isZero(field.subarray(end))) throw nulInName(field, refusal);
  return field.subarray(0, end);
}

function nulInName(field: Buffer, refusal: Refusal): Fault {
  const path = field.toString("latin1");
  return make("ARCHIVE_PATH_NUL", `a member name holds a NUL character`, { path, archive: refusal.archive });
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A member name as text. */
export function decodeName(bytes: Uint8Array, refusal: Refusal): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    const path = Buffer.from(bytes).toString("latin1");
    throw make("ARCHIVE_PATH_ENCODING", "a member name is not UTF-8", { path, archive: refusal.archive });
  }
}
