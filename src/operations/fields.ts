/** Inputs that several operations share. */
import { z } from "zod";
import { PlaneTier } from "../contracts/index.ts";

export const dryRun = z
  .boolean()
  .default(false)
  .meta({ description: "Show what would change and change nothing." });
export const planeTiers = z.array(PlaneTier).optional().meta({
  description:
    "Plane tier to act on (ho3, ho2, ho1); repeat for several. Default: the tier the package names.",
});

/** Ids from words and from --id, in order, each once. */
export const allIds = (ids: readonly string[] | undefined, id: string | undefined): string[] => [
  ...new Set([...(ids ?? []), ...(id === undefined ? [] : [id])]),
];

/** A ledger stream of a plane. */
export const streamName = z
  .string()
  .regex(
    /^(ledger|planes\/ho[12]\/ledger)\/[A-Za-z0-9_-]+\.jsonl$/,
    "must look like ledger/governance.jsonl",
  );
