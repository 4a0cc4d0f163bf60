/** Evidence that versions passed their scenarios, and the gate before a release that asks for it. */
export { type CellAnswer, canInstall, type InstallAnswer } from "./can-install.ts";
export { type Checklist, checklistMarkdown, releaseChecklist } from "./checklist.ts";
export { gatesFaults } from "./faults.ts";
export { GATE_RULES } from "./findings.ts";
export { type GateReport, judgeGate, requirePassed, storedVersion } from "./gate.ts";
export type { Harness, JudgedRequirement } from "./judge.ts";
export { readReport } from "./read-report.ts";
export { type Recorded, recordEvidence } from "./record.ts";
export { cellText } from "./requirements.ts";
