export type { HealthResult } from "./report.ts";
export { runHealthChecks } from "./run-health-checks.ts";
export type { HealthSubject } from "./subject.ts";
