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
  covers,
  inWords,
  isCovered,
  isWider,
  partsOf,
  plainText,
  type ScopeKind,
  type ScopeParts,
  scopesOf,
  type Widening,
  widening,
} from "./scopes.ts";
