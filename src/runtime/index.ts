export { runtimeFaults } from "./faults.ts";
export type { Hosting, Interpreters } from "./hosting.ts";
export { DEFAULT_LIMITS, type Limit, type LimitName, type Limits, limitsOf, type Wishes } from "./limits.ts";
export { accept, runAction } from "./run-action.ts";
export { findRun, listRuns, type RunHead, type RunLog } from "./run-log.ts";
export type { RunRequest, RunResult } from "./run-request.ts";
