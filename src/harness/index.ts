/** Scripted lives of packages in planes of their own, and what is found wrong with them. */
export type { Answer, Call, Driver, Place } from "./driver.ts";
export { harnessFaults } from "./faults.ts";
export { planRun } from "./plan-run.ts";
export type { ScenarioFile } from "./read-scenario.ts";
export { runScenario } from "./run-scenario.ts";
export { findSubjects, type Subject } from "./subjects.ts";
export { type Crew, runCrew, type Worked } from "./work/crew.ts";
export { claimNext, makeJob, readJob } from "./work/job.ts";
export { joinParts, mergeReports, type Part } from "./work/merge.ts";
export { lineOf } from "./work/messages.ts";
export { inShard, isInShard, type Shard, shardOf } from "./work/shard.ts";
export { steadyReport } from "./work/steady.ts";
export { removeTree, sweepFolders } from "./world/folder.ts";
