/** The wall to run behind: found, and seen to hold for this profile on this machine as it is now. */
import type { ConfineNeeds } from "../confined.ts";
import { make } from "../faults.ts";
import { lastWords } from "../printable.ts";
import { bubblewrapWall, isWall, missingLayer, namespacesWall, type WallSearch } from "../wall/find-wall.ts";
import type { Wall } from "../wall/wall.ts";
import { CLAIMS, isPromise } from "./claims.ts";
import { isRemembered, remember, stampOf } from "./stamp.ts";
import { type Tried, type TryRequest, tryWall } from "./try-wall.ts";

export interface ProvenRequest extends TryRequest, WallSearch {
  /** Absolute folder of derived facts, as `.holdfast/cache` of a plane; proofs are kept there. */
  readonly cache_folder: string;
}

/**
 * Bubblewrap; where it is missing or does not keep a promise, and somebody accepted that, namespaces of our own.
 * @throws SANDBOX_LAYER_MISSING, SANDBOX_UNPROVEN naming the first promise that was not kept
 */
export async function provenWall(effects: ConfineNeeds, request: ProvenRequest): Promise<Wall> {
  const first = bubblewrapWall(effects);
  const refusal = isWall(first) ? await refusalOf(effects, first, request) : missingLayer(first);
  if (refusal === undefined && isWall(first)) return first;
  if (request.accepts_weaker()) {
    const next = namespacesWall(effects);
    if (isWall(next)) {
      const again = await refusalOf(effects, next, request);
      if (again !== undefined) throw again;
      return next;
    }
  }
  throw refusal ?? new Error("no wall");
}

async function refusalOf(
  effects: ConfineNeeds,
  wall: Wall,
  { kind, runtime, interpreter, cache_folder }: ProvenRequest,
): Promise<Error | undefined> {
  const asked = { kind, runtime, interpreter };
  const stamp = stampOf(effects, wall, asked);
  if (isRemembered(effects.fs, cache_folder, stamp)) return undefined;
  const broken = await firstBroken(effects, wall, asked);
  if (broken === undefined) {
    remember(effects.fs, cache_folder, stamp, effects.random.hex(6));
    return undefined;
  }
  const { claim, layer, seen } = broken;
  const promise = CLAIMS.find(({ id }) => id === claim)?.text ?? claim;
  const message = `the sandbox does not keep its promise that ${promise}: behind ${layer}, ${seen}`;
  return make("SANDBOX_UNPROVEN", message, { claim, layer, seen, kind, runtime });
}

async function firstBroken(effects: ConfineNeeds, wall: Wall, asked: TryRequest): Promise<Tried | undefined> {
  try {
    const { tried } = await tryWall(effects, wall, asked);
    return tried.find(({ claim, is_proven }) => !is_proven && isPromise(claim));
  } catch (error) {
    effects.signal.throwIfAborted();
    const seen = lastWords(error instanceof Error ? error.message : String(error), 200);
    return { claim: "allowed", layer: wall.layer, is_proven: false, seen };
  }
}
