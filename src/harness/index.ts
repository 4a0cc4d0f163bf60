/** Scripted lives of packages in planes of their own, and what is found wrong with them. */
export type { Answer, Call, Driver, Place } from "./driver.ts";
export { failEverywhere } from "./failures/fail-everywhere.ts";
export { harnessFaults } from "./faults.ts";
export { type Compared, compareRuns, type Variation } from "./flaky.ts";
export { GOLDEN_FORMS, type GoldenForm, renderGolden } from "./forms/index.ts";
export { generatedFile, planRun, storedIn } from "./plan-run.ts";
export type { ScenarioFile } from "./read-scenario.ts";
export { type RequiredScenario, requiredScenarios } from "./required.ts";
export { runScenario } from "./run-scenario.ts";
export { findSubjects, withStoredDependencies } from "./subjects.ts";
export { sweepFolders } from "./world/folder.ts";
