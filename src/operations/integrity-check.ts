import { z } from "zod";
import { checkIntegrity, renderIntegrity, unreadableReport } from "../integrity/index.ts";
import { type RestoreResult, restore } from "../lifecycle/index.ts";
import { reading } from "../plane/index.ts";
import { operation, planeOf } from "./define.ts";
import { dryRun } from "./fields.ts";
import { launcherDigests, launcherFiles } from "./launchers.ts";

export const integrityCheck = operation({
  name: "integrity-check",
  summary: "Hold every governed file, registry, receipt, archive and ledger against what was approved.",
  examples: ["integrity-check", "integrity-check --json", "integrity-check --fix --dry-run"],
  // Only --fix wants one.
  authorised: true,
  input: z.strictObject({
    verify: z
      .boolean()
      .default(false)
      .meta({ description: "Accepted for existing callers; hashes are always checked.", short: "v" }),
    orphans: z
      .boolean()
      .default(false)
      .meta({ description: "List every unowned file, source trees included.", short: "o" }),
    chain: z
      .boolean()
      .default(false)
      .meta({ description: "Accepted for existing callers; the chain is always checked.", short: "c" }),
    fix: z
      .boolean()
      .default(false)
      .meta({ description: "First restore drifted and missing files from the store (wants a token)." }),
    dry_run: dryRun,
    quiet: z.boolean().default(false).meta({ description: "One line.", short: "q" }),
  }),
  run: async (context, { orphans, fix, dry_run }) => {
    const plane = planeOf(context);
    const { token, wait_ms } = context;
    const repair = fix
      ? await restore(context.effects, plane, {
          token,
          dry_run,
          wait_ms,
          plane_files: launcherFiles(context),
        })
      : null;
    const launchers = launcherDigests(context);
    const report = await reading(context.effects, plane, () =>
      checkIntegrity(context.effects, plane, { orphans, launchers }),
    );
    return { result: { report, repair }, exit_code: report.healthy ? 0 : 1 };
  },
  onFault: (fault, { effects }) => ({
    result: { report: unreadableReport(fault, new Date(effects.clock.now_ms()).toISOString()), repair: null },
    exit_code: fault.exit_code,
  }),
  json: ({ report, repair }) => (repair === null ? report : { ...report, repair }),
  text: ({ report, repair }, { quiet, orphans }) =>
    repairText(repair) + renderIntegrity(report, { quiet, orphans }),
});

function repairText(repair: RestoreResult | null): string {
  if (repair === null) return "";
  const verb = repair.dry_run ? "Would restore" : "Restored";
  const lines = repair.restored.map(
    ({ path, package_id, was }) => `${verb} ${path} of ${package_id} (${was})`,
  );
  const kept = repair.kept_in === null ? [] : [`Copies of what was found lie in ${repair.kept_in}`];
  return [...lines, ...kept, `${verb} ${repair.restored.length} file(s)`, "", ""].join("\n");
}
