/** A report somebody hands in, from this machine or a CI's: held to its shape before anything is signed. */
import { GoldenReport } from "../contracts/index.ts";
import { firstIssue } from "../metadata/index.ts";
import { make } from "./faults.ts";

/** @param path as the user named it @throws EVIDENCE_REPORT_INVALID */
export function readReport(text: string, path: string): GoldenReport {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw make("EVIDENCE_REPORT_INVALID", `${path} is not JSON`, { path, field: "" });
  }
  const parsed = GoldenReport.safeParse(value);
  if (parsed.success) return parsed.data;
  const { field, message } = firstIssue(parsed.error);
  throw make("EVIDENCE_REPORT_INVALID", `${path} is no report of golden run: ${field} ${message}`, {
    path,
    field,
  });
}
