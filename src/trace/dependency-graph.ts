/** Who needs whom among installed packages. Every walk is linear in the number of dependencies, cycles included. */
import type { Dependency, TracedWhy } from "../contracts/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import type { Sight } from "./sight.ts";

const CHAINS_MAX = 20;

/** For an id the installed packages that name it among their dependencies; the first declaration of each counts. */
export interface Dependents {
  get(id: string): ReadonlyMap<string, Dependency>;
}

export function dependentsById(sight: Sight): Dependents {
  const known = new Map<string, ReadonlyMap<string, Dependency>>();
  return {
    get: (id) => {
      let of_id = known.get(id);
      if (of_id === undefined) known.set(id, (of_id = dependentsOn(sight, id)));
      return of_id;
    },
  };
}

function dependentsOn(sight: Sight, id: string): Map<string, Dependency> {
  const of_id = new Map<string, Dependency>();
  for (const { from, range } of sight.edgesTo(id)) if (!of_id.has(from)) of_id.set(from, { id, range });
  return of_id;
}

/** Everything that depends on `id`, directly or through others, each with the next package on its shortest way to `id`. */
export function allDependents(dependents: Dependents, id: string): Map<string, string> {
  const towards = new Map<string, string>();
  const waiting = [id];
  for (const current of waiting) {
    for (const above of [...dependents.get(current).keys()].sort(compareCodePoints)) {
      if (above === id || towards.has(above)) continue;
      towards.set(above, current);
      waiting.push(above);
    }
  }
  return towards;
}

/** Where packages need each other in a circle there is no top; then every dependent's chain counts. */
export function whyOf(dependents: Dependents, id: string): TracedWhy {
  const towards = allDependents(dependents, id);
  const isTop = (above: string): boolean => dependents.get(above).size === 0;
  const tops = [...towards.keys()].filter(isTop);
  const starts = tops.length > 0 ? tops : [...towards.keys()];
  const chains = starts.map((start) => chainFrom(towards, start, id));
  chains.sort((a, b) => a.length - b.length || compareCodePoints(a.join(" "), b.join(" ")));
  return {
    requested: towards.size === 0,
    chains: chains.slice(0, CHAINS_MAX),
    chains_left_out: Math.max(0, chains.length - CHAINS_MAX),
  };
}

function chainFrom(towards: ReadonlyMap<string, string>, start: string, id: string): string[] {
  const chain = [start];
  for (let at = start; at !== id; ) {
    at = towards.get(at) ?? id;
    chain.push(at);
  }
  return chain;
}
