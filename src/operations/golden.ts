/** `golden run`: lives of packages, from install to uninstall, in planes of their own. */
import { z } from "zod";
import type { GoldenReport, GoldenScenario } from "../contracts/index.ts";
import { findSubjects, planRun, runScenario, type ScenarioFile, sweepFolders } from "../harness/index.ts";
import { sha256Hex } from "../kernel/index.ts";
import { API_VERSION } from "../lifecycle/index.ts";
import { absolute } from "../plane/index.ts";
import { findPython } from "../python/index.ts";
import { type Context, type Outcome, operation } from "./define.ts";
import { driverOf } from "./golden-driver.ts";
import { textOfGolden, totalsOf } from "./golden-report.ts";

export const goldenRun = operation({
  name: "golden run",
  summary:
    "Run the lives of packages, from install to uninstall, in planes of their own, and judge every step.",
  examples: ["golden run", "golden run PKG-T0-EVIDENCE-001", "golden run golden/weather.toml --json"],
  authorised: false,
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
  }),
  run: async (context, input): Promise<Outcome<Result>> => {
    const { effects, root } = context;
    const { host } = effects;
    const base = root === undefined ? host.cwd : absolute(host.cwd, root);
    sweepFolders(effects);
    const subjects = await findSubjects(effects, base);
    const planned = await planRun(effects, input.subjects ?? [], { root: base, cwd: host.cwd, subjects });
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
      harness: harnessOf(context, planned),
      environment: await environmentOf(context),
      began_at,
      duration_ms: Math.round(effects.clock.elapsed_ms() - from_ms),
      shard: null,
      totals: totalsOf(scenarios),
      scenarios,
    };
    return { result: { report }, exit_code: report.totals.failed === 0 ? 0 : 1 };
  },
  text: (result) =>
    "report" in result
      ? textOfGolden(result.report)
      : result.planned.map(({ name, path }) => `${name}  ${path}\n`).join(""),
  json: (result) => ("report" in result ? result.report : result),
});

type Result =
  | { readonly report: GoldenReport }
  | { readonly planned: readonly { readonly name: string; readonly path: string }[] };

/** The programs and the rules they ran by. */
const harnessOf = ({ version }: Context, planned: readonly ScenarioFile[]): GoldenReport["harness"] => ({
  version,
  digest: sha256Hex(Buffer.from(JSON.stringify([version, planned.map(({ digest }) => digest)]))),
});

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
