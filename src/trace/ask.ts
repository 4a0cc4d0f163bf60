/** The questions of a trace besides `--explain`: why, who, what changed, what breaks, what was. All read and change nothing. */
import type { TraceReport } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { holdingIndex } from "../index-db/index.ts";
import type { Plane } from "../plane/index.ts";
import { type Answer, reportOf } from "./answer.ts";
import { type DiffRequest, traceDiff } from "./diff.ts";
import { traceImpact } from "./impact.ts";
import { momentOf } from "./moment.ts";
import type { TraceOptions } from "./options.ts";
import { tracePlaneAt } from "./past.ts";
import { Sight } from "./sight.ts";
import type { State } from "./state.ts";
import { StateNow } from "./state-now.ts";
import { StateThen } from "./state-then.ts";
import { traceWho } from "./who.ts";
import { traceWhy } from "./why.ts";

export type Question =
  | { readonly ask: "why"; readonly from: string; readonly to: string; readonly limit?: number | undefined }
  | { readonly ask: "who"; readonly path: string }
  | { readonly ask: "impact"; readonly subject: string }
  | ({ readonly ask: "diff" } & DiffRequest)
  | { readonly ask: "plane_at" };

/**
 * Run it inside `reading`, so that no transaction changes the plane meanwhile. Damage it meets is a finding.
 * @throws TRACE_SUBJECT_UNKNOWN, TRACE_VERSION_ABSENT (exit 1), TRACE_TIME_INVALID (exit 2)
 */
export async function ask(
  effects: Effects,
  plane: Plane,
  question: Question,
  options: TraceOptions = {},
): Promise<TraceReport> {
  return holdingIndex(effects, plane.root, () => asked(new Sight(effects, plane, options), question));
}

async function asked(sight: Sight, question: Question): Promise<TraceReport> {
  const { effects, options } = sight;
  if (question.ask === "diff")
    return reportOf(sight, { type: "diff", ...(await traceDiff(sight, question)) }, null);
  const then = options.at === undefined ? undefined : new StateThen(sight, momentOf(sight, options.at));
  if (question.ask === "plane_at") {
    const past = then ?? new StateThen(sight, nowOf(effects));
    return reportOf(sight, { type: "plane_at", ...tracePlaneAt(past) }, past.at);
  }
  return reportOf(sight, answerIn(sight, then ?? new StateNow(sight), question), then?.at ?? null);
}

function nowOf({ clock }: Pick<Effects, "clock">) {
  const at_ms = clock.now_ms();
  return { at: new Date(at_ms).toISOString(), at_ms, line: undefined };
}

function answerIn(
  sight: Sight,
  state: State,
  question: Exclude<Question, { ask: "diff" | "plane_at" }>,
): Answer {
  switch (question.ask) {
    case "why":
      return { type: "why", ...traceWhy(sight, state, question) };
    case "who":
      return { type: "who", ...traceWho(sight, state, question.path) };
    case "impact":
      return { type: "impact", ...traceImpact(sight, state, question.subject) };
    default:
      return question satisfies never;
  }
}
