/** The state of all receipts as one text, for a moment and without looking at any of them. */
import { PLANE_TIERS } from "../contracts/index.ts";
import { isSettled, stampOf } from "../effects/index.ts";
import { tierPrefix } from "../receipts/index.ts";
import type { IndexEffects } from "./open.ts";

/**
 * Changes with every transaction, whether it is committed or undone: each makes and removes a folder beside the journal,
 * and each commit replaces the generation. With `read_ms`: undefined while one of them may still change within a tick.
 */
export function stampOfAll(
  { fs }: Pick<IndexEffects, "fs">,
  root: string,
  read_ms?: number,
): string | undefined {
  const paths = [
    ...PLANE_TIERS.map((tier) => `${tierPrefix(tier)}installed`),
    ".holdfast/state/transactions",
    ".holdfast/state/generation.json",
  ];
  const stats = paths.map((path) => fs.stat(`${root}/${path}`));
  if (read_ms !== undefined && !stats.every((stat) => stat === undefined || isSettled(stat, read_ms)))
    return undefined;
  return stats.map((stat) => (stat === undefined ? "-" : stampOf(stat))).join(" ");
}
