import { z } from "zod";
import { checkSpec, reviewSpec } from "../lifecycle/index.ts";
import { operation, planeOf } from "./define.ts";
import { dryRun } from "./fields.ts";

const spec_id = z
  .string()
  .min(1)
  .meta({ description: "SPEC-… id; the spec pack lies in specs/<ID>/.", positional: 0 });

export const specCheck = operation({
  name: "spec check",
  summary:
    "Check a spec pack: 00 to 08 complete, files present, tests pass, dependencies installed, review recorded.",
  examples: ["pkg spec check SPEC-RUNTIME-001"],
  authorised: false,
  input: z.strictObject({
    id: spec_id,
    timeout: z
      .int()
      .positive()
      .max(3600)
      .default(300)
      .meta({ description: "Seconds each acceptance command may take." }),
  }),
  run: async (context, { id, timeout }) => {
    const report = await checkSpec(context.effects, planeOf(context), id, { timeout_ms: timeout * 1000 });
    return { result: report, exit_code: report.passed ? 0 : 1 };
  },
  text: (report) =>
    [
      `# ${report.spec_id}${report.title === "" ? "" : `: ${report.title}`}`,
      ...report.checks.map(({ name, passed, message }) => `${passed ? "[x]" : "[ ]"} ${name}: ${message}`),
      ...report.checks.filter(({ passed }) => !passed).map(({ next_step }) => `    ${next_step}`),
      `${report.passed ? "PASS" : "FAIL"}: ${report.checks.filter(({ passed }) => passed).length} of ${report.checks.length} checks`,
      "",
    ].join("\n"),
});

export const specReview = operation({
  name: "spec review",
  summary: "Record that a named person reviewed a spec and its code, for exactly the bytes that lie there.",
  examples: ["pkg spec review SPEC-RUNTIME-001 --reviewer ann --decision approved"],
  authorised: true,
  input: z.strictObject({
    id: spec_id,
    reviewer: z.string().min(1).max(128).meta({ description: "Name of the person who reviewed." }),
    decision: z.enum(["approved", "rejected"]).meta({ description: "What they decided." }),
    note: z.string().max(1024).default("").meta({ description: "Anything to add." }),
    dry_run: dryRun,
  }),
  run: async (context, input) => ({
    result: await reviewSpec(context.effects, planeOf(context), { ...input, token: context.token }),
  }),
  text: (result) =>
    `${result.dry_run ? "Would record" : "Recorded"}: ${result.spec_id} ${result.decision} by ${result.reviewer}\n`,
});
