import { z } from "zod";
import { type UninstallResult, uninstall as uninstallPackages } from "../lifecycle/index.ts";
import { operation, planeOf } from "./define.ts";
import { timelineText } from "./describe-change.ts";
import { make } from "./faults.ts";
import { allIds, dryRun, planeTiers } from "./fields.ts";

export const uninstall = operation({
  name: "uninstall",
  summary: "Remove packages and everything they brought, in one transaction; the archive stays in the store.",
  examples: [
    "pkg uninstall --id PKG-T1-RUNTIME-001",
    "pkg uninstall PKG-T3-ECHO-001 PKG-T1-RUNTIME-001 --dry-run",
  ],
  authorised: true,
  input: z.strictObject({
    ids: z.array(z.string()).optional().meta({ description: "Package ids.", positional: 0 }),
    id: z.string().optional().meta({ description: "Package id." }),
    plane: planeTiers,
    purge: z.boolean().default(false).meta({ description: "Also remove config and state files you edited." }),
    accept_drift: z
      .boolean()
      .default(false)
      .meta({ description: "Go on although code was edited; copies are kept under .holdfast/state/kept." }),
    dry_run: dryRun,
  }),
  run: async (context, input) => {
    const ids = allIds(input.ids, input.id, { command: "pkg uninstall", token: context.token });
    if (ids.length === 0)
      throw make("INPUT_MISSING", "name a package id", { field: "id", command: "pkg uninstall" });
    const { plane: tiers, purge, accept_drift, dry_run } = input;
    const request = {
      ids,
      tiers,
      purge,
      accept_drift,
      dry_run,
      token: context.token,
      wait_ms: context.wait_ms,
      onPhase: context.onPhase,
    };
    return {
      result: { success: true, ...(await uninstallPackages(context.effects, planeOf(context), request)) },
    };
  },
  text: (result) =>
    [
      ...result.packages.map((one) => describe(one, result.dry_run)),
      ...timelineText(result.timeline),
      "",
    ].join("\n"),
});

function describe(one: UninstallResult["packages"][number], dry_run: boolean): string {
  const counts = [
    `${one.removed.length} removed`,
    `${one.released.length} released as they lie`,
    ...(one.cache_removed.length > 0 ? [`${one.cache_removed.length} bytecode files removed`] : []),
    ...(one.already_missing.length > 0 ? [`${one.already_missing.length} were missing`] : []),
  ];
  const head = dry_run
    ? `Would uninstall ${one.package_id} ${one.version}`
    : `SUCCESS: ${one.package_id} ${one.version} uninstalled`;
  const lists = [
    ...one.kept.map((path) => `  kept ${path} (you edited it; --purge removes it)`),
    ...one.drifted.map((path) => `  copy kept of ${path} (it was edited)`),
    ...(dry_run ? one.removed.map((path) => `  remove ${path}`) : []),
    ...(dry_run ? one.released.map((path) => `  release ${path}`) : []),
  ];
  return [head, `  ${counts.join(", ")}`, ...lists].join("\n");
}
