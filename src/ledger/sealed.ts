/**
 * The part of a ledger that was there before its first entry of ours: files named by their digest in `legacy/` beside the
 * stream, listed by an index whose digest the genesis entry states. They are never written again.
 */
import type { Finding } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { prettyJson, sha256Hex } from "../kernel/index.ts";
import { digestFile } from "./digest-file.ts";
import type { LegacySegment } from "./legacy-chain.ts";
import { readEntries } from "./read.ts";
import type { StreamRef } from "./stream-ref.ts";

/** One sealed file, as the index lists it. */
export interface SealedSegment extends LegacySegment {
  /** Where it was, plane-relative. */
  readonly name: string;
}

/** What the genesis entry states under `metadata.legacy`. */
export interface SealedPrefix {
  /** sha256 of the index file, bare hex, which is its name too. */
  readonly index_sha256: string;
  readonly segments: number;
  readonly entries: number;
  readonly size_bytes: number;
  /** Kind to count, over all segments. */
  readonly defects: Readonly<Record<string, number>>;
  /** Of the only segment; absent when there are several. */
  readonly sha256?: string;
}

const folderOf = (stream: string): string => `${stream.slice(0, stream.lastIndexOf("/"))}/legacy`;

/** Plane-relative place of a sealed segment or index of this stream. */
export const sealedPath = (stream: string, sha256: string, ending: "jsonl" | "json"): string =>
  `${folderOf(stream)}/${sha256}.${ending}`;

/** @returns the bytes of the index, and what the genesis entry is to state */
export function sealSegments(segments: readonly SealedSegment[]): {
  readonly index: Buffer;
  readonly prefix: SealedPrefix;
} {
  const index = Buffer.from(prettyJson({ segments: segments.map((one) => ({ ...one })) }));
  const defects: Record<string, number> = {};
  for (const one of segments)
    for (const [kind, count] of Object.entries(one.defects)) defects[kind] = (defects[kind] ?? 0) + count;
  const [first] = segments;
  const only = segments.length === 1 && first !== undefined ? { sha256: first.sha256 } : {};
  const sum = (key: "lines" | "size_bytes"): number => segments.reduce((total, one) => total + one[key], 0);
  const prefix = {
    index_sha256: sha256Hex(index),
    segments: segments.length,
    entries: sum("lines"),
    size_bytes: sum("size_bytes"),
    defects,
    ...only,
  };
  return { index, prefix };
}

/** Findings about the sealed part of a stream; none when it has none. Never throws for what lies there. */
export function verifySealed(fs: FileSystem, stream: StreamRef): Finding[] {
  try {
    const [genesis] = readEntries(fs, stream);
    const stated = genesis?.entry?.metadata["legacy"];
    if (typeof stated !== "object" || stated === null || Array.isArray(stated)) return [];
    const index_sha256 = stated["index_sha256"];
    return typeof index_sha256 === "string" && /^[0-9a-f]{64}$/.test(index_sha256)
      ? judgeSealed(fs, stream, index_sha256)
      : [];
  } catch (error) {
    // The stream's own verdict says why it cannot be read.
    void error;
    return [];
  }
}

function judgeSealed(fs: FileSystem, stream: StreamRef, index_sha256: string): Finding[] {
  const root = stream.path.slice(0, -stream.name.length - 1);
  const index_path = sealedPath(stream.name, index_sha256, "json");
  const wrong = judgeFile(fs, root, index_path, index_sha256, stream.name);
  if (wrong !== undefined) return [wrong];
  const { segments } = JSON.parse(fs.readText(`${root}/${index_path}`)) as {
    segments: readonly SealedSegment[];
  };
  return segments.flatMap(
    ({ sha256 }) => judgeFile(fs, root, sealedPath(stream.name, sha256, "jsonl"), sha256, stream.name) ?? [],
  );
}

function judgeFile(
  fs: FileSystem,
  root: string,
  path: string,
  expected: string,
  stream: string,
): Finding | undefined {
  const actual = digestFile(fs, `${root}/${path}`);
  if (actual === expected) return undefined;
  const what =
    actual === undefined ? "is missing or cannot be read" : "does not hold the bytes that were sealed";
  return {
    code: actual === undefined ? "LEDGER_SEALED_MISSING" : "LEDGER_SEALED_CHANGED",
    severity: "error",
    message: `${path}, sealed in the first entry of ${stream}, ${what}`,
    next_step: `Restore ${path} from a backup; its name is its sha256.`,
    path,
    expected,
    ...(actual === undefined ? {} : { actual }),
  };
}
