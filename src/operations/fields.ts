/** Inputs that several operations share. */
import semver from "semver";
import { z } from "zod";
import { PackageId, PlaneTier } from "../contracts/index.ts";
import { refuseToken } from "../lifecycle/index.ts";
import { make } from "./faults.ts";

export const dryRun = z
  .boolean()
  .default(false)
  .meta({ description: "Show what would change and change nothing." });
/** @param description what the range chooses */
export const versionRange = (description: string) =>
  z
    .string()
    .min(1)
    .max(128)
    .refine(
      (range) => semver.validRange(range) !== null,
      "must be a version or a semver range such as ^1.0.0",
    )
    .optional()
    .meta({ description });
export const wheelFolder = z.string().min(1).max(1024).optional().meta({
  description:
    "Folder with wheels that packages lock but do not ship; looked through before those of the configuration.",
});
export const planeTiers = z.array(PlaneTier).optional().meta({
  description:
    "Plane tier to act on (ho3, ho2, ho1); repeat for several. Default: the tier the package names.",
});

/**
 * Ids from words and from --id, in order, each once. `versions`: each may name a version or a range, as ID@VERSION.
 * @throws PACKAGE_ID_MALFORMED; TOKEN_MISPLACED for the `token` typed as an id
 */
export function allIds(
  ids: readonly string[] | undefined,
  id: string | undefined,
  {
    command,
    token,
    versions = false,
  }: { readonly command: string; readonly token: string | undefined; readonly versions?: boolean },
): string[] {
  const all = [...new Set([...(ids ?? []), ...(id === undefined ? [] : [id])])];
  for (const word of all) {
    refuseToken(token, { id: word });
    const problem = problemOf(word, versions);
    if (problem === undefined) continue;
    const shown = JSON.stringify(word.slice(0, 60));
    throw make("PACKAGE_ID_MALFORMED", `${command}: ${shown} ${problem}`, {
      id: word.slice(0, 60),
      command,
    });
  }
  return all;
}

function problemOf(word: string, versions: boolean): string | undefined {
  const [package_id = "", ...rest] = word.split("@");
  if (!PackageId.safeParse(package_id).success) return "is no package id such as PKG-T1-NAME-001";
  if (rest.length === 0) return undefined;
  if (!versions) return "names a version, which this command does not take there";
  // A variable left empty in a script would otherwise ask for the newest.
  return rest.join("@") === "" ? "names no version after the @" : undefined;
}

/** A ledger stream of a plane that can be written. */
export const streamName = z
  .string()
  .regex(
    /^(ledger(\/sessions)?|planes\/ho[12]\/ledger)\/[A-Za-z0-9_-]{1,100}\.jsonl$/,
    "must look like ledger/governance.jsonl",
  );

/** The same, and ledgers of sessions by the older runtime, which are only read. */
export const readableStream = z
  .string()
  .regex(
    /^(ledger(\/sessions)?|planes\/ho[12]\/ledger|planes\/ho[123]\/(sessions\/[A-Za-z0-9_-]{1,100}\/)?ledger)\/[A-Za-z0-9_-]{1,100}\.jsonl$/,
    "must look like ledger/governance.jsonl",
  );
