/** The configuration against what the ledger remembers of it: it decides what is looked at, so an edit may blind the check. */

import type { FileSystem } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import {
  BROKER_PATH,
  CONFIG_RECORDED,
  digestOf,
  GOVERNANCE_STREAM,
  type Plane,
  planeStream,
  sightOf,
  WAIVERS_PATH,
  WATCHED_CONFIG,
} from "../plane/index.ts";
import { modeCure } from "./cures.ts";
import { judgeRecordMode, octal } from "./modes.ts";
import type { Outcome } from "./outcome.ts";
import { entriesHolding } from "./package-events.ts";

const RECORD = "integrity-check --record";
const STEP = `Look at it; "${RECORD}" records it as it is.`;

interface Recorded {
  /** Null where the file was absent. */
  readonly after: string | null;
  readonly sight: string | undefined;
}

/** @returns whether the waivers are those that somebody with a token recorded */
export function judgeConfig(fs: FileSystem, plane: Plane, outcome: Outcome): boolean {
  const recorded = readRecorded(fs, plane);
  const as_recorded = WATCHED_CONFIG.filter((path) => judgeOne(fs, plane, path, recorded.get(path), outcome));
  return as_recorded.includes(WAIVERS_PATH);
}

/** @returns whether its bytes are those recorded last */
function judgeOne(
  fs: FileSystem,
  plane: Plane,
  path: string,
  known: Recorded | undefined,
  outcome: Outcome,
): boolean {
  const actual = readDigest(fs, `${plane.root}/${path}`);
  if (known === undefined && actual === null) return true;
  const about = { owner: "holdfast", classification: "config", expected: known?.after, actual } as const;
  const mode_cure = modeCureOf(fs, plane.root, path, outcome);
  if (known !== undefined && known.after === actual) {
    outcome.judgeRecord(path, mode_cure === undefined ? "match" : "drift", { ...about, cure: mode_cure });
    return true;
  }
  outcome.judgeRecord(path, actual === null ? "missing" : "drift", { ...about, cure: RECORD });
  const { code, severity, message } = problemOf(path, known, plane);
  outcome.find(code, message, STEP, {
    severity,
    path,
    expected: known?.after ?? undefined,
    actual: actual ?? undefined,
  });
  return false;
}

/** Undefined where the permissions are right. */
function modeCureOf(fs: FileSystem, root: string, path: string, outcome: Outcome): string | undefined {
  const stat = fs.stat(`${root}/${path}`);
  if (stat?.kind !== "file" || judgeRecordMode(path, stat.mode, outcome)) return undefined;
  return modeCure(path, octal(stat.mode & 0o664)).command;
}

function problemOf(
  path: string,
  known: Recorded | undefined,
  plane: Plane,
): { readonly code: string; readonly severity: "error" | "note"; readonly message: string } {
  if (path === WAIVERS_PATH)
    return {
      code: "WAIVERS_UNRECORDED",
      severity: "error",
      message: `${path} is not what was recorded last, so no waiver counts`,
    };
  if (known === undefined)
    return {
      code: "CONFIG_UNRECORDED",
      // The plane's own is there from the start; this one lets agents reach further.
      severity: path === BROKER_PATH ? "error" : "note",
      message: `${path} was never recorded in the ledger`,
    };
  const is_harmless = known.sight === sightOf(plane.config);
  return {
    code: "CONFIG_EDITED",
    severity: is_harmless ? "note" : "error",
    message: is_harmless
      ? `${path} was edited by hand since it was recorded; what is looked at is the same`
      : `${path} was edited by hand since it was recorded, and other things are looked at or allowed now`,
  };
}

/** Newest entry of each watched file. What a damaged ledger still says counts; that it is damaged is its own finding. */
function readRecorded(fs: FileSystem, plane: Plane): Map<string, Recorded> {
  const found = new Map<string, Recorded>();
  try {
    const entries = entriesHolding(fs, planeStream(plane, GOVERNANCE_STREAM), `"${CONFIG_RECORDED}"`);
    for (const { event_type, submission_id, metadata } of entries) {
      const { after, sight } = metadata;
      if (event_type !== CONFIG_RECORDED) continue;
      found.set(submission_id, {
        after: typeof after === "string" ? after : null,
        sight: typeof sight === "string" ? sight : undefined,
      });
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
  return found;
}

function readDigest(fs: FileSystem, path: string): string | null {
  try {
    return digestOf(fs, path) ?? null;
  } catch (error) {
    if (error instanceof Fault || (error as NodeJS.ErrnoException).code === undefined) throw error;
    return "unreadable";
  }
}
