/** `trace --impact ID`: what stops working without it. */
import type { ImpactedPackage, ImpactTrace, TraceStatement } from "../contracts/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import { coveredBy } from "./chain.ts";
import { LINES_LOOKED_UP_MAX } from "./evidence.ts";
import { fits } from "./fits.ts";
import { knownPackage } from "./near-names.ts";
import type { Sight } from "./sight.ts";
import type { State, StateEdge } from "./state.ts";
import { storedVersions } from "./stored-versions.ts";
import { edgeSays, tracedEdge } from "./why.ts";

interface Answer {
  readonly data: ImpactTrace;
  readonly statements: TraceStatement[];
}

/** @throws TRACE_SUBJECT_UNKNOWN */
export function traceImpact(sight: Sight, state: State, subject: string): Answer {
  const name = subject.toUpperCase();
  if (sight.table("frameworks_registry").has(name)) return governanceImpact(sight, state, name, "framework");
  if (sight.table("specs_registry").has(name)) return governanceImpact(sight, state, name, "spec");
  return packageImpact(sight, state, knownPackage(sight, state, subject));
}

function packageImpact(sight: Sight, state: State, id: string): Answer {
  const here = state.standings(id);
  const version = here[0]?.version ?? null;
  const towards = dependentsTowards(state, id);
  const stored = here.length === 0 ? [] : storedVersions(sight, id).filter((one) => one !== version);
  const packages = inTierOrder([...towards].map(([one, edge]) => impacted(state, id, one, edge, stored)));
  const files = here.flatMap((standing) =>
    standing.files.map(({ path, sha256, size_bytes }) => ({ path, sha256, size_bytes })),
  );
  const covered = coveredBy(files.map(({ path }) => path));
  const specs = new Set([...covered.specs, ...onlyImplementation(state, id)]);
  const lost = new Set([...specs, ...covered.frameworks]);
  const going = new Set([id, ...towards.keys()]);
  return {
    data: {
      subject: id,
      kind: "package",
      installed: here.length > 0,
      version,
      packages,
      files: files.sort((a, b) => compareCodePoints(a.path, b.path)),
      specs: [...specs].sort(compareCodePoints),
      frameworks: [...covered.frameworks].sort(compareCodePoints),
      users: usersOf(sight, state, lost, id),
      left_alone: leftAlone(state, going),
    },
    statements: [
      ...here.map((standing) => ({
        about: "/files",
        says: `${standing.files.length} files belong to ${id} ${standing.version}`,
        evidence: [standing.evidence],
      })),
      ...edgeStatements(state, packages, towards),
    ],
  };
}

function edgeStatements(
  state: State,
  packages: readonly ImpactedPackage[],
  towards: ReadonlyMap<string, StateEdge>,
): TraceStatement[] {
  return packages.flatMap(({ id }, index) => {
    const edge = towards.get(id);
    if (edge === undefined) return [];
    const says = edgeSays(tracedEdge(state, edge));
    return [
      { about: `/packages/${index}`, says, evidence: state.edgeEvidence(edge, index < LINES_LOOKED_UP_MAX) },
    ];
  });
}

/** Everything that needs `id`, with the dependency on its shortest way towards it. Linear in the number of dependencies. */
function dependentsTowards(state: State, id: string): Map<string, StateEdge> {
  const towards = new Map<string, StateEdge>();
  const waiting = [id];
  for (const current of waiting) {
    for (const edge of state.dependentsOf(current)) {
      if (edge.from === id || towards.has(edge.from)) continue;
      towards.set(edge.from, edge);
      waiting.push(edge.from);
    }
  }
  return towards;
}

function impacted(
  state: State,
  subject: string,
  id: string,
  edge: StateEdge,
  stored: readonly string[],
): ImpactedPackage {
  const standing = state.summaryOf(id);
  const direct = edge.to === subject;
  const other_versions = direct ? stored.filter((version) => fits(version, edge.range)) : [];
  return {
    id,
    version: standing?.version ?? null,
    tier: (standing?.tier ?? "") as ImpactedPackage["tier"],
    installed: standing !== undefined,
    direct,
    through: edge.to,
    range: direct ? edge.range : null,
    other_versions,
    only_this: direct && other_versions.length === 0,
  };
}

