export { type Explained, explainRun, limitLines } from "./explain.ts";
export { runtimeFaults } from "./faults.ts";
export type { Hosting } from "./hosting.ts";
export { inputFileBytes, inputTextBytesMax, parseInputText } from "./input-text.ts";
export { type Limit, type LimitName, type Limits, type Wishes } from "./limits.ts";
export { ActionPool, type PoolOptions } from "./pool.ts";
export { accept, runAction } from "./run-action.ts";
export { findRun, listRuns, type RunHead, type RunLog } from "./run-log.ts";
export type { RunRequest, RunResult } from "./run-request.ts";
