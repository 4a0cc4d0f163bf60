/** `golden run`: lives of packages, from install to uninstall, in planes of their own. */
import { z } from "zod";
import type { GoldenReport, GoldenScenario } from "../contracts/index.ts";
import { type Recorded, recordEvidence } from "../gates/index.ts";
import {
  findSubjects,
  GOLDEN_FORMS,
  type GoldenForm,
  planRun,
  renderGolden,
  runScenario,
  storedIn,
  sweepFolders,
  withStoredDependencies,
} from "../harness/index.ts";
import { API_VERSION } from "../lifecycle/index.ts";
import { absolute, outputPlace, writeOutput } from "../plane/index.ts";
import { findPython } from "../python/index.ts";
import { type Context, type Outcome, operation, planeOf } from "./define.ts";
import { driverOf } from "./golden-driver.ts";
import { harnessHere } from "./golden-harness.ts";
import { recordedText } from "./golden-record.ts";
import { textOfGolden, totalsOf } from "./golden-report.ts";

export const goldenRun = operation({
  name: "golden run",
  summary:
    "Run the lives of packages, from install to uninstall, in planes of their own, and judge every step.",
  examples: [
    "golden run",
    "golden run PKG-T0-EVIDENCE-001",
    "golden run golden/weather.toml --json",
    "golden run --format junit --out golden.xml",
  ],
  authorised: true,
  input: z.strictObject({
    subjects: z.array(z.string().min(1)).optional().meta({
      description:
        "Scenario files, folders of them, source folders or package ids; default: everything here.",
      positional: 0,
    }),
    list: z.boolean().default(false).meta({ description: "Name what would run, and run nothing." }),
    record: z.boolean().default(false).meta({
      description: "Record what it found as signed evidence in the plane; wants a token.",
    }),
    update: z
      .boolean()
      .default(false)
      .meta({ description: "Rewrite the recordings beside scenarios, and show what differs." }),
    format: z
      .enum(["text", "json", ...GOLDEN_FORMS])
      .default("text")
      .meta({ description: "Form of the report. --json alone is the same as --format json." }),
    out: z.string().min(1).optional().meta({ description: "File to write the report to." }),
    keep: z.boolean().default(false).meta({ description: "Leave the planes of scenarios that fail." }),
  }),
  run: async (context, input): Promise<Outcome<Result>> => {
    const { effects, root } = context;
    const { host } = effects;
    if (input.out !== undefined) outputPlace(effects, input.out);
    const plane = input.record ? planeOf(context) : undefined;
    const base = plane?.root ?? (root === undefined ? host.cwd : absolute(host.cwd, root));
    sweepFolders(effects);
    const sources = await findSubjects(effects, base);
    const planning = { root: base, cwd: host.cwd, subjects: sources };
    const planned = await planRun(effects, input.subjects ?? [], planning);
    const subjects = await withStoredDependencies(effects, base, sources, storedIn(planned));
    if (input.list)
      return { result: { planned: planned.map(({ scenario, path }) => ({ name: scenario.name, path })) } };
    const began_at = new Date(effects.clock.now_ms()).toISOString();
    const from_ms = effects.clock.elapsed_ms();
    const driver = driverOf(context);
    const scenarios: GoldenScenario[] = [];
    for (const [at, file] of planned.entries()) {
      const tell = (id: string): void =>
        context.onProgress(`scenario ${at + 1}/${planned.length} ${file.scenario.name}: ${id}`);
      scenarios.push(
        await runScenario(effects, file, {
          driver,
          subjects,
          keep: input.keep,
          updates: input.update,
          onStep: tell,
          onDifference: (difference) => context.onText(`${difference}\n`),
        }),
      );
    }
    const report: GoldenReport = {
      schema_version: "1.0",
      harness: harnessHere(context),
      environment: await environmentOf(context),
      began_at,
      duration_ms: Math.round(effects.clock.elapsed_ms() - from_ms),
      shard: null,
      totals: totalsOf(scenarios),
      scenarios,
    };
    const exit_code = report.totals.failed === 0 ? 0 : 1;
    if (input.out !== undefined) writeOutput(effects, input.out, formOf(report, input.format));
    if (plane === undefined) return { result: { report }, exit_code };
    const { token, wait_ms } = context;
    return {
      result: { report, recorded: await recordEvidence(effects, plane, { report, token, wait_ms }) },
      exit_code,
    };
  },
  text: (result, { format, out }) => {
    if (!("report" in result)) return result.planned.map(({ name, path }) => `${name}  ${path}\n`).join("");
    const { report, recorded } = result;
    // A form for other programs stays whole: what was recorded is no part of it.
    if (out === undefined && format !== "text") return formOf(report, format);
    const written = out === undefined ? "" : `Report: ${out}\n`;
    return `${textOfGolden(report)}${recorded === undefined ? "" : recordedText(recorded)}${written}`;
  },
  json: (result) => ("report" in result ? result.report : result),
});

function formOf(report: GoldenReport, format: "text" | "json" | GoldenForm): string {
  if (format === "text") return textOfGolden(report);
  return format === "json" ? `${JSON.stringify(report, null, 2)}\n` : renderGolden(report, format);
}

type Result =
  | { readonly report: GoldenReport; readonly recorded?: Recorded }
  | { readonly planned: readonly { readonly name: string; readonly path: string }[] };

async function environmentOf({ effects, version }: Context): Promise<GoldenReport["environment"]> {
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
