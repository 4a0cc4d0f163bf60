/** Who needs whom among installed packages. Every walk is linear in the number of dependencies, cycles included. */
import type { Dependency, TracedWhy } from "../contracts/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import { isStillSo, listedMax } from "./listed.ts";
import type { Sight } from "./sight.ts";

const CHAINS_MAX = 20;

/** The installed packages that name one among their dependencies; the first declaration of each counts. */
type Direct = ReadonlyMap<string, Dependency>;
type Dependents = (id: string) => Direct;

export interface NeededBy {
  readonly direct: Direct;
  /** Those that depend on it directly first, each group by id; the first of them. */
  readonly listed: readonly string[];
  readonly count: number;
  /** Whether a package is among all of them. */
  readonly has: (id: string) => boolean;
  readonly why: TracedWhy;
}

/** Installed packages that need this one, directly or through others. Those named are held against their receipts. */
export function neededBy(sight: Sight, id: string): NeededBy {
  for (;;) {
    const found = likelyNeededBy(sight, id);
    if (isStillSo(sight, [id, ...found.listed, ...found.why.chains.flat()])) return found;
  }
}

function likelyNeededBy(sight: Sight, id: string): NeededBy {
  const known = new Map<string, Direct>();
  const dependents: Dependents = (of) => {
    const found = known.get(of) ?? dependentsOn(sight, of);
    known.set(of, found);
    return found;
  };
  const towards = allDependents(dependents, id);
  const direct = dependents(id);
  // Ids of receipts are ASCII: the order of their code units is that of code points.
  const at_once = [...direct.keys()].filter((one) => one !== id).sort();
  const others = [...towards.keys()].filter((one) => !direct.has(one)).sort();
  return {
    direct,
    listed: [...at_once, ...others].slice(0, listedMax(sight)),
    count: towards.size,
    has: (one) => towards.has(one),
    why: whyOf(dependents, id, towards),
  };
}

const NOBODY: Direct = new Map();

function dependentsOn(sight: Sight, id: string): Direct {
  const edges = sight.facts.likelyEdgesTo(id) ?? sight.edgesTo(id);
  if (edges.length === 0) return NOBODY;
  const of_id = new Map<string, Dependency>();
  for (const { from, range } of edges) if (!of_id.has(from)) of_id.set(from, { id, range });
  return of_id;
}

/** Everything that depends on one package, directly or through others, nearest first. */
type Towards = ReadonlyMap<string, { readonly next: string; readonly steps: number }>;

/** Each with the next package on its shortest way to `id`, and how many dependencies that way has. */
function allDependents(dependents: Dependents, id: string): Towards {
  const towards = new Map<string, { next: string; steps: number }>();
  const waiting = [id];
  for (const current of waiting) {
    const of_current = dependents(current);
    if (of_current.size === 0) continue;
    const steps = (towards.get(current)?.steps ?? 0) + 1;
    for (const above of [...of_current.keys()].sort(compareCodePoints)) {
      if (above === id || towards.has(above)) continue;
      towards.set(above, { next: current, steps });
      waiting.push(above);
    }
  }
  return towards;
}

/** Where packages need each other in a circle there is no top; then every dependent's chain counts. */
function whyOf(dependents: Dependents, id: string, towards: Towards): TracedWhy {
  const tops = [...towards.keys()].filter((above) => dependents(above).size === 0);
  const starts = tops.length > 0 ? tops : [...towards.keys()];
  const chains = nearest(starts, towards).map((start) => chainFrom(towards, start, id));
  chains.sort((a, b) => a.length - b.length || compareCodePoints(a.join(" "), b.join(" ")));
  return {
    requested: towards.size === 0,
    chains: chains.slice(0, CHAINS_MAX),
    chains_left_out: Math.max(0, starts.length - CHAINS_MAX),
  };
}

/** Those whose chains may be among the first: no chain is made for the thousands behind them. `starts` are nearest first. */
function nearest(starts: readonly string[], towards: Towards): readonly string[] {
  const steps_max = towards.get(starts[CHAINS_MAX - 1] ?? "")?.steps ?? Number.POSITIVE_INFINITY;
  const level = starts.filter((start) => (towards.get(start)?.steps ?? 0) <= steps_max);
  // Chains of one length are told apart by where they start, for each start has one.
  const farther = level.filter((start) => towards.get(start)?.steps === steps_max).sort(compareCodePoints);
  return [...level.slice(0, level.length - farther.length), ...farther.slice(0, CHAINS_MAX)];
}

function chainFrom(towards: Towards, start: string, id: string): string[] {
  const chain = [start];
  for (let at = start; at !== id; ) {
    at = towards.get(at)?.next ?? id;
    chain.push(at);
  }
  return chain;
}
