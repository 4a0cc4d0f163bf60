/** The configuration against what the ledger remembers of it: it decides what is looked at, so an edit may blind the check. */

import type { FileSystem } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import {
  CONFIG_PATH,
  CONFIG_RECORDED,
  digestOf,
  GOVERNANCE_STREAM,
  type Plane,
  planeStream,
  sightOf,
  WAIVERS_PATH,
  WATCHED_CONFIG,
} from "../plane/index.ts";
import type { Outcome } from "./outcome.ts";
import { entriesBackwards } from "./package-events.ts";

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
  let waivers_count = true;
  for (const path of WATCHED_CONFIG) {
    const known = recorded.get(path);
    const actual = readDigest(fs, `${plane.root}/${path}`);
    if (known === undefined && actual === null) continue;
    const about = { owner: "holdfast", classification: "config", expected: known?.after, actual } as const;
    if (known !== undefined && known.after === actual) {
      outcome.judgeRecord(path, "match", about);
      continue;
    }
    if (path === WAIVERS_PATH) waivers_count = false;
    outcome.judgeRecord(path, actual === null ? "missing" : "drift", { ...about, cure: RECORD });
    const { code, severity, message } = problemOf(path, known, plane);
    outcome.find(code, message, STEP, {
      severity,
      path,
      expected: known?.after ?? undefined,
      actual: actual ?? undefined,
    });
  }
  return waivers_count;
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
      severity: "note",
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

/** Newest entry of each watched file; the oldest is written when the plane is made. */
function readRecorded(fs: FileSystem, plane: Plane): Map<string, Recorded> {
  const found = new Map<string, Recorded>();
  const stream = planeStream(plane, GOVERNANCE_STREAM);
  for (const { event_type, submission_id, metadata } of entriesBackwards(
    fs,
    stream,
    `"${CONFIG_RECORDED}"`,
  )) {
    if (event_type !== CONFIG_RECORDED || found.has(submission_id)) continue;
    const { after, sight } = metadata;
    found.set(submission_id, {
      after: typeof after === "string" ? after : null,
      sight: typeof sight === "string" ? sight : undefined,
    });
    if (found.has(CONFIG_PATH) && found.has(WAIVERS_PATH)) break;
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
