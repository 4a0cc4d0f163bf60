/** Pax extended header records (POSIX pax, "Extended Header"): `LENGTH KEY=VALUE\n`, back to back. */
import { make } from "./faults.ts";
import { decodeName, type Refusal } from "./tar-decode.ts";

export interface PaxFacts {
  readonly path?: string;
  readonly size_bytes?: number;
}

/** Say nothing about which bytes go where. */
const HARMLESS = new Set([
  "atime",
  "ctime",
  "mtime",
  "uid",
  "gid",
  "uname",
  "gname",
  "comment",
  "LIBARCHIVE.creationtime",
  "SCHILY.dev",
  "SCHILY.ino",
  "SCHILY.nlink",
]);

export function parsePax(body: Buffer, scope: "member" | "global", refusal: Refusal): PaxFacts {
  const facts: { path?: string; size_bytes?: number } = {};
  for (const [key, value] of records(body, refusal)) {
    if (scope === "global") {
      // `git archive` records its commit this way; anything else would change members that do not show it.
      if (key === "comment") continue;
      throw refusal.make("ARCHIVE_PAX_GLOBAL", `a global pax header sets ${JSON.stringify(key)}`, { key });
    }
    if (HARMLESS.has(key)) continue;
    if (key === "path") facts.path = pathValue(value, refusal);
    else if (key === "size") facts.size_bytes = sizeValue(value, refusal);
    else throw unwelcome(key, refusal);
  }
  return facts;
}

function* records(body: Buffer, refusal: Refusal): Generator<[string, Buffer]> {
  const seen = new Set<string>();
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(0x20, at);
    const digits = space < 0 ? "" : body.toString("latin1", at, Math.min(space, at + 8));
    if (!/^[1-9][0-9]{0,6}$/.test(digits)) throw invalid("a record has no length", refusal);
    const end = at + Number(digits);
    if (end > body.length || body[end - 1] !== 0x0a) {
      throw refusal.make("ARCHIVE_PAX_UNTERMINATED", "a pax record does not end where it says");
    }
    const equals = body.indexOf(0x3d, space);
    if (equals < 0 || equals >= end || equals === space + 1) throw invalid("a record has no key", refusal);
    const key = body.toString("utf8", space + 1, equals);
    if (seen.has(key)) throw invalid(`${JSON.stringify(key)} is given twice`, refusal);
    seen.add(key);
    yield [key, body.subarray(equals + 1, end - 1)];
    at = end;
  }
}

const invalid = (why: string, refusal: Refusal) =>
  refusal.make("ARCHIVE_PAX_INVALID", `a pax header is malformed: ${why}`);

function pathValue(value: Buffer, refusal: Refusal): string {
  const path = decodeName(value, refusal);
  if (path.includes("\0")) {
    throw make("ARCHIVE_PATH_NUL", "a member name holds a NUL character", { path, archive: refusal.archive });
  }
  if (path === "") throw invalid("its path is empty", refusal);
  return path;
}

function sizeValue(value: Buffer, refusal: Refusal): number {
  const digits = value.toString("latin1");
  if (!/^(0|[1-9][0-9]{0,15})$/.test(digits)) throw invalid("its size is no decimal number", refusal);
  return Number(digits);
}

function unwelcome(key: string, refusal: Refusal) {
  const shown = JSON.stringify(key);
  if (key.startsWith("GNU.sparse."))
    return refusal.make("ARCHIVE_SPARSE", `a pax header makes a file sparse: ${shown}`, { key });
  if (/(^|\.)(xattr|acl)\b/i.test(key)) {
    return refusal.make("ARCHIVE_XATTR", `a pax header carries extended attributes: ${shown}`, { key });
  }
  return refusal.make("ARCHIVE_PAX_KEY", `a pax header sets ${shown}`, { key });
}
