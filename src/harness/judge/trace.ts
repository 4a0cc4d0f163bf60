/** What a step did, as it is the same for every run. */
import type { GoldenTrace } from "../../contracts/index.ts";
import type { Answer } from "../driver.ts";
import type { Normalise } from "../normalise.ts";
import { ALWAYS_MOVING, unexplained } from "../oracle/rules.ts";
import { runOutput } from "./expectations.ts";
import type { Observed } from "./observe.ts";

export function traceOf(answer: Answer, { entries, changes }: Observed, normalise: Normalise): GoldenTrace {
  return normalise({
    output: runOutput(answer) ?? null,
    events: entries.map(
      ({ stream, event_type, submission_id }) => `${stream}: ${event_type} ${submission_id}`,
    ),
    changes: unexplained(changes, ALWAYS_MOVING),
  }) as GoldenTrace;
}
