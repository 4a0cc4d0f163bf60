import type { PreflightCounts, PreflightReport, PreflightSubject } from "../contracts/index.ts";

/** One report of all subjects. Nothing judged is not healthy. */
export function preflightReport(
  subjects: readonly PreflightSubject[],
  about: Pick<PreflightReport, "plane" | "runtime">,
  changes?: NonNullable<PreflightReport["changed"]>,
): PreflightReport {
  const sum = (name: keyof PreflightCounts): number =>
    subjects.reduce((total, { counts }) => total + counts[name], 0);
  return {
    schema_version: "1.0",
    ...about,
    ...(changes === undefined
      ? {}
      : { changed: { base: changes.base, commit: changes.commit, files_count: changes.files_count } }),
    // That no manifest changed was looked up; that none was named is a mistake.
    healthy: (subjects.length > 0 || changes !== undefined) && subjects.every(({ healthy }) => healthy),
    complete: subjects.every(({ complete }) => complete),
    subjects: [...subjects],
    counts: {
      checks: sum("checks"),
      passed: sum("passed"),
      failed: sum("failed"),
      not_run: sum("not_run"),
      errors: sum("errors"),
      advice: sum("advice"),
    },
  };
}
