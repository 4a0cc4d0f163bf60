/** Scripted lives of packages in planes of their own, and what is found wrong with them. */
export type { Answer, Call, Driver, Place } from "./driver.ts";
export { harnessFaults } from "./faults.ts";
export { planRun } from "./plan-run.ts";
export type { ScenarioFile } from "./read-scenario.ts";
export { runScenario } from "./run-scenario.ts";
export { findSubjects } from "./subjects.ts";
export { sweepFolders } from "./world/folder.ts";
