/** An answer before it becomes a report: what it is about, the data, and what stands behind it. */
import type { TraceReport, TraceStatement } from "../contracts/index.ts";
import { sorted } from "./findings.ts";
import { proved } from "./prove.ts";
import type { Sight } from "./sight.ts";

export type Answer = {
  [R in TraceReport as R["type"]]: Pick<R, "type" | "data"> & { readonly statements: TraceStatement[] };
}[TraceReport["type"]];

/** Findings are complete only now, so this comes last. */
export function reportOf(sight: Sight, answer: Answer, at: string | null): TraceReport {
  const found = answer.type !== "unknown" && (answer.type !== "digest" || answer.data.matches.length > 0);
  const statements = sight.options.prove === true ? proved(sight, answer.statements) : answer.statements;
  const { type, data } = answer;
  return { type, found, at, data, statements, findings: sorted(sight.findings) } as TraceReport;
}
