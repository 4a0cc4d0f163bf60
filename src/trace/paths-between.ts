/** Every way through a directed graph from one node to another. Cycles are safe; time and answer are bounded. */
import { compareCodePoints } from "../kernel/index.ts";
import { addTo } from "./lists.ts";

export interface Between {
  /** Shortest first, then by id; at most `limit`. None passes a node twice. */
  readonly paths: readonly (readonly string[])[];
  /** How many there are; at least as many where it is not exact. */
  readonly count: number;
  readonly exact: boolean;
  /** Nodes on ways from start to goal that lie on a circle, sorted. */
  readonly cycle: readonly string[];
}

export interface Graph {
  readonly below: (id: string) => readonly string[];
  readonly above: (id: string) => readonly string[];
}

const STEPS_MAX = 300_000;

/** A way has at least one step, so from a node to itself only circles count. */
export function pathsBetween(graph: Graph, from: string, to: string, limit: number): Between {
  const distance = distancesTo(graph, from, to);
  const within = reachableWithin(graph, from, distance);
  const next = new Map<string, readonly string[]>();
  for (const id of within) {
    const below = id === to && id !== from ? [] : graph.below(id).filter((one) => distance.has(one));
    next.set(id, [...new Set(below)].sort(compareCodePoints));
  }
  const order = topological(within, next);
  const total = order === undefined ? undefined : countPaths(order, next, from, to);
  const search = enumerate(next, distance, from, to, limit, total ?? Number.POSITIVE_INFINITY);
  const exact = total !== undefined ? total < Number.MAX_SAFE_INTEGER : search.complete;
  return {
    paths: search.paths,
    count: total ?? search.paths.length,
    exact,
    cycle: order === undefined ? circle(within, next) : [],
  };
}

/** Steps to the goal from each node between both; all others are absent. Only what lies below the start is looked at. */
function distancesTo(graph: Graph, from: string, to: string): Map<string, number> {
  const above = new Map<string, string[]>();
  const seen = new Set([from]);
  const below = [from];
  for (const current of below) {
    for (const one of graph.below(current)) {
      addTo(above, one, current);
      if (seen.has(one)) continue;
      seen.add(one);
      below.push(one);
    }
  }
  const distance = new Map([[to, 0]]);
  const waiting = [to];
  for (const current of waiting) {
    const steps = (distance.get(current) ?? 0) + 1;
    for (const one of above.get(current) ?? []) {
      if (distance.has(one)) continue;
      distance.set(one, steps);
      waiting.push(one);
    }
  }
  return distance;
}

function reachableWithin(graph: Graph, from: string, distance: ReadonlyMap<string, number>): Set<string> {
  const reached = new Set<string>();
  const waiting = [from];
  // The start may be known only by what it declares, which nothing above the goal remembers.
  for (const current of waiting) {
    if (reached.has(current)) continue;
    reached.add(current);
    for (const below of graph.below(current)) if (distance.has(below)) waiting.push(below);
  }
  return reached;
}

/** Start before what it leads to; undefined when there is a circle. */
function topological(
  within: ReadonlySet<string>,
  next: ReadonlyMap<string, readonly string[]>,
): string[] | undefined {
  const incoming = incomingCounts(within, next);
  const order = [...within].filter((id) => (incoming.get(id) ?? 0) === 0);
  for (const id of order) {
    for (const below of next.get(id) ?? []) {
      const left = (incoming.get(below) ?? 0) - 1;
      incoming.set(below, left);
      if (left === 0) order.push(below);
    }
  }
  return order.length === within.size ? order : undefined;
}

function incomingCounts(
  within: ReadonlySet<string>,
  next: ReadonlyMap<string, readonly string[]>,
): Map<string, number> {
  const incoming = new Map<string, number>();
  for (const id of within)
    for (const below of next.get(id) ?? []) incoming.set(below, (incoming.get(below) ?? 0) + 1);
  return incoming;
}

/** Without circles the ways can be counted without walking them. */
function countPaths(
  order: readonly string[],
  next: ReadonlyMap<string, readonly string[]>,
  from: string,
  to: string,
): number {
  const ways = new Map([[from, 1]]);
  for (const id of order) {
    const own = ways.get(id) ?? 0;
    for (const below of next.get(id) ?? [])
      ways.set(below, Math.min(Number.MAX_SAFE_INTEGER, (ways.get(below) ?? 0) + own));
  }
  return from === to ? 0 : (ways.get(to) ?? 0);
}

/** Length by length, so that the shortest come first; a branch that cannot arrive in time is not entered. */
function enumerate(
  next: ReadonlyMap<string, readonly string[]>,
  distance: ReadonlyMap<string, number>,
  from: string,
  to: string,
  limit: number,
  total: number,
): { paths: string[][]; complete: boolean } {
  const paths: string[][] = [];
  const wanted = Math.min(limit, total);
  let steps = 0;
  for (
    let length = Math.max(1, distance.get(from) ?? 1);
    length <= next.size && paths.length < wanted;
    length++
  ) {
    steps = walk(next, distance, { from, to, length, wanted, steps }, paths);
    if (steps > STEPS_MAX) return { paths, complete: false };
  }
  return { paths, complete: paths.length < limit };
}

interface Search {
  readonly from: string;
  readonly to: string;
  readonly length: number;
  readonly wanted: number;
  readonly steps: number;
}

/** All ways of exactly one length, by an explicit stack: a chain may be longer than the call stack is deep. */
function walk(
  next: ReadonlyMap<string, readonly string[]>,
  distance: ReadonlyMap<string, number>,
  search: Search,
  paths: string[][],
): number {
  const { to, length } = search;
  const path = [search.from];
  const on_path = new Set(path);
  const cursors = [0];
  let { steps } = search;
  const goBack = (): void => {
    on_path.delete(path.pop() ?? "");
    cursors.pop();
  };
  while (path.length > 0 && paths.length < search.wanted && steps <= STEPS_MAX) {
    const depth = path.length - 1;
    const cursor = cursors.at(-1) ?? 0;
    const below = next.get(path.at(-1) ?? "")?.[cursor];
    if (below === undefined || depth === length) {
      goBack();
      continue;
    }
    cursors[depth] = cursor + 1;
    steps++;
    const left = length - depth - 1;
    if (below === to) {
      if (left === 0) paths.push([...path, to]);
    } else if (!on_path.has(below) && (distance.get(below) ?? length) <= left) {
      path.push(below);
      on_path.add(below);
      cursors.push(0);
    }
  }
  return steps;
}

/** What is left when everything that lies on no circle is taken away, from both ends. */
function circle(within: ReadonlySet<string>, next: ReadonlyMap<string, readonly string[]>): string[] {
  const above = new Map<string, string[]>();
  for (const id of within) for (const below of next.get(id) ?? []) addTo(above, below, id);
  const first = peeled(within, next);
  return [...peeled(first, above)].sort(compareCodePoints);
}

function peeled(within: ReadonlySet<string>, next: ReadonlyMap<string, readonly string[]>): Set<string> {
  const left = new Set(within);
  const incoming = incomingCounts(within, next);
  const waiting = [...left].filter((id) => (incoming.get(id) ?? 0) === 0);
  for (const id of waiting) {
    left.delete(id);
    for (const below of next.get(id) ?? []) {
      const count = (incoming.get(below) ?? 0) - 1;
      incoming.set(below, count);
      if (count === 0 && left.has(below)) waiting.push(below);
    }
  }
  return left;
}
