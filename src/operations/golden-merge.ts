/** `golden merge`: reports of shards, wherever they ran, to the report of the whole. */
import { z } from "zod";
import { GoldenReport } from "../contracts/index.ts";
import { mergeReports, steadyReport } from "../harness/index.ts";
import { absolute } from "../plane/index.ts";
import { type Context, type Outcome, operation } from "./define.ts";
import { make } from "./faults.ts";
import { textOfGolden, totalsOf } from "./golden-report.ts";

interface Read {
  readonly path: string;
  readonly value: unknown;
}

export const goldenMerge = operation({
  name: "golden merge",
  summary: "Join the reports of all shards of a golden run or matrix; what is missing is red, and named.",
  examples: [
    "golden merge shard-1.json shard-2.json --out golden.json",
    "golden merge shard-1.json shard-2.json --steady --json",
  ],
  authorised: false,
  input: z.strictObject({
    reports: z
      .array(z.string().min(1))
      .min(1)
      .max(1000)
      .meta({ description: "Reports of shards, as --json printed them.", positional: 0 }),
    out: z.string().min(1).optional().meta({ description: "File to write the whole report to, as JSON." }),
    steady: z.boolean().default(false).meta({
      description: "Leave out what differs from run to run: times, processes.",
    }),
  }),
  run: async (context, input): Promise<Outcome<GoldenReport>> => {
    const read = input.reports.map((path) => readJson(context, path));
    const merged = mergeReports(read.map((one) => ({ path: one.path, report: goldenReport(one) })));
    const whole: GoldenReport = { ...merged, totals: totalsOf(merged.scenarios) };
    const result = input.steady ? steadyReport(whole) : whole;
    if (input.out !== undefined) writeJson(context, input.out, result);
    return { result, exit_code: result.totals.failed === 0 ? 0 : 1 };
  },
  text: textOfGolden,
});

function readJson({ effects }: Context, path: string): Read {
  const { fs, host } = effects;
  const at = absolute(host.cwd, path);
  if (fs.stat(at)?.kind !== "file") throw unusable(path, "is no file");
  try {
    return { path, value: JSON.parse(fs.readText(at)) };
  } catch {
    throw unusable(path, "is no JSON");
  }
}

function goldenReport({ path, value }: Read): GoldenReport {
  const read = GoldenReport.safeParse(value);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  throw unusable(path, `is no report: /${(issue?.path ?? []).join("/")}: ${issue?.message ?? "not valid"}`);
}

const unusable = (path: string, problem: string) =>
  make("GOLDEN_REPORT_INVALID", `${path} ${problem}`, { path });

function writeJson({ effects }: Context, path: string, value: unknown): void {
  const { fs, host } = effects;
  const file = fs.openWrite(absolute(host.cwd, path), { mode: 0o644, how: "replace" });
  try {
    file.write(Buffer.from(`${JSON.stringify(value, null, 2)}\n`));
  } finally {
    file.close();
  }
}
