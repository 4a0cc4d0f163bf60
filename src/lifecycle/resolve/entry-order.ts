/** The order packages enter in: lowest tier first, then what is needed before what needs it, then by id. */
import { PACKAGE_TIERS } from "../../contracts/index.ts";
import { compareCodePoints } from "../../kernel/index.ts";
import type { Candidate } from "./model.ts";

/** Ids of the new ones. A circle within a tier enters without a break, starting at its first id. */
export function entryOrder(taken: ReadonlyMap<string, Candidate>): string[] {
  const fresh = [...taken].filter(([, { state }]) => state === "new");
  const below = new Map(fresh.map(([id]) => [id, everythingBelow(taken, id)]));
  const order: string[] = [];
  for (const tier of PACKAGE_TIERS) {
    const ids = fresh.filter(([, one]) => one.tier === tier).map(([id]) => id);
    const waiting = new Set(ids.sort(compareCodePoints));
    for (let next = nextOf(waiting, below); next !== undefined; next = nextOf(waiting, below)) {
      order.push(next);
      waiting.delete(next);
    }
  }
  return order;
}

type Below = ReadonlyMap<string, ReadonlySet<string>>;

/** The first that waits for nobody, or only for those that wait for it. */
function nextOf(waiting: ReadonlySet<string>, below: Below): string | undefined {
  const isFree = (id: string): boolean => {
    for (const other of below.get(id) ?? [])
      if (other !== id && waiting.has(other) && below.get(other)?.has(id) !== true) return false;
    return true;
  };
  for (const id of waiting) if (isFree(id)) return id;
  return undefined;
}

/** Whatever this one needs, near or far, through installed ones too. */
function everythingBelow(taken: ReadonlyMap<string, Candidate>, id: string): Set<string> {
  const below = new Set<string>();
  const visit = (at: string): void => {
    for (const { id: on } of taken.get(at)?.dependencies ?? []) below.add(on);
  };
  visit(id);
  for (const at of below) visit(at);
  return below;
}
