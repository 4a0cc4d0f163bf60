/** What each kind of plugin may touch without anyone's special approval. Pure. */
import type { Elevation, PluginKind, Scope } from "../contracts/index.ts";
import { isCovered, partsOf, type ScopeKind } from "./scopes.ts";

/** Where the plugin's own files and data lie, plane-relative. */
export interface OwnPlaces {
  readonly namespace: string;
  /** Folder of the plugin's installed files. */
  readonly root: string;
}

export interface Profile {
  readonly kind: PluginKind;
  /** One sentence, for people. */
  readonly title: string;
  /** Files it may touch. */
  readonly files: (own: OwnPlaces) => readonly Scope[];
  /** Kinds of which it may ask for any. */
  readonly free: readonly ScopeKind[];
  /** Whether it may declare outputs in the folder of whatever session it is run in. */
  readonly turns?: true;
}

const isTurnOutput = (scope: Scope): boolean => scope.startsWith("files.write:output/<session_id>/");

/** Plane-relative: what it may write without asking. */
export const dataFolder = (namespace: string): string => `data/${namespace}`;

const ownFiles = ({ namespace, root }: OwnPlaces): Scope[] => [
  `files.read:${root}/**`,
  `files.read:${dataFolder(namespace)}/**`,
  `files.write:${dataFolder(namespace)}/**`,
];

const PROFILES: Readonly<Record<PluginKind, Profile>> = {
  node: { kind: "node", title: "reads its own folder, writes its own data", files: ownFiles, free: [] },
  integration: {
    kind: "integration",
    title: "like a node, with named network domains and environment names",
    files: ownFiles,
    free: ["network", "environment"],
  },
  agent: {
    kind: "agent",
    title: "like a node, with tools, tokens and cost, and without network",
    files: ownFiles,
    free: ["tool", "tokens", "cost"],
    turns: true,
  },
  quality_gate: {
    kind: "quality_gate",
    title: "reads anything in the plane, writes nothing",
    files: () => ["files.read:**"],
    free: [],
  },
};

export const profileOf = (kind: PluginKind): Profile => PROFILES[kind];

/** Scopes that the profile of this kind does not cover, in the order given. To forbid oneself something is always free. */
export function aboveProfile(kind: PluginKind, own: OwnPlaces, scopes: readonly Scope[]): Scope[] {
  const { files, free, turns = false } = profileOf(kind);
  const allowed = files(own);
  return scopes.filter((scope) => {
    const asked = partsOf(scope)?.kind;
    if (asked === undefined) return true;
    if (turns && isTurnOutput(scope)) return false;
    return asked !== "files.forbidden" && !free.includes(asked) && !isCovered(scope, allowed);
  });
}

export interface ElevationGaps {
  /** Above the profile, but without an entry in `elevated`. */
  readonly unexplained: readonly Scope[];
  /** In `elevated`, but not above the profile or not asked for at all. */
  readonly needless: readonly Scope[];
}

/** Whether `elevated` names exactly the scopes that are above the profile. */
export function elevationGaps(above: readonly Scope[], elevated: readonly Elevation[]): ElevationGaps {
  const explained = elevated.map(({ permission }) => permission);
  return {
    unexplained: above.filter((scope) => !explained.includes(scope)),
    needless: explained.filter((scope) => !above.includes(scope)),
  };
}
