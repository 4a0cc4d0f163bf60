/** `trace --why A B`: every way on which A comes to need B. */
import type { TracedEdge, TraceStatement, WhyTrace } from "../contracts/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import { fits } from "./fits.ts";
import { knownPackage } from "./near-names.ts";
import { type Graph, pathsBetween } from "./paths-between.ts";
import type { Sight } from "./sight.ts";
import type { State, StateEdge } from "./state.ts";

const PATHS_SHOWN = 20;

/** @throws TRACE_SUBJECT_UNKNOWN */
export function traceWhy(
  sight: Sight,
  state: State,
  request: { readonly from: string; readonly to: string; readonly limit?: number | undefined },
): { data: WhyTrace; statements: TraceStatement[] } {
  const from = knownPackage(sight, state, request.from);
  const to = knownPackage(sight, state, request.to);
  const graph = graphOf(state);
  const { paths, count, exact, cycle } = pathsBetween(graph, from, to, request.limit ?? PATHS_SHOWN);
  const wanted = edgesOn(paths).flatMap(([one, other]) =>
    state.dependenciesOf(one).filter((edge) => edge.to === other),
  );
  const edges = wanted.map((edge) => tracedEdge(state, edge));
  return {
    data: {
      from,
      to,
      paths: paths.map((path) => [...path]),
      paths_count: count,
      paths_count_exact: exact,
      paths_left_out: count - paths.length,
      edges,
      cycle: [...cycle],
      only_the_other_way: count === 0 && pathsBetween(graph, to, from, 1).count > 0,
    },
    statements: wanted.map((edge, index) => ({
      about: `/edges/${index}`,
      says: edgeSays(edges[index] as TracedEdge),
      evidence: state.edgeEvidence(edge),
    })),
  };
}

const graphOf = (state: State): Graph => ({
  below: (id) => state.dependenciesOf(id).map(({ to }) => to),
  above: (id) => state.dependentsOf(id).map(({ from }) => from),
});

/** Pairs that follow each other on a path, each once, sorted. */
function edgesOn(paths: readonly (readonly string[])[]): (readonly [string, string])[] {
  const pairs = new Map<string, readonly [string, string]>();
  for (const path of paths)
    for (const [index, to] of path.entries()) {
      const from = path[index - 1];
      if (from !== undefined) pairs.set(`${from} ${to}`, [from, to]);
    }
  return [...pairs].sort(([a], [b]) => compareCodePoints(a, b)).map(([, pair]) => pair);
}

export function tracedEdge(state: State, { from, to, range }: StateEdge): TracedEdge {
  const to_version = state.summaryOf(to)?.version ?? null;
  const satisfied = to_version !== null && fits(to_version, range);
  return { from, to, range, to_version, satisfied };
}

export function edgeSays({ from, to, range, to_version, satisfied }: TracedEdge): string {
  const state =
    to_version === null
      ? "which is not installed"
      : `installed is ${to_version}${satisfied ? "" : ", which is out of range"}`;
  return `${from} needs ${to} ${range}; ${state}`;
}
