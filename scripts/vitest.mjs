/** Runs vitest and counts from its JSON report. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { capture } from "./capture.mjs";

/**
 * `{ passed, failed, skipped, files, duration_ms, output }`. A file that cannot be loaded counts as one failed test, and so does
 * a run that fails without naming a test (an unhandled error, no report at all).
 */
export async function runVitest(root, { args = [], live = false, env = {} } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-vitest-"));
  const path = join(folder, "report.json");
  try {
    const argv = ["run", ...args, "--reporter=default", "--reporter=json", `--outputFile.json=${path}`];
    const run = await capture("vitest", argv, { cwd: root, env: { CI: "1", ...env }, live });
    return {
      ...count(readReport(path), run.exit_code),
      duration_ms: run.duration_ms,
      output: run.stdout + run.stderr,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return { testResults: [], numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };
  }
}

function count(report, exit_code) {
  const unloadable = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((one) => one.status === "failed"),
  );
  const failed = report.numFailedTests + unloadable.length;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && exit_code !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
    files: report.testResults.length,
  };
}
