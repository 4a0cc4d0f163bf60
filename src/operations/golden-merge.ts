/** `golden merge`: reports of shards, wherever they ran, to the report of the whole. */
import { z } from "zod";
import { GoldenMatrix, GoldenReport } from "../contracts/index.ts";
import {
  GOLDEN_FORMS,
  mergeMatrices,
  mergeReports,
  renderGolden,
  steadyMatrix,
  steadyReport,
} from "../harness/index.ts";
import { absolute } from "../plane/index.ts";
import { type Context, type Outcome, operation } from "./define.ts";
import { make } from "./faults.ts";
import { textOf, type Whole } from "./golden-forms.ts";
import { totalsOf } from "./golden-report.ts";

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
    "golden merge shard-1.json shard-2.json --format markdown",
  ],
  authorised: false,
  input: z.strictObject({
    reports: z
      .array(z.string().min(1))
      .min(1)
      .max(1000)
      .meta({ description: "Reports of shards, as --json printed them.", positional: 0 }),
    out: z.string().min(1).optional().meta({ description: "File to write the whole report to, as JSON." }),
    format: z
      .enum(["text", ...GOLDEN_FORMS])
      .default("text")
      .meta({ description: "Form of what is printed." }),
    steady: z.boolean().default(false).meta({
      description: "Leave out what differs from run to run: times, processes.",
    }),
  }),
  run: async (context, input): Promise<Outcome<Whole>> => {
    const read = input.reports.map((path) => readJson(context, path));
    const { result, healthy } = isMatrix(read[0]) ? matrixOf(context, read) : reportOf(read);
    const steady = ordered(input.steady ? steadied(result) : result);
    if (input.out !== undefined) writeJson(context, input.out, steady);
    return { result: steady, exit_code: healthy ? 0 : 1 };
  },
  text: (whole, { format }) => (format === "text" ? textOf(whole) : renderGolden(whole, format)),
});

const isMatrix = (one: Read | undefined): boolean =>
  typeof one?.value === "object" && one.value !== null && "cells" in one.value;

const steadied = (whole: Whole): Whole => ("cells" in whole ? steadyMatrix(whole) : steadyReport(whole));

/** Fields in one order whoever wrote them. */
const ordered = (whole: Whole): Whole =>
  "cells" in whole ? GoldenMatrix.parse(whole) : GoldenReport.parse(whole);

interface Merged {
  readonly result: Whole;
  readonly healthy: boolean;
}

function reportOf(read: readonly Read[]): Merged {
  const merged = mergeReports(read.map((one) => ({ path: one.path, report: parsed(GoldenReport, one) })));
  const result = { ...merged, totals: totalsOf(merged.scenarios) };
  return { result, healthy: result.totals.failed === 0 };
}

function matrixOf({ effects }: Context, read: readonly Read[]): Merged {
  const today = new Date(effects.clock.now_ms()).toISOString().slice(0, 10);
  const matrices = read.map((one) => ({ path: one.path, matrix: parsed(GoldenMatrix, one) }));
  const result = mergeMatrices(matrices, today);
  return { result, healthy: result.healthy };
}

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

function parsed<T>(contract: z.ZodType<T>, { path, value }: Read): T {
  const read = contract.safeParse(value);
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
