/** Files as lists show them, their bytes read and compared now. */

import type { Finding, Receipt, Row, TracedFile } from "../contracts/index.ts";
import type { FileDigest } from "../effects/index.ts";
import { bare, prefixed, sameDigest } from "../kernel/index.ts";
import { unownedVerdict } from "../plane/index.ts";
import { readPurpose } from "./purpose.ts";
import { shellWord } from "./shell-word.ts";
import { LAUNCHER_OWNER, type Sight } from "./sight.ts";

/** What is on record about a file before its bytes are read. */
export interface Recorded {
  readonly path: string;
  readonly package: string | null;
  readonly spec_id: string | null;
  readonly sha256: string | null;
  readonly classification: string | null;
  readonly origin: "created" | "adopted" | null;
  readonly executable: boolean | null;
}

export function recordedInReceipt(receipt: Receipt, spec_id: string | undefined): Recorded[] {
  return receipt.files.map(({ path, sha256, classification, origin, executable }) => ({
    path,
    package: receipt.package_id,
    spec_id: spec_id ?? null,
    sha256,
    classification,
    origin,
    executable,
  }));
}

export function recordedInRow(row: Row, spec_id: string | undefined): Recorded {
  const cell = (column: string): string | null => row[column] || null;
  return {
    path: row["file_path"] ?? "",
    package: cell("owner_package_id"),
    spec_id: spec_id ?? null,
    sha256: cell("sha256"),
    classification: cell("classification"),
    origin: null,
    executable: null,
  };
}

/** A file of the plane itself. `sha256` is bare hex. */
export const recordedLauncher = (path: string, sha256: string): Recorded => ({
  path,
  package: LAUNCHER_OWNER,
  spec_id: null,
  sha256: prefixed(sha256),
  classification: "code",
  origin: "created",
  executable: null,
});

/** A file nobody owns, such as one of a source tree. */
export const unrecorded = (path: string, spec_id: string | null): Recorded => ({
  path,
  package: null,
  spec_id,
  sha256: null,
  classification: null,
  origin: null,
  executable: null,
});

/** Reads every file once; the order given is kept. */
export async function lookAt(sight: Sight, files: readonly Recorded[]): Promise<TracedFile[]> {
  const digests = await digestAll(
    sight,
    files.map(({ path }) => path),
  );
  return files.map((file) => {
    const digest = digests.get(file.path);
    const verdict = judge(sight, file, digest);
    return {
      ...file,
      purpose:
        sight.artifactsByPath.get(file.path)?.["purpose"] ||
        (typeof digest === "object" ? readPurpose(sight, file.path) : ""),
      hash_verified:
        typeof digest === "object" && file.sha256 !== null && sameDigest(file.sha256, digest.sha256),
      verdict,
    };
  });
}

/** By path: the digest, "unreadable", or nothing where no regular file lies inside the plane. */
export async function digestAll(
  sight: Sight,
  wanted: readonly string[],
): Promise<Map<string, FileDigest | "unreadable">> {
  const { workers } = sight.effects;
  const paths = wanted.filter((path) => sight.isReadable(path));
  const absolute = (path: string): string => `${sight.plane.root}/${path}`;
  const found = new Map<string, FileDigest | "unreadable">();
  let digests: (FileDigest | "unreadable" | undefined)[];
  try {
    digests = await workers.digestFiles(paths.map(absolute));
  } catch {
    // One file that cannot be opened must not hide the others.
    digests = await Promise.all(
      paths.map((path) =>
        workers.digestFiles([absolute(path)]).then(
          ([one]) => one,
          () => "unreadable" as const,
        ),
      ),
    );
  }
  for (const [index, path] of paths.entries()) {
    const digest = digests[index];
    if (digest !== undefined) found.set(path, digest);
  }
  return found;
}

/** The verdict on one recorded file. `digest` as `digestAll` found it. */
export function judge(
  sight: Sight,
  file: Recorded,
  digest: FileDigest | "unreadable" | undefined,
): TracedFile["verdict"] {
  if (file.package === null && file.sha256 === null) return judgeUnrecorded(sight, file.path);
  if (digest === "unreadable" || file.sha256 === null) return "not_verifiable";
  if (digest === undefined) return judgeWithoutBytes(sight, file.path);
  const is_equal =
    sameDigest(file.sha256, digest.sha256) && (file.executable ?? digest.executable) === digest.executable;
  return is_equal ? "match" : "drift";
}

function judgeUnrecorded(sight: Sight, path: string): TracedFile["verdict"] {
  const kind = sight.stat(path)?.kind ?? "directory";
  return kind === "directory" ? null : unownedVerdict(sight.plane, path);
}

/** Something else than a regular file, or a way that leads out of the plane, is not what was installed there. */
function judgeWithoutBytes(sight: Sight, path: string): TracedFile["verdict"] {
  if (!sight.isInside(path)) return "drift";
  if (!sight.isReadable(path)) return "not_verifiable";
  return sight.stat(path) === undefined ? "missing" : "drift";
}

const SEVERITY: Readonly<Record<string, Finding["severity"]>> = { config: "note", state: "info" };

const CODES = {
  drift: ["TRACE_FILE_DRIFT", "differs from what was installed"],
  missing: ["TRACE_FILE_MISSING", "is missing"],
  not_verifiable: ["TRACE_FILE_NOT_VERIFIABLE", "cannot be compared"],
} as const;

/**
 * What is wrong with the files of a list. Edited configuration is a note and state is information: both are made to change.
 * `next_step` replaces the advice to look at the file alone.
 */
export function fileFindings(
  files: readonly Pick<TracedFile, "path" | "verdict" | "classification" | "package" | "sha256">[],
  next_step?: string,
): Finding[] {
  return files.flatMap(({ path, verdict, classification, package: owner, sha256 }): Finding[] => {
    if (verdict !== "drift" && verdict !== "missing" && verdict !== "not_verifiable") return [];
    const [code, says] = CODES[verdict];
    return [
      {
        code,
        severity: verdict === "drift" ? (SEVERITY[classification ?? ""] ?? "error") : "error",
        message: `${path} ${says}`,
        next_step: next_step ?? `Run "trace --explain ${shellWord(path)}" to see what it should be.`,
        path,
        ...(owner === null ? {} : { package_id: owner }),
        ...(sha256 === null ? {} : { expected: prefixed(bare(sha256)) }),
      },
    ];
  });
}
