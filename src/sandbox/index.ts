export { confine } from "./confine.ts";
export type {
  Broker,
  BrokerCall,
  Brokered,
  CallLimits,
  Confined,
  ConfineLimits,
  ConfineNeeds,
  ConfineRequest,
  Denial,
  DenialRule,
  Ending,
  Outcome,
  Spent,
  StartRequest,
  ToolUse,
  Usage,
} from "./confined.ts";
export { sandboxFaults } from "./faults.ts";
export { findJail } from "./find-jail.ts";
export { interpreterFiles } from "./interpreter-files.ts";
export type { Jail, JailNeeds, JailRequest, JailSearch, LayerName, LayerRefusal } from "./layer.ts";
export { lastWords } from "./printable.ts";
export { makePrivateTemp } from "./private-temp.ts";
export { processStart } from "./process-start.ts";
export { type BrokerGrant, type ProfileRequest, profileFor, type SandboxProfile } from "./profile.ts";
export { hiddenKey, type Ready, type ReadyRequest, readyKey, standReady } from "./ready.ts";
export { runJailed, runUnjailed } from "./run-jailed.ts";
export { type SweptTemps, sweepPrivateTemps } from "./sweep-temps.ts";
export { isInside } from "./view.ts";
export { findWall, type WallSearch } from "./wall/find-wall.ts";
export type { Wall } from "./wall/wall.ts";
export { type ClaimReport, examineSandbox, type LayerReport, type SandboxReport } from "./witness/doctor.ts";
export { type ProvenRequest, provenWall } from "./witness/proven-wall.ts";
