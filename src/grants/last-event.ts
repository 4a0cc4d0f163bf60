/** What the ledger says last of a plugin's record: an older record put back, seal and all, is not the one it names. */
import type { LedgerEntry } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { linesAtPlaces, placesMentioning } from "../index-db/index.ts";
import { entriesHaving } from "../ledger/index.ts";
import { GOVERNANCE_STREAM, type Plane, planeStream } from "../plane/index.ts";

type Needs = Pick<Effects, "fs" | "clock" | "databases">;

interface RecordedState {
  readonly entry: LedgerEntry;
  /** Bare hex; null when the record was taken away. */
  readonly record_digest: string | null;
}

/** Events of plugins that say what their record is, oldest first. A damaged stream gives what it still says. */
function recordEvents(effects: Needs, plane: Plane, package_id: string): RecordedState[] {
  const lines = placesMentioning(effects, plane.root, [GOVERNANCE_STREAM], package_id)?.flatMap((places) => [
    ...linesAtPlaces(effects.fs, plane.root, places, package_id),
  ]);
  const entries =
    lines === undefined
      ? [...entriesHaving(effects.fs, planeStream(plane, GOVERNANCE_STREAM), [package_id])].map(
          ({ entry }) => entry,
        )
      : lines.flatMap(({ text }) => parsed(text) ?? []);
  return entries.flatMap((entry) => {
    const record_digest = entry.metadata["record_digest"];
    if (!entry.event_type.startsWith("plugin.") || entry.metadata["package_id"] !== package_id) return [];
    if (record_digest !== null && typeof record_digest !== "string") return [];
    return [{ entry, record_digest }];
  });
}

/** The newest of a namespace; undefined when the ledger knows none. */
export const lastRecorded = (
  effects: Needs,
  plane: Plane,
  { namespace, package_id }: { readonly namespace: string; readonly package_id: string },
): RecordedState | undefined =>
  recordEvents(effects, plane, package_id).findLast(({ entry }) => entry.submission_id === namespace);

function parsed(text: string): LedgerEntry | undefined {
  try {
    const value = JSON.parse(text) as Partial<LedgerEntry> | null;
    return typeof value?.event_type === "string" && typeof value.metadata === "object"
      ? (value as LedgerEntry)
      : undefined;
  } catch {
    return undefined;
  }
}
