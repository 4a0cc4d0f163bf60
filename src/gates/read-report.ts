/** A report somebody hands in, from this machine or a CI's: held to its shape before anything is signed. */
import { GoldenReport, MatrixResult, Refusal } from "../contracts/index.ts";
import { firstIssue } from "../metadata/index.ts";
import { make } from "./faults.ts";
import type { Findings } from "./report-tests.ts";

/** @param path as the user named it @throws EVIDENCE_REPORT_INVALID */
export function readReport(text: string, path: string): Findings {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw make("EVIDENCE_REPORT_INVALID", `${path} is not JSON`, { path, field: "" });
  }
  const refusal = Refusal.safeParse(value);
  if (refusal.success) {
    // In a pipe nobody else sees why there is no report.
    const { code, message, next_step } = refusal.data.error;
    const says = `${path} holds no report but a refusal: ${message} [${code}]`;
    throw make("EVIDENCE_REPORT_INVALID", says, { path, field: "", refused_next: next_step });
  }
  const is_matrix = typeof value === "object" && value !== null && "cells" in value;
  const parsed = (is_matrix ? MatrixResult : GoldenReport).safeParse(value);
  if (parsed.success) return parsed.data;
  const { field, message } = firstIssue(parsed.error);
  throw make(
    "EVIDENCE_REPORT_INVALID",
    `${path} is no report of golden run or golden matrix: ${field} ${message}`,
    {
      path,
      field,
    },
  );
}