const TIER_ORDER = ["G0", "T0", "T1", "T2", "T3", ""];

const inTierOrder = (packages: ImpactedPackage[]): ImpactedPackage[] =>
  packages.sort(
    (a, b) =>
      TIER_ORDER.indexOf(a.tier) - TIER_ORDER.indexOf(b.tier) ||
      Number(b.direct) - Number(a.direct) ||
      compareCodePoints(a.id, b.id),
  );

/** The spec it implements, where nothing else in force does. */
function onlyImplementation(state: State, id: string): string[] {
  const spec_id = state.standings(id)[0]?.manifest?.spec_id ?? null;
  if (spec_id === null) return [];
  const others = state
    .naming(spec_id)
    .some((one) => one !== id && state.standings(one)[0]?.manifest?.spec_id === spec_id);
  return others ? [] : [spec_id];
}

function usersOf(sight: Sight, state: State, lost: ReadonlySet<string>, id: string): ImpactTrace["users"] {
  if (lost.size === 0) return [];
  const specs = [...lost].flatMap((one) =>
    [...sight.table("specs_registry").holding(one)].map(([spec]) => spec),
  );
  const named = new Set([...lost, ...specs].flatMap((one) => state.naming(one)));
  return [...named].sort(compareCodePoints).flatMap((one) => {
    if (one === id) return [];
    return governedBy(sight, state, one)
      .filter((of) => lost.has(of))
      .map((of) => ({ id: one, of }));
  });
}

/** Spec and framework of a package; the framework may be named by its spec. */
function governedBy(sight: Sight, state: State, id: string): string[] {
  const manifest = state.standings(id)[0]?.manifest;
  const spec_id = manifest?.spec_id ?? null;
  const row = spec_id === null ? undefined : sight.table("specs_registry").get(spec_id);
  const framework_id = manifest?.framework_id ?? (row?.["framework_id"] || null);
  return [spec_id, framework_id].filter((one) => one !== null);
}

/** What only the packages that go, or stop working, have needed. Each dependency is looked at once from either end. */
function leftAlone(state: State, going: ReadonlySet<string>): string[] {
  const alone = new Set<string>();
  const others = new Map<string, number>();
  const waiting = [...going];
  for (const id of waiting) {
    for (const { to } of distinctTargets(state.dependenciesOf(id))) {
      if (going.has(to) || alone.has(to) || state.summaryOf(to) === undefined) continue;
      const known = others.get(to) ?? countOthers(state, to, going);
      const left = known - (alone.has(id) ? 1 : 0);
      others.set(to, left);
      if (left > 0) continue;
      alone.add(to);
      waiting.push(to);
    }
  }
  return [...alone].sort(compareCodePoints);
}

const distinctTargets = (edges: readonly StateEdge[]): Iterable<StateEdge> =>
  new Map(edges.map((edge) => [edge.to, edge])).values();

const countOthers = (state: State, id: string, going: ReadonlySet<string>): number =>
  new Set(state.dependentsOf(id).flatMap(({ from }) => (going.has(from) ? [] : [from]))).size;

function governanceImpact(sight: Sight, state: State, subject: string, kind: "spec" | "framework"): Answer {
  const specs =
    kind === "spec"
      ? [subject]
      : [...sight.table("specs_registry").holding(subject)]
          .filter(([, row]) => row["framework_id"] === subject)
          .map(([id]) => id);
  const users = usersOf(sight, state, new Set([subject, ...specs]), "");
  const ids = [...new Set(users.map(({ id }) => id))];
  return {
    data: {
      subject,
      kind,
      installed: ids.length > 0,
      version: null,
      packages: inTierOrder(
        ids.map((id) => impacted(state, "", id, { from: id, to: subject, range: "*" }, [])),
      ),
      files: [],
      specs: [...specs].sort(compareCodePoints),
      frameworks: kind === "framework" ? [subject] : [],
      users,
      left_alone: [],
    },
    statements: users.map(({ id, of }, index) => ({
      about: `/users/${index}`,
      says: `${id} complies with ${of}`,
      evidence: state.standings(id).map((standing) => standing.evidence),
    })),
  };
}
