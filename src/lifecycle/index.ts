export type { Runtime } from "../preflight/index.ts";
export {
  ADOPT_CODES,
  type Inventory,
  type InventoryEntry,
  resolveFolder,
  shownName,
  type TakeResult,
  takeEntries,
  takeInventory,
} from "./adopt/index.ts";
export { type Approval, approve, isApproved } from "./approve.ts";
export type { Wanted } from "./candidate.ts";
export type { OnPhase } from "./change-session.ts";
export { type DoctorReport, examine } from "./doctor.ts";
export { lifecycleFaults } from "./faults.ts";
export { collectNow, type GcResult, markGood } from "./gc.ts";
export type { HealthOptions } from "./health-phase.ts";
export { type ImportReport, type ImportResult, importPlane } from "./import/index.ts";
export { type InitRequest, type InitResult, initPlane } from "./init.ts";
export { type InstallRequest, type InstallResult, install } from "./install.ts";
export type { InstalledPackage } from "./install-describe.ts";
export { type KeptEvidence, keepEvidence, type NewEvidence } from "./keep-evidence.ts";
export type { Leaving } from "./leaving.ts";
export { type PackedBytes, type PackRequest, type PackResult, pack } from "./pack.ts";
export { type HistoryEvent, packageHistory } from "./package-history.ts";
export {
  type ApproveResult,
  approvePlugin,
  type ConfigureResult,
  configurePlugin,
  disablePlugin,
  type EnableResult,
  enablePlugin,
  type ForgetResult,
  forgetPlugin,
  type InstallPluginResult,
  installPlugin,
  type PluginChange,
  type ReviewResult,
  registerPlugin,
  reviewPlugins,
  type UninstallPluginResult,
  uninstallPlugin,
} from "./plugin/index.ts";
export {
  type ChangedManifests,
  changedManifests,
  type Fixed,
  fixSource,
  type PreflightWorld,
  preflight,
} from "./preflight/index.ts";
export { refuseToken } from "./refuse.ts";
export { type RegisterResult, register, unregister } from "./register.ts";
export { type RestoreRequest, type RestoreResult, restore } from "./restore.ts";
export { type RollbackRequest, type RollbackResult, rollback } from "./rollback.ts";
export { checkSpec, reviewSpec, type SpecReport } from "./spec-check.ts";
export { installedStanding, storedStanding } from "./standing.ts";
export { type PlaneStatus, planeStatus } from "./status.ts";
export { type UndoRequest, type UndoResult, undo } from "./undo.ts";
export { type UninstallResult, uninstall } from "./uninstall.ts";
export { type ArchiveCheck, type ArchiveReport, verifyArchive } from "./verify-archive.ts";
export { API_VERSION } from "./version.ts";
