/** A transaction: who changed what in which phases, from ledgers, receipts and the kept generation. */
import type { TracedChange, TracedReceipt, TraceStatement, TransactionTrace } from "../contracts/index.ts";
import {
  type Change,
  type KeptGeneration,
  keptChanges,
  keptFiles,
  keptNumbers,
  readKept,
} from "../journal/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import { STATE_DIRECTORY } from "../plane/index.ts";
import { entryEvidence, evidence } from "./evidence.ts";
import { type Line, linesAbout } from "./history.ts";
import { shownReceipt } from "./receipts.ts";
import type { Sight } from "./sight.ts";

/** Undefined when neither a ledger, a receipt nor a kept generation names it. */
export function traceTransaction(
  sight: Sight,
  transaction_id: string,
): { data: TransactionTrace; statements: TraceStatement[] } | undefined {
  const lines = linesOf(sight, transaction_id);
  const receipts = sight
    .receiptsNamed(sight.facts.packagesOf(transaction_id))
    .filter(({ receipt }) => receipt.transaction_id === transaction_id)
    .map(shownReceipt);
  const stated = [
    ...receipts.map(({ generation }) => generation),
    ...lines.map(({ metadata }) => metadata["generation"]),
  ].find(isGeneration);
  const kept = keptAs(sight, transaction_id, stated);
  if (lines.length === 0 && receipts.length === 0 && kept === undefined) return undefined;
  const data: TransactionTrace = {
    transaction_id,
    ...outcomeOf(lines, receipts, kept),
    ...keptSummary(sight, lines, kept),
    generation: stated ?? kept?.generation ?? null,
    packages: packagesIn(lines, receipts),
    timeline: timelineOf(lines),
    receipts,
    entries: lines.map(({ event }) => event),
  };
  return { data, statements: statementsOf(data, lines) };
}

/** What the kept generation says, else what ledger and receipts do. */
function keptSummary(sight: Sight, lines: readonly Line[], kept: KeptGeneration | undefined) {
  if (kept === undefined)
    return {
      operation: operationOf(lines),
      committed_at: null,
      steps: stepsInLedger(lines),
      kept: false,
      changes: [],
    };
  return {
    operation: kept.operation,
    committed_at: new Date(kept.committed_ms).toISOString(),
    steps: stepsOf(kept),
    kept: true,
    changes: changesOf(sight, kept.generation),
  };
}

/** What it came to and through whom: the last entry speaks, then a receipt in force, then the kept generation. */
function outcomeOf(
  lines: readonly Line[],
  [receipt]: readonly TracedReceipt[],
  kept: KeptGeneration | undefined,
): Pick<TransactionTrace, "outcome" | "user"> {
  const stated = lines.find(({ event }) => event.user !== null)?.event.user;
  return {
    outcome: lines.at(-1)?.event.decision ?? (receipt === undefined ? "COMMITTED" : "INSTALLED"),
    user: stated ?? receipt?.installed_by ?? kept?.user ?? null,
  };
}

function packagesIn(lines: readonly Line[], receipts: readonly TracedReceipt[]): string[] {
  const named = [
    ...receipts.map(({ package_id }) => package_id),
    ...lines.flatMap(({ submission_id }) => submission_id.split(/[\s,]+/)),
  ];
  return [...new Set(named.filter((id) => /^PKG(-[A-Z0-9]+)+$/.test(id)))].sort(compareCodePoints);
}

const isGeneration = (one: unknown): one is number =>
  typeof one === "number" && Number.isSafeInteger(one) && one >= 0;

/** Oldest first; starts of a transaction stand before its end whatever the streams. */
function linesOf(sight: Sight, transaction_id: string): Line[] {
  const at = ({ event }: Line): number => Date.parse(event.timestamp) || 0;
  return [...linesAbout(sight, transaction_id)]
    .filter(({ event }) => event.transaction_id === transaction_id)
    .sort(
      (a, b) =>
        at(a) - at(b) || compareCodePoints(a.event.stream, b.event.stream) || a.event.line - b.event.line,
    );
}

/** Its number where it is known; else every kept generation is asked, newest first. */
function keptAs(
  sight: Sight,
  transaction_id: string,
  stated: number | undefined,
): KeptGeneration | undefined {
  const { fs } = sight.effects;
  const { root } = sight.plane;
  const numbers = stated === undefined ? keptNumbers(fs, root).reverse() : [stated];
  for (const number of numbers) {
    try {
      const kept = readKept(fs, root, number);
      if (kept?.transaction_id === transaction_id) return kept;
    } catch (error) {
      sight.noteFault(error);
    }
  }
  return undefined;
}

