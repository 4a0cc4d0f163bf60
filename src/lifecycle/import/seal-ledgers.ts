import type { Effects } from "../../effects/index.ts";
import { type SealedPrefix, sealedPath, sealSegments } from "../../ledger/index.ts";
import { writeNew } from "./stage-source.ts";
import type { Survey } from "./survey.ts";

/** Writes the index of each stream's sealed part beside it. @returns what the first entry of each stream states */
export function sealLedgers(
  { fs }: Pick<Effects, "fs">,
  { ledgers }: Survey,
  staging: string,
): Map<string, SealedPrefix> {
  const prefixes = new Map<string, SealedPrefix>();
  for (const stream of new Set(ledgers.map((group) => group.stream))) {
    const segments = ledgers.flatMap((group) => (group.stream === stream ? group.segments : []));
    const { index, prefix } = sealSegments(segments);
    writeNew(fs, `${staging}/${sealedPath(stream, prefix.index_sha256, "json")}`, index);
    prefixes.set(stream, prefix);
  }
  return prefixes;
}
