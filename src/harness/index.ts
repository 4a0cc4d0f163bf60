/** Scripted lives of packages in planes of their own, and what is found wrong with them. */
export { type CheckedScenario, checkScenario } from "./authoring/check-scenario.ts";
export { findScenarios } from "./authoring/find-scenarios.ts";
export { type WrittenScenario, writeScenario } from "./authoring/write-scenario.ts";
export type { Answer, Call, Driver, Place } from "./driver.ts";
export { failEverywhere } from "./failures/fail-everywhere.ts";
export { harnessFaults, make as harnessFault } from "./faults.ts";
export { type Compared, compareRuns, type Variation } from "./flaky.ts";
export { GOLDEN_FORMS, type GoldenForm, renderGolden } from "./forms/index.ts";
export { closeMatrix } from "./matrix/close-matrix.ts";
export { findHosts, type HostProgram, OWN_NAME, requireTrusted } from "./matrix/hosts.ts";
export type { MatrixJob, MatrixVersion } from "./matrix/job.ts";
export { mergeMatrices } from "./matrix/merge-matrix.ts";
export { packVersions } from "./matrix/pack-versions.ts";
export { planMatrix } from "./matrix/plan-matrix.ts";
export { readMatrix, readWaivers } from "./matrix/read-matrix.ts";
export { lostCell, runCell } from "./matrix/run-cell.ts";
export { generatedFile, planRun, storedIn } from "./plan-run.ts";
export type { ScenarioFile } from "./read-scenario.ts";
export { type RequiredScenario, requiredScenarios } from "./required.ts";
export { runScenario } from "./run-scenario.ts";
export {
  findSubjects,
  requireSubject,
  type Subject,
  type Subjects,
  subjectAt,
  withStoredDependencies,
} from "./subjects.ts";
export { type Crew, runCrew, type Worked } from "./work/crew.ts";
export { makeJob, readJob } from "./work/job.ts";
export { mergeReports } from "./work/merge.ts";
export { takePieces, untilFinished, type Work } from "./work/pieces.ts";
export { inShard, type Shard, shardOf } from "./work/shard.ts";
export { steadyMatrix, steadyReport } from "./work/steady.ts";
export { removeTree, sweepFolders } from "./world/folder.ts";
export { Remover } from "./world/remover.ts";
