/**
 * The one encoding of a member in profile `canonical`.
 *
 * Rule: a path of ASCII that fits ustar's name field, or its prefix and name fields split at the first slash that makes
 * both fit, is written there. Every other path gets one pax record `path` before it, and its ustar name field then holds
 * the first 100 bytes of the path with "?" for every non-ASCII character.
 */
import {
  FIELDS,
  type Field,
  headerSum,
  MAGIC_AT,
  paddedBytes,
  RECORD_BYTES,
  TYPE_AT,
  USTAR_MAGIC,
} from "./tar-format.ts";

export interface MemberShape {
  /** Without a trailing slash. */
  readonly path: string;
  readonly kind: "file" | "directory";
  readonly executable: boolean;
  /** 0 for a directory. */
  readonly size_bytes: number;
}

/** Two empty records end the archive, and nothing pads it further. */
export const CANONICAL_END = Buffer.alloc(2 * RECORD_BYTES);

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is plain ASCII.
const NON_ASCII = /[^\u0000-\u007f]/gu;
const PAX_HEADER_NAME = "././@PaxHeader";

/** Header records of a member: one, or three when its path needs a pax record. */
export function encodeHeader(member: MemberShape): Buffer {
  const name = member.kind === "directory" ? `${member.path}/` : member.path;
  const type = member.kind === "directory" ? "5" : "0";
  const mode = member.kind === "directory" || member.executable ? 0o755 : 0o644;
  const split = ustarSplit(name);
  if (split) return ustarHeader({ ...split, type, mode, size_bytes: member.size_bytes });
  const record = paxRecord("path", name);
  const body = Buffer.alloc(paddedBytes(record.length));
  record.copy(body);
  const shortened = name.replace(NON_ASCII, "?").slice(0, FIELDS.name.length);
  return Buffer.concat([
    ustarHeader({ name: PAX_HEADER_NAME, prefix: "", type: "x", mode: 0, size_bytes: record.length }),
    body,
    ustarHeader({ name: shortened, prefix: "", type, mode, size_bytes: member.size_bytes }),
  ]);
}

function ustarSplit(name: string): { name: string; prefix: string } | undefined {
  if (name.search(NON_ASCII) >= 0) return undefined;
  if (name.length <= FIELDS.name.length) return { name, prefix: "" };
  // The slash that ends a directory's name is no place to split.
  const slash = name.indexOf("/", name.length - FIELDS.name.length - 1);
  if (slash <= 0 || slash > FIELDS.prefix.length || slash >= name.length - 1) return undefined;
  return { name: name.slice(slash + 1), prefix: name.slice(0, slash) };
}

/** `LENGTH KEY=VALUE\n`, where LENGTH counts its own digits. */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length = rest + String(length).length;
  return Buffer.from(`${length} ${key}=${value}\n`);
}

interface UstarHeader {
  readonly name: string;
  readonly prefix: string;
  readonly type: string;
  readonly mode: number;
  readonly size_bytes: number;
}

function ustarHeader(fields: UstarHeader): Buffer {
  const header = Buffer.alloc(RECORD_BYTES);
  header.write(fields.name, FIELDS.name.at, "latin1");
  writeOctal(header, FIELDS.mode, fields.mode);
  writeOctal(header, FIELDS.uid, 0);
  writeOctal(header, FIELDS.gid, 0);
  writeOctal(header, FIELDS.size, fields.size_bytes);
  writeOctal(header, FIELDS.mtime, 0);
  header.write(fields.type, TYPE_AT, "latin1");
  header.write(USTAR_MAGIC, MAGIC_AT, "latin1");
  header.write(fields.prefix, FIELDS.prefix.at, "latin1");
  // Six digits, NUL, space: the form every tar has written since the first.
  header.write(`${headerSum(header).toString(8).padStart(6, "0")}\0 `, FIELDS.checksum.at, "latin1");
  return header;
}

function writeOctal(header: Buffer, { at, length }: Field, value: number): void {
  header.write(value.toString(8).padStart(length - 1, "0"), at, "latin1");
}
