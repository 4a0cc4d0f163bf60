/** Tries every promise of every profile, and says which held behind which layer. */
import type { PluginKind } from "../../contracts/index.ts";
import type { ConfineNeeds } from "../confined.ts";
import { bubblewrapWall, isWall, type Missing, namespacesWall } from "../wall/find-wall.ts";
import type { Wall } from "../wall/wall.ts";
import { CLAIMS, claimsFor } from "./claims.ts";
import { type Interpreter, type TriedProfile, tryWall } from "./try-wall.ts";

const KINDS: readonly PluginKind[] = ["node", "integration", "agent", "quality_gate"];

export interface LayerReport {
  readonly layer: Wall["layer"];
  readonly is_usable: boolean;
  readonly reason: string | null;
  readonly cure: string | null;
  /** Whether plugins would run behind it: the first that is usable, the second only with an approval. */
  readonly is_in_use: boolean;
}

export interface ClaimReport {
  readonly claim: string;
  readonly text: string;
  readonly layer: string;
  /** Profiles in which it was tried, as `integration/python`. */
  readonly tried: readonly string[];
  readonly proven: readonly string[];
  readonly is_proven: boolean;
  /** Of the first profile in which it did not hold; else of the first. */
  readonly seen: string;
}

export interface SandboxReport {
  readonly kernel: string;
  readonly uid: number;
  readonly layers: readonly LayerReport[];
  readonly claims: readonly ClaimReport[];
  /** Whether every promise was seen to be kept behind the layer in use. */
  readonly is_proven: boolean;
}

export interface DoctorRequest {
  readonly python: Interpreter | undefined;
  readonly node: Interpreter;
  readonly accepts_weaker: () => boolean;
  readonly onProgress: (doing: string) => void;
}

/** Never throws for a layer that is missing or does not hold. */
export async function examineSandbox(effects: ConfineNeeds, request: DoctorRequest): Promise<SandboxReport> {
  const found = [bubblewrapWall(effects), namespacesWall(effects)] as const;
  const accepted = request.accepts_weaker();
  const [first, second] = found;
  const wall = isWall(first) ? first : accepted && isWall(second) ? second : undefined;
  const profiles: TriedProfile[] = [];
  for (const { kind, runtime, interpreter } of profilesOf(request)) {
    if (wall === undefined) break;
    request.onProgress(`trying ${kind}/${runtime}`);
    profiles.push(await tried(effects, wall, { kind, runtime, interpreter }));
  }
  const claims = claimsOf(profiles);
  return {
    kernel: release(effects),
    uid: effects.host.uid,
    layers: found.map((one, index) => layerReport(one, index === 0 ? "bubblewrap" : "namespaces", wall)),
    claims,
    is_proven: claims.length > 0 && claims.every(({ is_proven }) => is_proven),
  };
}

function* profilesOf({ python, node }: DoctorRequest) {
  for (const kind of KINDS) {
    if (python !== undefined) yield { kind, runtime: "python" as const, interpreter: python };
    yield { kind, runtime: "node" as const, interpreter: node };
  }
}

async function tried(
  effects: ConfineNeeds,
  wall: Wall,
  asked: Parameters<typeof tryWall>[2],
): Promise<TriedProfile> {
  try {
    return await tryWall(effects, wall, asked);
  } catch (error) {
    effects.signal.throwIfAborted();
    const seen = error instanceof Error ? error.message : String(error);
    const { kind, runtime } = asked;
    const { layer } = wall;
    // A wall that could not be built keeps no promise.
    const broken = claimsFor(kind, runtime).map(({ id }) => ({ claim: id, layer, is_proven: false, seen }));
    return { kind, runtime, tried: broken };
  }
}

function claimsOf(profiles: readonly TriedProfile[]): ClaimReport[] {
  return CLAIMS.flatMap(({ id, text }) => {
    const all = profiles.flatMap(({ kind, runtime, tried: each }) =>
      each.filter(({ claim }) => claim === id).map((one) => ({ ...one, profile: `${kind}/${runtime}` })),
    );
    const shown = all.find(({ is_proven }) => !is_proven) ?? all[0];
    if (shown === undefined) return [];
    const proven = all.filter(({ is_proven }) => is_proven).map(({ profile }) => profile);
    return [
      {
        claim: id,
        text,
        layer: shown.layer,
        tried: all.map(({ profile }) => profile),
        proven,
        is_proven: proven.length === all.length,
        seen: shown.seen,
      },
    ];
  });
}

function layerReport(found: Wall | Missing, layer: Wall["layer"], wall: Wall | undefined): LayerReport {
  const missing = isWall(found) ? undefined : found;
  return {
    layer,
    is_usable: missing === undefined,
    reason: missing?.reason ?? null,
    cure: missing?.cure ?? null,
    is_in_use: wall?.layer === layer,
  };
}

function release({ fs }: Pick<ConfineNeeds, "fs">): string {
  try {
    return fs.readText("/proc/sys/kernel/osrelease").trim();
  } catch {
    return "unknown";
  }
}
