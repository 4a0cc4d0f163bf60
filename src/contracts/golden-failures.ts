/** What came of a failure at every point there is. */
import { z } from "zod";
import { GoldenProblem } from "./golden.ts";

export const InjectedFailure = z.strictObject({
  /** Of the tour: `update`. */
  stage: z.string(),
  /** `activate.file.rename#1`. */
  point: z.string(),
  /** `kill`, `EIO`… */
  action: z.string(),
  exit_code: z.int(),
  fault: z.string().nullable(),
  /** What stands afterwards: what was before, what should have come, or neither. */
  ended: z.enum(["prior", "new", "neither"]),
  problems: z.array(GoldenProblem),
});
export type InjectedFailure = z.output<typeof InjectedFailure>;

export const GoldenFailures = z
  .strictObject({
    schema_version: z.literal("1.0"),
    subject: z.string(),
    duration_ms: z.number(),
    totals: z.strictObject({
      injected: z.int(),
      /** Points as `pkg failpoints` names them. */
      points: z.int(),
      covered: z.int(),
      phases: z.int(),
      prior: z.int(),
      new: z.int(),
      neither: z.int(),
      failed: z.int(),
    }),
    /** Points no stage of the tour came by. */
    uncovered: z.array(z.string()),
    /** Points that were come by and that `pkg failpoints` does not name: its list is wrong. */
    unlisted: z.array(z.string()),
    /** Phases in which nothing was injected. */
    uncovered_phases: z.array(z.string()),
    failures: z.array(InjectedFailure),
  })
  .meta({ id: "GoldenFailures", title: "Report of golden failures" });
export type GoldenFailures = z.output<typeof GoldenFailures>;
