/** Findings of a check that answered with a report. */
import type { Finding } from "../contracts/index.ts";
import type { Answer } from "./driver.ts";
import { isRecord } from "./json-match.ts";

/** Those that make the check fail; a report on several subjects has them below each. */
export function errorsIn({ document }: Pick<Answer, "document">): Finding[] {
  if (!isRecord(document)) return [];
  const { findings, subjects } = document;
  const below = Array.isArray(subjects) ? subjects.flatMap((one) => errorsIn({ document: one })) : [];
  const own = Array.isArray(findings) ? (findings as Finding[]) : [];
  return [...own.filter(({ severity }) => severity === "error"), ...below];
}
