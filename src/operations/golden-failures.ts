/** `golden failures`: a failure at every point of every kind of change. */
import { z } from "zod";
import type { GoldenFailures } from "../contracts/index.ts";
import { failEverywhere, findSubjects, generatedFile, planRun } from "../harness/index.ts";
import { absolute } from "../plane/index.ts";
import { operation } from "./define.ts";
import { driverOf } from "./golden-driver.ts";

export const goldenFailures = operation({
  name: "golden failures",
  summary:
    "Fail every kind of change at every point it comes by, and hold what stands then against before and after.",
  examples: ["golden failures", "golden failures PKG-T1-RUNTIME-001 --every --json"],
  authorised: false,
  input: z.strictObject({
    subject: z.string().min(1).optional().meta({
      description: "Scenario file, source folder or package id; default: a package made up for it.",
      positional: 0,
    }),
    every: z.boolean().default(false).meta({
      description: "Every point in every stage, also those that were failed in an earlier one.",
    }),
  }),
  run: async (context, { subject, every }) => {
    const { effects, root } = context;
    const base = root === undefined ? effects.host.cwd : absolute(effects.host.cwd, root);
    const subjects = await findSubjects(effects, base);
    const planning = { root: base, cwd: effects.host.cwd, subjects };
    const [file = generatedFile()] = subject === undefined ? [] : await planRun(effects, [subject], planning);
    const onPoint = (stage: string, point: string, at: number, of: number): void =>
      context.onProgress(`${stage} ${at}/${of}: ${point}`);
    const report = await failEverywhere(effects, file, {
      driver: driverOf(context),
      subjects,
      every,
      onPoint,
    });
    const { totals, unlisted } = report;
    const is_good = totals.failed === 0 && totals.injected > 0 && unlisted.length === 0;
    return { result: report, exit_code: is_good ? 0 : 1 };
  },
  text: (report: GoldenFailures) => {
    const { totals, uncovered, uncovered_phases, unlisted, failures, duration_ms } = report;
    return [
      ...failures
        .filter(({ problems }) => problems.length > 0)
        .flatMap(({ stage, point, action, ended, problems }) => [
          `FAIL ${stage}: ${point}=${action} ended in ${ended === "neither" ? "neither state" : `the ${ended} state`}`,
          ...problems.flatMap(({ message, code, next_step }) => [
            `     ${message} [${code}]`,
            `     next: ${next_step}`,
          ]),
        ]),
      `${totals.injected} failures in ${(duration_ms / 1000).toFixed(0)} s: ${totals.prior} ended in the state before, ${totals.new} in the new one, ${totals.neither} in neither`,
      `${totals.covered} of ${totals.points} points of pkg failpoints, ${totals.phases} phases; ${totals.failed} failures were not borne`,
      ...(uncovered.length === 0 ? [] : [`not come by: ${uncovered.join(", ")}`]),
      ...(uncovered_phases.length === 0 ? [] : [`phases not come by: ${uncovered_phases.join(", ")}`]),
      ...(unlisted.length === 0 ? [] : [`come by, and not in pkg failpoints: ${unlisted.join(", ")}`]),
      "",
    ].join("\n");
  },
});