const CHANGES = {
  make_directory: "folder_made",
  remove: "removed",
  remove_directory: "folder_removed",
} as const;

function changesOf(sight: Sight, generation: number): TracedChange[] {
  const { fs } = sight.effects;
  try {
    const kept = new Map(keptFiles(fs, sight.plane.root, generation).map((one) => [one.path, one.file]));
    return keptChanges(fs, sight.plane.root, generation)
      .map((change) => changeOf(change, kept))
      .sort((a, b) => compareCodePoints(a.path, b.path));
  } catch (error) {
    sight.noteFault(error);
    return [];
  }
}

function changeOf(change: Change, kept: ReadonlyMap<string, string>): TracedChange {
  const was = "was" in change ? change.was : undefined;
  return {
    path: change.path,
    change: change.kind === "put" ? (was === undefined ? "added" : "changed") : CHANGES[change.kind],
    before_sha256: was?.sha256 ?? null,
    before_bytes: was?.size_bytes ?? null,
    kept_as: kept.get(change.path) ?? null,
  };
}

/** What the lifecycle noted with the change. */
function stepsOf({ notes }: KeptGeneration): TransactionTrace["steps"] {
  const noted = notes["packages"];
  if (!Array.isArray(noted)) return [];
  const version = (state: { version?: unknown } | null | undefined): string | null =>
    typeof state?.version === "string" ? state.version : null;
  return noted.flatMap((one: Partial<Record<"package_id" | "plane_id" | "from" | "to", never>> | null) => {
    const { package_id, plane_id, from, to } = one ?? {};
    if (typeof package_id !== "string" || typeof plane_id !== "string") return [];
    return [{ package_id, plane_id, from: version(from), to: version(to) }];
  });
}

function stepsInLedger(lines: readonly Line[]): TransactionTrace["steps"] {
  return lines.flatMap(({ event, submission_id, metadata }) => {
    if (!["INSTALLED", "UPDATED", "REVERTED", "UNINSTALLED"].includes(event.event)) return [];
    const text = (key: string): string | null => (typeof metadata[key] === "string" ? metadata[key] : null);
    const leaves = event.event === "UNINSTALLED";
    return [
      {
        package_id: submission_id,
        plane_id: text("plane_id") ?? "ho3",
        from: leaves ? text("version") : text("from_version"),
        to: leaves ? null : text("version"),
      },
    ];
  });
}

const operationOf = (lines: readonly Line[]): string | null =>
  lines
    .map(({ event }) => /^(\w+)_STARTED$/.exec(event.event)?.[1])
    .find((one) => one !== undefined)
    ?.toLowerCase() ?? null;

function timelineOf(lines: readonly Line[]): TransactionTrace["timeline"] {
  for (const { metadata } of lines) {
    const timeline = metadata["timeline"];
    if (!Array.isArray(timeline)) continue;
    return timeline.flatMap((one: { phase?: unknown; duration_ms?: unknown } | null) =>
      typeof one?.phase === "string" && isGeneration(one.duration_ms)
        ? [{ phase: one.phase, duration_ms: one.duration_ms }]
        : [],
    );
  }
  return [];
}

function statementsOf(data: TransactionTrace, lines: readonly Line[]): TraceStatement[] {
  const { transaction_id, generation, changes } = data;
  const name = String(generation).padStart(8, "0");
  const journal = `${STATE_DIRECTORY}/generations/${name}/changes.jsonl`;
  return [
    ...lines.map(({ event, entry_hash }, index) => ({
      about: `/entries/${index}`,
      says: `${event.event}: ${event.reason}`,
      evidence: [entryEvidence(event, entry_hash)],
    })),
    ...data.receipts.map(({ receipt, package_id, version }, index) => ({
      about: `/receipts/${index}`,
      says: `${package_id} ${version} is in force through ${transaction_id}`,
      evidence: [evidence("receipt", receipt)],
    })),
    ...(changes.length === 0
      ? []
      : [
          {
            about: "/changes",
            says: `${transaction_id} changed ${changes.length} paths`,
            evidence: [evidence("journal", journal)],
          },
        ]),
  ];
}
