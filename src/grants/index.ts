export { judgesOf } from "./approvers.ts";
export { type Asked, askedOf } from "./asked.ts";
export { secretKeys } from "./config-schema.ts";
export { type Assignment, type Settings, settled, type Value } from "./config-values.ts";
export { type Difference, differenceOf } from "./difference.ts";
export { approvedScopes, type Effective, type Judges, lapseOf } from "./effective.ts";
export { grantFaults, make as makeGrantFault } from "./faults.ts";
export { mayRun, type Runnable, standingOf } from "./may-run.ts";
export { type OpenedFile, openPluginFile } from "./open-plugin-file.ts";
export {
  configPath,
  keptConfigPath,
  knownNamespaces,
  namespaceOf,
  PLUGINS_DIRECTORY,
  pluginDirectory,
  pluginManifestPath,
  recordPath,
} from "./places.ts";
export {
  checkPolicyFile,
  policyDenials,
  type Ruled,
  type RuledBy,
  whyPolicy,
} from "./policy-read.ts";
export {
  aboveProfile,
  dataFolder,
  type ElevationGaps,
  elevationGaps,
  type OwnPlaces,
  type Profile,
  profileOf,
} from "./profiles.ts";
export {
  configOf,
  configSection,
  type EffectiveConfig,
  effectiveConfig,
  keptConfig,
  keptVersions,
  storedConfig,
} from "./read-config.ts";
export {
  findPlugin,
  ownerOf,
  type Plugin,
  pluginOfPackage,
  type RecordEffects,
  readPlugin,
  readPlugins,
  requirePlugin,
  unjudgedRecord,
} from "./record.ts";
export {
  covers,
  inWords,
  isCovered,
  isWider,
  partsOf,
  plainText,
  type ScopeKind,
  type ScopeParts,
  scopesOf,
  turnScopes,
  type Widening,
  widening,
} from "./scopes.ts";
export { isSealed, recordBytes, sealed, sealKey, type UnsealedRecord } from "./seal.ts";
export {
  type Command,
  EVENTS,
  type Judgement,
  judgeTransition,
  type PluginEvent,
  type Standing,
} from "./transitions.ts";
export { checkPluginPlace } from "./trusted-roots.ts";
