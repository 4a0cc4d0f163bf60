/** Tries every promise of every profile, and says which held behind which layer. */
import type { PluginKind } from "../../contracts/index.ts";
import type { ConfineNeeds } from "../confined.ts";
import { bubblewrapWall, isWall, type Missing, namespacesWall } from "../wall/find-wall.ts";
import type { Wall } from "../wall/wall.ts";
import { CLAIMS, claimsFor, isPromise } from "./claims.ts";
import { type Interpreter, type TriedProfile, tryWall } from "./try-wall.ts";

const KINDS: readonly PluginKind[] = ["node", "integration", "agent", "quality_gate"];

export interface LayerReport {
  readonly layer: Wall["layer"];
  readonly is_usable: boolean;
  readonly reason: string | null;
  readonly cure: string | null;
  /** Whether plugins run behind it: the second only with an approval, where the first is missing or breaks a promise. */
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
  /** Whether plugins are refused where it does not hold. */
  readonly is_promise: boolean;
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

/** Chooses as runs do. Never throws for a layer that is missing or does not hold. */
export async function examineSandbox(effects: ConfineNeeds, request: DoctorRequest): Promise<SandboxReport> {
  const [first, second] = [bubblewrapWall(effects), namespacesWall(effects)] as const;
  const next = request.accepts_weaker() && isWall(second) ? second : undefined;
  const wall = isWall(first) ? first : next;
  const examined = wall === undefined ? [] : await examine(effects, wall, request);
  const lost = examined.find(isLost);
  const is_passed_over = wall === first && lost !== undefined && next !== undefined;
  const [in_use, claims] = is_passed_over ? [next, await examine(effects, next, request)] : [wall, examined];
  const broken = wall === first && lost !== undefined ? lost : undefined;
  return {
    kernel: release(effects),
    uid: effects.host.uid,
    layers: [layerReport(first, "bubblewrap", in_use, broken), layerReport(second, "namespaces", in_use)],
    claims,
    is_proven: claims.length > 0 && !claims.some(isLost),
  };
}

/** What does not hold and has to. */
const isLost = ({ is_proven, is_promise }: ClaimReport): boolean => is_promise && !is_proven;

async function examine(
  effects: ConfineNeeds,
  wall: Wall,
  request: DoctorRequest,
): Promise<readonly ClaimReport[]> {
  const profiles: TriedProfile[] = [];
  for (const { kind, runtime, interpreter } of profilesOf(request)) {
    request.onProgress(`trying ${kind}/${runtime} behind ${wall.layer}`);
    profiles.push(await tried(effects, wall, { kind, runtime, interpreter }));
  }
  return claimsOf(profiles);
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
        is_promise: isPromise(id),
        seen: shown.seen,
      },
    ];
  });
}

function layerReport(
  found: Wall | Missing,
  layer: Wall["layer"],
  in_use: Wall | undefined,
  broken?: ClaimReport,
): LayerReport {
  const missing = isWall(found) ? undefined : found;
  const reason = broken === undefined ? null : `it does not keep its promise that ${broken.text}`;
  return {
    layer,
    is_usable: missing === undefined,
    reason: missing?.reason ?? reason,
    cure: missing?.cure ?? null,
    is_in_use: in_use?.layer === layer,
  };
}

function release({ fs }: Pick<ConfineNeeds, "fs">): string {
  try {
    return fs.readText("/proc/sys/kernel/osrelease").trim();
  } catch {
    return "unknown";
  }
}
