import { z } from "zod";
import type { IntegrityReport } from "../contracts/index.ts";
import { findingsDocument, rememberedCheck, renderIntegrity, unreadableReport } from "../integrity/index.ts";
import { Fault } from "../kernel/index.ts";
import { settleOwed } from "../ledger/index.ts";
import { type RestoreResult, restore } from "../lifecycle/index.ts";
import { authorise, outputPlace, reading, writeOutput, writing } from "../plane/index.ts";
import { FORMATS, renderReport } from "../reports/index.ts";
import { type Context, operation, planeOf } from "./define.ts";
import { timelineText } from "./describe-change.ts";
import { dryRun } from "./fields.ts";
import { launcherDigests, launcherFiles } from "./launchers.ts";

const flags = z.strictObject({
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
  fast: z.boolean().default(false).meta({
    description:
      "Believe files whose size, times and inode are those of the last check; fooled only by a forged ctime.",
  }),
  diff: z.boolean().default(false).meta({ description: "Show what changed in configuration and state too." }),
  fix: z
    .boolean()
    .default(false)
    .meta({ description: "First restore drifted and missing files from the store (wants a token)." }),
  record: z.boolean().default(false).meta({
    description: "First record edits of registries and configuration in the ledger (wants a token).",
  }),
  dry_run: dryRun,
  quiet: z.boolean().default(false).meta({ description: "One line.", short: "q" }),
  format: z
    .enum(["text", "json", ...FORMATS])
    .default("text")
    .meta({ description: "Form of the report. --json alone is the same as --format json." }),
  sarif: z.boolean().default(false).meta({ description: "SARIF 2.1.0; the same as --format sarif." }),
  junit: z.boolean().default(false).meta({ description: "JUnit XML; the same as --format junit." }),
  github: z
    .boolean()
    .default(false)
    .meta({ description: "Annotations for GitHub Actions; the same as --format github." }),
  markdown: z.boolean().default(false).meta({ description: "Markdown; the same as --format markdown." }),
  out: z.string().min(1).optional().meta({ description: "File to write the report to." }),
});
/** A report has one form. */
const input = flags.check(({ value, issues }) => {
  const named = FORMATS.filter((format) => value[format] && value.format !== format);
  const second = named[value.format === "text" ? 1 : 0];
  const message = "names a second form, and a report has one";
  if (second !== undefined) issues.push({ code: "custom", input: value, path: [second], message });
});
type Input = z.output<typeof input>;

interface Result {
  readonly report: IntegrityReport;
  readonly repair: RestoreResult | null;
  readonly version: string;
  /** Where the report was written; null when it is to be printed. */
  readonly written_to: string | null;
}

export const integrityCheck = operation({
  name: "integrity-check",
  summary: "Hold every governed file, registry, receipt, archive and ledger against what was approved.",
  examples: [
    "integrity-check",
    "integrity-check --json",
    "integrity-check --fast --quiet",
    "integrity-check --sarif --out integrity.sarif",
    "integrity-check --fix --dry-run",
  ],
  // Only --fix and --record want one.
  authorised: true,
  input,
  run: async (context, given) => {
    if (given.out !== undefined) outputPlace(context.effects, given.out);
    const { result, exit_code } = await checked(context, given);
    if (given.out === undefined) return { result, exit_code };
    writeOutput(context.effects, given.out, rendered(result, given));
    const written_to = given.out;
    return { result: { ...result, written_to }, exit_code };
  },
  onFault: (fault, { effects, version }) => ({
    result: unreadable(fault, effects.clock.now_ms(), version),
    exit_code: fault.exit_code,
  }),
  json: jsonOf,
  text: (result, given) => {
    if (result.written_to === null) return rendered(result, given);
    return `${renderIntegrity(result.report, { quiet: true, orphans: false })}Written to ${result.written_to}\n`;
  },
});

/** A fault becomes a report, so that --out holds one whatever happened. */
async function checked(
  context: Context,
  given: Input,
): Promise<{ readonly result: Result; readonly exit_code: number }> {
  const { effects, version } = context;
  try {
    const plane = planeOf(context);
    // A dry run shows as findings what would be recorded.
    if (given.record && !given.dry_run) await record(context);
    const repair = given.fix ? await repaired(context, given.dry_run) : null;
    // The check that follows looks at the logs of what was recorded as well.
    await settleOwed(effects);
    const options = {
      orphans: given.orphans,
      shows_private: given.diff,
      fast: given.fast,
      dry_run: given.dry_run,
      launchers: launcherDigests(context),
      ledger_threads: {
        worker_url: context.files.scan_worker_url,
        apart_url: context.files.ledger_worker_url,
        threads_count: effects.host.cpu_count,
      },
      version,
    };
    const report = await reading(effects, plane, () => rememberedCheck(effects, plane, options));
    return { result: { report, repair, version, written_to: null }, exit_code: report.healthy ? 0 : 1 };
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    const result = unreadable(fault, effects.clock.now_ms(), version);
    return { result, exit_code: fault.exit_code };
  }
}

const unreadable = (fault: Fault, now_ms: number, version: string): Result => ({
  report: unreadableReport(fault, new Date(now_ms).toISOString()),
  repair: null,
  version,
  written_to: null,
});

/** Entering the plane for writing is what records them. */
async function record(context: Context): Promise<void> {
  const { effects, token, wait_ms } = context;
  const plane = planeOf(context);
  const { user } = await authorise(effects, plane, token, {
    action: "update",
    command: "integrity-check --record",
  });
  const waiting = wait_ms === undefined ? {} : { wait_ms };
  await writing(effects, plane, { user, ...waiting }, async () => undefined);
}

function repaired(context: Context, dry_run: boolean): Promise<RestoreResult> {
  const { effects, token, wait_ms, onPhase } = context;
  const request = { token, dry_run, wait_ms, onPhase, plane_files: launcherFiles(context) };
  return restore(effects, planeOf(context), request);
}

/** Input that was refused has no form; its report is for people. */
const formatOf = (given: Partial<Input>): Input["format"] =>
  FORMATS.find((format) => given[format]) ?? given.format ?? "text";

function rendered(result: Result, given: Input): string {
  const { report, repair, version } = result;
  const format = formatOf(given);
  if (format === "json") return `${JSON.stringify(jsonOf(result), null, 2)}\n`;
  if (format === "text")
    return repairText(repair) + renderIntegrity(report, { quiet: given.quiet, orphans: given.orphans });
  return renderReport(findingsDocument(report, version), format);
}

function jsonOf({ report, repair }: Result): object {
  return repair === null ? report : { ...report, repair };
}

function repairText(repair: RestoreResult | null): string {
  if (repair === null) return "";
  const verb = repair.dry_run ? "Would restore" : "Restored";
  const lines = repair.restored.map(
    ({ path, package_id, was, from }) =>
      `${verb} ${path} of ${package_id} (${was})${from === null || !repair.dry_run ? "" : ` from ${from}`}`,
  );
  const kept = repair.kept_in === null ? [] : [`Copies of what was found lie in ${repair.kept_in}`];
  const count = `${verb} ${repair.restored.length} file(s)`;
  const verified =
    repair.verified_paths === 0 ? "" : `; ${repair.verified_paths} hold exactly what was installed`;
  return [...lines, ...kept, `${count}${verified}`, ...timelineText(repair.timeline), "", ""].join("\n");
}
