/** `golden run`: lives of packages, from install to uninstall, in planes of their own. */
import { z } from "zod";
import { GoldenReport, type GoldenScenario } from "../contracts/index.ts";
import type { Recorded } from "../gates/index.ts";
import {
  findSubjects,
  inShard,
  planRun,
  shardOf,
  steadyReport,
  storedIn,
  sweepFolders,
  withStoredDependencies,
} from "../harness/index.ts";
import { API_VERSION } from "../lifecycle/index.ts";
import { absolute } from "../plane/index.ts";
import { findPython } from "../python/index.ts";
import { type Context, type Outcome, operation } from "./define.ts";
import { formFlags, planeToRecordIn, reportText, settleReport } from "./golden-forms.ts";
import { harnessHere } from "./golden-harness.ts";
import { totalsOf } from "./golden-report.ts";
import { lostScenario, runTogether } from "./golden-workers.ts";

export const workerFlags = {
  workers: z
    .int()
    .min(1)
    .max(256)
    .optional()
    .meta({ description: "How many processes run at once; default: one a core." }),
  shard: z
    .string()
    .optional()
    .meta({ description: "Run only this part of the whole, such as 2/4; golden merge joins them." }),
  steady: z.boolean().default(false).meta({
    description: "Leave out what differs from run to run and from machine to machine: times, processes.",
  }),
};

export const goldenRun = operation({
  name: "golden run",
  summary:
    "Run the lives of packages, from install to uninstall, in planes of their own, and judge every step.",
  examples: [
    "golden run",
    "golden run PKG-T0-EVIDENCE-001",
    "golden run golden/weather.toml --json",
    "golden run --format junit --out golden.xml",
    "golden run --shard 1/4 --json > shard-1.json",
  ],
  authorised: true,
  input: z.strictObject({
    subjects: z.array(z.string().min(1)).optional().meta({
      description:
        "Scenario files, folders of them, source folders or package ids; default: everything here.",
      positional: 0,
    }),
    list: z.boolean().default(false).meta({ description: "Name what would run, and run nothing." }),
    update: z
      .boolean()
      .default(false)
      .meta({ description: "Rewrite the recordings beside scenarios, and show what differs." }),
    keep: z.boolean().default(false).meta({ description: "Leave the planes of scenarios that fail." }),
    ...workerFlags,
    ...formFlags,
  }),
  run: async (context, input): Promise<Outcome<Result>> => {
    const { effects, root } = context;
    const { host } = effects;
    const plane = planeToRecordIn(context, input);
    const base = plane?.root ?? (root === undefined ? host.cwd : absolute(host.cwd, root));
    const swept = sweepFolders(effects).removed.length;
    const shard = input.shard === undefined ? undefined : shardOf(input.shard);
    const sources = await findSubjects(effects, base);
    const planning = { root: base, cwd: host.cwd, subjects: sources };
    const planned = await planRun(effects, input.subjects ?? [], planning);
    const subjects = await withStoredDependencies(effects, base, sources, storedIn(planned));
    const pieces = inShard(shard, planned);
    if (input.list)
      return { result: { planned: pieces.map(({ scenario, path }) => ({ name: scenario.name, path })) } };
    const began_at = new Date(effects.clock.now_ms()).toISOString();
    const from_ms = effects.clock.elapsed_ms();
    const nameOf = (at: number): string => pieces[at]?.scenario.name ?? "";
    const { results, lost } = await runTogether(
      context,
      {
        kind: "scenarios",
        pieces,
        subjects: [...subjects.values()],
        keep: input.keep,
        updates: input.update,
      },
      {
        workers: input.workers,
        onDoing: (at, doing) =>
          context.onProgress(`scenario ${at + 1}/${pieces.length} ${nameOf(at)}: ${doing}`),
        onDifference: (difference) => context.onText(`${difference}\n`),
      },
    );
    const scenarios = pieces.map(
      (file, at) =>
        (results.get(at) as GoldenScenario | undefined) ?? lostScenario(file, lost.get(at) ?? "it was lost"),
    );
    const report: GoldenReport = {
      schema_version: "1.0",
      harness: harnessHere(context),
      environment: await environmentOf(context),
      began_at,
      duration_ms: Math.round(effects.clock.elapsed_ms() - from_ms),
      shard: input.shard ?? null,
      planned: planned.map(({ scenario: { name }, digest }) => ({ name, scenario_digest: digest })),
      swept_folders: swept,
      totals: totalsOf(scenarios),
      scenarios,
    };
    // Parsed, so that fields stand in one order whoever wrote them.
    const shown = GoldenReport.parse(input.steady ? steadyReport(report) : report);
    // Evidence says when it was made, also where the report does not.
    const recorded = await settleReport(context, input, plane === undefined ? shown : report, plane);
    return { result: { report: shown, recorded }, exit_code: report.totals.failed === 0 ? 0 : 1 };
  },
  text: (result, input) =>
    "report" in result
      ? reportText(input, result.report, result.recorded)
      : result.planned.map(({ name, path }) => `${name}  ${path}\n`).join(""),
  json: (result) => ("report" in result ? result.report : result),
});

type Result =
  | { readonly report: GoldenReport; readonly recorded: Recorded | undefined }
  | { readonly planned: readonly { readonly name: string; readonly path: string }[] };

export async function environmentOf({ effects, version }: Context): Promise<GoldenReport["environment"]> {
  const { platform, arch, node_version } = effects.host;
  return {
    os: platform,
    arch,
    node: node_version,
    python: (await findPython(effects, {}).catch(() => undefined))?.version ?? null,
    host: version,
    api: API_VERSION,
  };
}
