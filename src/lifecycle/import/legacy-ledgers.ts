/** Ledgers of a Python plane: read once each, defects counted, to be sealed as they are. */
import type { Effects } from "../../effects/index.ts";
import { LegacyChain, type SealedSegment } from "../../ledger/index.ts";
import type { LedgerGroup } from "./carried-files.ts";
import type { ImportFindings } from "./import-findings.ts";

export interface SealedGroup extends LedgerGroup {
  readonly segments: readonly SealedSegment[];
}

/** @throws IMPORT_UNREADABLE through Node's own error when a file cannot be read */
export async function readLedgers(
  { fs, clock, signal }: Pick<Effects, "fs" | "clock" | "signal">,
  source: string,
  groups: readonly LedgerGroup[],
  findings: ImportFindings,
): Promise<SealedGroup[]> {
  const sealed: SealedGroup[] = [];
  for (const group of groups) {
    const chain = new LegacyChain();
    const segments: SealedSegment[] = [];
    for (const name of group.parts) {
      await clock.breathe();
      signal.throwIfAborted();
      const segment = chain.readSegment(fs, `${source}/${name}`);
      segments.push({ name, ...segment });
      describeDefects({ name, ...segment }, findings);
    }
    sealed.push({ ...group, segments });
  }
  return sealed;
}

export function describeDefects(
  { name, lines, defects, first_lines }: SealedSegment,
  findings: ImportFindings,
): void {
  const kinds = Object.entries(defects).map(([kind, count]) => `${count} ${kind}`);
  if (kinds.length === 0) return;
  const line = Math.min(...Object.values(first_lines));
  findings.add("LEGACY_LEDGER_DEFECTS", `${name}: ${kinds.join(", ")} in ${lines} lines`, {
    path: name,
    line,
  });
}

/** Defects of all segments by kind. */
export function countDefects(segments: readonly SealedSegment[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { defects } of segments)
    for (const [kind, count] of Object.entries(defects)) counts[kind] = (counts[kind] ?? 0) + count;
  return counts;
}
