/** Installed Python distributions of a site-packages folder: `*.dist-info` with RECORD, and the older `*.egg-info`. */
import type { FileSystem } from "../../effects/index.ts";
import { type AdoptFindings, shown } from "./adopt-findings.ts";
import type { Claim, Recognised, Walked } from "./inventory-types.ts";
import { readSeen } from "./read-text.ts";
import { readRecord } from "./record-file.ts";

type Fs = Pick<FileSystem, "openRead">;
const RECORD_BYTES_MAX = 64 << 20;
const METADATA_BYTES_MAX = 4 << 20;
const INFO = /^[^/]+\.(dist-info|egg-info)$/;

export function pythonPackages(fs: Fs, walked: Walked, findings: AdoptFindings): Recognised[] {
  const places = [...walked.folders.keys()].filter((path) => INFO.test(path)).sort();
  return places.map((place) => readOne(fs, walked, place, findings));
}

export const holdsPythonPackages = ({ folders }: Walked): boolean =>
  [...folders.keys()].some((path) => INFO.test(path));

function readOne(fs: Fs, walked: Walked, place: string, findings: AdoptFindings): Recognised {
  const is_egg = place.endsWith(".egg-info");
  const headers = readHeaders(fs, walked, `${place}/${is_egg ? "PKG-INFO" : "METADATA"}`, findings);
  const [, stem_name = place, stem_version] = /^(.+?)(?:-([^-]+))?\.(?:dist|egg)-info$/.exec(place) ?? [];
  const claims = is_egg ? eggClaims(fs, walked, place) : recordClaims(fs, walked, place, findings);
  if (claims === undefined) {
    const file = is_egg ? "installed-files.txt" : "RECORD";
    findings.add("RECORD_MISSING", `${shown(place)} has no ${file} that says which files are its own`, {
      path: place,
    });
  }
  return {
    kind: "python",
    name: headers.get("name") ?? stem_name,
    version: headers.get("version") ?? stem_version ?? null,
    license: headers.get("license-expression") ?? headers.get("license") ?? null,
    place,
    claims: claims ?? ownFolder(walked, place),
  };
}

const ownFolder = ({ files }: Walked, place: string): Claim[] =>
  [...files.keys()].filter((path) => path.startsWith(`${place}/`)).map((path) => ({ path }));

/** First value of each header of the core metadata, names in lower case; the description after them is not read. */
function readHeaders(
  fs: Fs,
  walked: Walked,
  path: string,
  findings: AdoptFindings,
): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  const text = readSeen(fs, walked, path, METADATA_BYTES_MAX)?.toString("utf8") ?? "";
  const head = text.split(/\r?\n\r?\n/, 1)[0] ?? "";
  for (const line of head.split(/\r?\n/)) {
    const [, name = "", value = ""] = /^([A-Za-z][A-Za-z-]*): ?(.{1,256})$/.exec(line) ?? [];
    const key = name.toLowerCase();
    if (value.trim() !== "" && !headers.has(key)) headers.set(key, value.trim());
  }
  if (!headers.has("name") || !headers.has("version"))
    findings.add("METADATA_INVALID", `${shown(path)} names no package and version`, { path });
  return headers;
}

function recordClaims(fs: Fs, walked: Walked, place: string, findings: AdoptFindings): Claim[] | undefined {
  const record = `${place}/RECORD`;
  const bytes = readSeen(fs, walked, record, RECORD_BYTES_MAX);
  if (bytes === undefined) return undefined;
  const claims = new Map<string, Claim>();
  for (const reading of readRecord(bytes)) {
    const { line } = reading;
    if ("problem" in reading) {
      const message = `${shown(record)} line ${line} cannot be read: ${reading.problem}`;
      findings.add("RECORD_LINE_MALFORMED", message, { path: record, line });
      continue;
    }
    const path = insidePath(reading.path);
    if (path === undefined) {
      const message = `${shown(record)} line ${line} claims ${shown(reading.path)}, which lies outside the folder`;
      findings.add("RECORD_PATH_OUTSIDE", message, { path: record, line });
      continue;
    }
    if (reading.other_digest !== undefined) {
      const message = `${shown(path)} is claimed with a digest of ${shown(reading.other_digest)}`;
      findings.add("RECORD_DIGEST_UNKNOWN", message, { path, line });
    }
    const { sha256, size_bytes } = reading;
    claims.set(path, { path, line, sha256, size_bytes });
  }
  return [...claims.values()];
}

/** A claimed path relative to the folder; undefined when it is absolute or leads out of it. */
function insidePath(written: string): string | undefined {
  if (written.startsWith("/") || /^[A-Za-z]:[\\/]/.test(written) || written.includes("\0")) return undefined;
  const segments: string[] = [];
  for (const segment of written.split("/")) {
    if (segment === "..") {
      if (segments.pop() === undefined) return undefined;
    } else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  return segments.length === 0 ? undefined : segments.join("/");
}

/** `installed-files.txt` of pip's older installs, relative to the metadata folder. */
function eggClaims(fs: Fs, walked: Walked, place: string): Claim[] | undefined {
  const text = readSeen(fs, walked, `${place}/installed-files.txt`, RECORD_BYTES_MAX)?.toString("utf8");
  if (text === undefined) return undefined;
  return text.split(/\r?\n/).flatMap((line): Claim[] => {
    const path = line === "" ? undefined : insidePath(`${place}/${line}`);
    return path === undefined ? [] : [{ path }];
  });
}
