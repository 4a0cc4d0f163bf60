export type { HealthResult } from "./report.ts";
export { NO_JAIL, runHealthChecks } from "./run-health-checks.ts";
export type { HealthSubject } from "./subject.ts";
