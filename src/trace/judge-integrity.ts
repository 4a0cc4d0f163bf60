/** The four questions of the older tool, and what they leave out, answered from one integrity report. */
import type { IntegrityReport, VerifyTrace } from "../contracts/index.ts";

type Check = VerifyTrace["checks"][number];

export function judgeIntegrity(
  report: IntegrityReport,
  { kernels, without_parity }: { kernels: readonly string[]; without_parity: readonly string[] },
): VerifyTrace {
  const checks = [
    checkOrphans(report),
    checkHashes(report),
    checkParity(kernels, without_parity),
    checkLedger(report),
    checkRest(report),
  ];
  const failed = checks.filter(({ passed }) => !passed);
  const message =
    failed.length === 0
      ? `All ${checks.length} checks passed.`
      : `${failed.length} of ${checks.length} checks failed; "integrity-check" tells more.`;
  return { passed: failed.length === 0, checks, message };
}

function check(name: string, passed: boolean, message: string, details: readonly string[] = []): Check {
  return { name, passed, message, ...(details.length === 0 ? {} : { details: [...details] }) };
}

function checkOrphans({ counts, orphans }: IntegrityReport): Check {
  const message = `${orphans.length} of ${counts.total} governed paths have no owner`;
  return check("Registry orphans", counts.total > 0 && orphans.length === 0, message, orphans);
}

/** Edited configuration and state are no damage: both are made to change. No file verified at all is a failure. */
function checkHashes({ paths, verified_count }: IntegrityReport): Check {
  const amiss = paths.filter(
    ({ verdict, classification }) =>
      verdict === "missing" ||
      verdict === "not_verifiable" ||
      (verdict === "drift" && classification !== "config" && classification !== "state"),
  );
  const message =
    verified_count === 0
      ? "no file was verified"
      : `${verified_count} files verified, ${amiss.length} not as recorded`;
  return check(
    "File hash integrity",
    verified_count > 0 && amiss.length === 0,
    message,
    amiss.map(({ path, verdict }) => `${verdict}: ${path}`),
  );
}

function checkParity(kernels: readonly string[], without_parity: readonly string[]): Check {
  const name = "Kernel parity (G0K)";
  if (kernels.length === 0) return check(name, true, "does not apply: no kernel package is installed");
  return check(
    name,
    without_parity.length === 0,
    `${kernels.length - without_parity.length} of ${kernels.length} kernel packages are the same in every plane tier`,
    without_parity,
  );
}

function checkLedger({ ledger }: IntegrityReport): Check {
  const amiss = ledger.filter(({ valid }) => !valid);
  const message =
    ledger.length === 0
      ? "there is no ledger"
      : `${ledger.length - amiss.length} of ${ledger.length} ledger streams are there and hold`;
  return check(
    "Ledger exists",
    ledger.length > 0 && amiss.length === 0,
    message,
    amiss.map(({ stream }) => stream),
  );
}

/** What the four questions above do not cover: registries, receipts, the governance chain. */
function checkRest({ healthy, findings, error }: IntegrityReport): Check {
  const errors = findings.filter(({ severity }) => severity === "error");
  const message =
    error?.message ?? (healthy ? "no finding is an error" : `${errors.length} findings are errors`);
  return check(
    "Integrity report",
    healthy && error === undefined,
    message,
    healthy ? [] : errors.map(({ path, message: says }) => (path === undefined ? says : `${path}: ${says}`)),
  );
}
