/** Scripted lives of packages in planes of their own, and what is found wrong with them. */
export { type CheckedScenario, checkScenario } from "./authoring/check-scenario.ts";
export { findScenarios } from "./authoring/find-scenarios.ts";
export { type WrittenScenario, writeScenario } from "./authoring/write-scenario.ts";
export { makeJob, readJob } from "./crew/job.ts";
export { mergeReports } from "./crew/merge.ts";
export { takePieces, untilFinished, type Work } from "./crew/pieces.ts";
export { type Crew, runCrew, type Worked } from "./crew/run-crew.ts";
export { inShard, type Shard, shardOf } from "./crew/shard.ts";
export { steadyMatrix, steadyReport } from "./crew/steady.ts";
export type { Answer, Call, Driver, Place } from "./driver.ts";
export { failEverywhere } from "./failures/fail-everywhere.ts";
export { harnessFaults, make as harnessFault } from "./faults.ts";
export { type Compared, compareRuns, isSameContent, type Lived, type Variation } from "./flaky.ts";
export { GOLDEN_FORMS, type GoldenForm, renderGolden } from "./forms/index.ts";
export { cellWord, type Grid, gridsOf } from "./forms/matrix-facts.ts";
export type { Contents } from "./judge/contents.ts";
export { closeMatrix } from "./matrix/close-matrix.ts";
export { findHosts, type HostProgram, OWN_NAME, requireTrusted } from "./matrix/hosts.ts";
export type { MatrixJob, MatrixVersion } from "./matrix/job.ts";
export { mergeMatrices } from "./matrix/merge-matrix.ts";
export { packVersions } from "./matrix/pack-versions.ts";
export { planMatrix } from "./matrix/plan-matrix.ts";
export { hostDigests, programsOf } from "./matrix/programs-digest.ts";
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
  storedSubject,
  subjectAt,
  withStoredDependencies,
} from "./subjects.ts";
export { notRun, unrunScenario } from "./unrun.ts";
export { removeTree, sweepFolders } from "./world/folder.ts";
export { Remover } from "./world/remover.ts";
