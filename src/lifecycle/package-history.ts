/** What the ledger of packages says was done, and what failed. Reads only. */
import type { Effects } from "../effects/index.ts";
import type { AttemptedPackage } from "../journal/index.ts";
import { entriesHaving, requireStream } from "../ledger/index.ts";
import { PACKAGES_STREAM, type Plane, planeStream } from "../plane/index.ts";

export interface HistoryEvent {
  /** ISO 8601, as the ledger has it. */
  readonly at: string;
  /** INSTALLED, UPDATED, REVERTED, UNINSTALLED, RESTORED, UNDONE, ROLLED_BACK or …_REFUSED. */
  readonly event: string;
  readonly package_ids: readonly string[];
  readonly version: string | null;
  readonly from_version: string | null;
  /** What a change that was put back would have brought; empty for what succeeded and where versions were never known. */
  readonly attempted: readonly AttemptedPackage[];
  readonly generation: number | null;
  readonly reason: string;
  /** Where it failed; null for what succeeded. */
  readonly phase: string | null;
  readonly code: string | null;
  readonly user: string | null;
  readonly transaction_id: string | null;
  readonly timeline: readonly { readonly phase: string; readonly duration_ms: number }[];
}

const EVENTS = new Set([
  "INSTALLED",
  "UPDATED",
  "REVERTED",
  "UNINSTALLED",
  "RESTORED",
  "UNDONE",
  "ROLLED_BACK",
]);

/** One of them stands in the line of every such event. */
const EVENT_TEXTS = [...[...EVENTS].map((event) => `"${event}"`), '_REFUSED"'];

/** Newest first; the ledger is streamed once. @throws LEDGER_* */
export function packageHistory(
  { fs }: Pick<Effects, "fs">,
  plane: Plane,
  request: { readonly package_id?: string | undefined; readonly limit: number },
): { readonly events: readonly HistoryEvent[]; readonly total: number } {
  const stream = planeStream(plane, PACKAGES_STREAM);
  const newest: HistoryEvent[] = [];
  let total = 0;
  requireStream(fs, stream);
  const texts = request.package_id === undefined ? EVENT_TEXTS : [request.package_id];
  for (const { entry } of entriesHaving(fs, stream, texts)) {
    if (!EVENTS.has(entry.event_type) && !entry.event_type.endsWith("_REFUSED")) continue;
    const package_ids = entry.submission_id.split(" ").filter((word) => word !== "");
    if (request.package_id !== undefined && !package_ids.includes(request.package_id)) continue;
    total++;
    newest.push(eventOf(entry.event_type, entry.timestamp, entry.reason, package_ids, entry.metadata));
    if (newest.length > request.limit * 2) newest.splice(0, newest.length - request.limit);
  }
  return { events: newest.slice(-request.limit).reverse(), total };
}

function eventOf(
  event: string,
  at: string,
  reason: string,
  package_ids: readonly string[],
  metadata: { readonly [key: string]: unknown },
): HistoryEvent {
  const text = (key: string): string | null => (typeof metadata[key] === "string" ? metadata[key] : null);
  return {
    at,
    event,
    package_ids,
    version: text("version"),
    from_version: text("from_version"),
    attempted: attemptedOf(metadata["attempted"]),
    generation: typeof metadata["generation"] === "number" ? metadata["generation"] : null,
    reason,
    phase: text("phase"),
    code: text("code"),
    user: text("user"),
    transaction_id: text("transaction_id"),
    timeline: timelineOf(metadata["timeline"]),
  };
}

function attemptedOf(value: unknown): readonly AttemptedPackage[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((one: Partial<Record<keyof AttemptedPackage, unknown>> | null) => {
    const { package_id, version, from_version } = one ?? {};
    if (typeof package_id !== "string") return [];
    const known = (text: unknown): string | null => (typeof text === "string" ? text : null);
    return [{ package_id, version: known(version), from_version: known(from_version) }];
  });
}

function timelineOf(value: unknown): HistoryEvent["timeline"] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((one: { phase?: unknown; duration_ms?: unknown } | null) =>
    typeof one?.phase === "string" && typeof one.duration_ms === "number"
      ? [{ phase: one.phase, duration_ms: one.duration_ms }]
      : [],
  );
}
