/** The one rule for plane-relative paths, in archives and in manifests. */
import type { Fault } from "../kernel/index.ts";
import { type archiveFaults, make } from "./faults.ts";
import { DEPTH_MAX, PATH_BYTES_MAX, SEGMENT_BYTES_MAX } from "./limits.ts";

type PathCode = Extract<keyof typeof archiveFaults, `ARCHIVE_PATH_${string}`>;
export interface PathProblem {
  readonly code: PathCode;
  readonly why: string;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this refuses.
const CONTROL = /[\u0001-\u001f\u007f-\u009f]/;
/** Line separators, byte order mark and the marks that make a name read backwards. */
const INVISIBLE = /[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;
/** Names Windows gives to devices, with any extension (Microsoft, "Naming Files, Paths, and Namespaces"). */
const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|:|$)/i;
const DRIVE = /^[A-Za-z]:/;
/** Most paths are this plain; the slow questions need not be asked. */
const PLAIN = /^[A-Za-z0-9_][A-Za-z0-9_-]*(?:[./][A-Za-z0-9_-]+)*$/;

/**
 * The first rule that `path` breaks, or undefined. A path is relative, slash-separated, NFC, at most 1,024 bytes of
 * UTF-8, 255 a segment and 32 segments deep, and is no drive, device or other name on Windows.
 */
export function checkEntryPath(path: string): Fault | undefined {
  const problem = pathProblem(path);
  return problem && make(problem.code, `path ${JSON.stringify(path)} ${problem.why}`, { path });
}

export function pathProblem(path: string): PathProblem | undefined {
  return wholeProblem(path) ?? segmentsProblem(path);
}

function wholeProblem(path: string): PathProblem | undefined {
  if (path === "") return { code: "ARCHIVE_PATH_EMPTY", why: "is empty" };
  if (path.includes("\0")) return { code: "ARCHIVE_PATH_NUL", why: "holds a NUL character" };
  if (!path.isWellFormed()) return { code: "ARCHIVE_PATH_ENCODING", why: "is not valid Unicode" };
  if (path.startsWith("/")) return { code: "ARCHIVE_PATH_ABSOLUTE", why: "is absolute" };
  if (path.includes("\\")) return { code: "ARCHIVE_PATH_BACKSLASH", why: "holds a backslash" };
  if (CONTROL.test(path) || INVISIBLE.test(path)) {
    return { code: "ARCHIVE_PATH_CONTROL", why: "holds a control or direction character" };
  }
  if (Buffer.byteLength(path) > PATH_BYTES_MAX) {
    return { code: "ARCHIVE_PATH_LONG", why: `is longer than ${PATH_BYTES_MAX} bytes` };
  }
  if (!PLAIN.test(path) && path.normalize("NFC") !== path) {
    return { code: "ARCHIVE_PATH_NOT_NFC", why: "is not in Unicode normal form C" };
  }
  return undefined;
}

function segmentsProblem(path: string): PathProblem | undefined {
  const segments = path.split("/");
  if (segments.length > DEPTH_MAX) {
    return { code: "ARCHIVE_PATH_DEEP", why: `is more than ${DEPTH_MAX} levels deep` };
  }
  for (const segment of segments) {
    const problem = segmentProblem(segment);
    if (problem) return problem;
  }
  return undefined;
}

function segmentProblem(segment: string): PathProblem | undefined {
  if (segment === "") return { code: "ARCHIVE_PATH_EMPTY_SEGMENT", why: "has an empty segment" };
  if (segment === ".") return { code: "ARCHIVE_PATH_DOT", why: 'has a "." segment' };
  if (segment === "..") return { code: "ARCHIVE_PATH_PARENT", why: 'has a ".." segment' };
  if (DRIVE.test(segment)) return { code: "ARCHIVE_PATH_DRIVE", why: "names a drive" };
  if (segment.endsWith(".") || segment.endsWith(" ")) {
    return { code: "ARCHIVE_PATH_TRAILING", why: "has a segment ending in a dot or space" };
  }
  if (RESERVED.test(segment)) {
    return { code: "ARCHIVE_PATH_RESERVED", why: "has a name Windows reserves for a device" };
  }
  if (segment.length > 63 && Buffer.byteLength(segment) > SEGMENT_BYTES_MAX) {
    return { code: "ARCHIVE_PATH_SEGMENT_LONG", why: `has a segment longer than ${SEGMENT_BYTES_MAX} bytes` };
  }
  return undefined;
}
