/** `trace --at TIME` alone, and with a package. */
import type { PackageAtTrace, PlaneAtTrace, TracedStanding, TraceStatement } from "../contracts/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import { entryEvidence } from "./evidence.ts";
import { knownPackage } from "./near-names.ts";
import type { Sight } from "./sight.ts";
import type { Standing } from "./state.ts";
import type { StateThen } from "./state-then.ts";
import { edgeSays, tracedEdge } from "./why.ts";

export function tracePlaneAt(state: StateThen): { data: PlaneAtTrace; statements: TraceStatement[] } {
  state.readAll();
  const standings = state.ids().flatMap((id) => state.standings(id));
  return {
    data: {
      entries_applied: state.entries_applied,
      last_entry: state.last?.line.event ?? null,
      packages: standings.map((standing) => shownStanding(state, standing)),
    },
    statements: standings.map((standing, index) => inForce(standing, `/packages/${index}`)),
  };
}

/** @throws TRACE_SUBJECT_UNKNOWN for what was not in force then */
export function tracePackageAt(
  sight: Sight,
  state: StateThen,
  subject: string,
): { data: PackageAtTrace; statements: TraceStatement[] } {
  const package_id = knownPackage(sight, state, subject);
  const standings = state.standings(package_id);
  const known = standings.some(({ manifest }) => manifest !== undefined);
  const dependencies = state.dependenciesOf(package_id).map((edge) => tracedEdge(state, edge));
  const dependents = state.dependentsOf(package_id).map((edge) => tracedEdge(state, edge));
  const next = state.nextOf(package_id);
  return {
    data: {
      package_id,
      tier: standings[0]?.manifest?.tier ?? null,
      standings: standings.map((standing) => shownStanding(state, standing)),
      files: known
        ? standings
            .flatMap(({ files }) =>
              files.map(({ path, sha256, size_bytes }) => ({ path, sha256, size_bytes })),
            )
            .sort((a, b) => compareCodePoints(a.path, b.path))
        : null,
      dependencies,
      dependents,
      next: next?.event ?? null,
    },
    statements: [
      ...standings.map((standing, index) => inForce(standing, `/standings/${index}`)),
      ...[dependencies, dependents].flatMap((edges, of) =>
        edges.map((edge, index) => ({
          about: `/${of === 0 ? "dependencies" : "dependents"}/${index}`,
          says: edgeSays(edge),
          evidence: state.edgeEvidence(edge),
        })),
      ),
      ...(next === undefined
        ? []
        : [
            {
              about: "/next",
              says: `${next.event.reason} at ${next.event.timestamp}`,
              evidence: [entryEvidence(next.event, next.entry_hash)],
            },
          ]),
    ],
  };
}

const inForce = (standing: Standing, about: string): TraceStatement => ({
  about,
  says: `${standing.package_id} ${standing.version} was in force in ${standing.plane_id}`,
  evidence: [standing.evidence],
});

function shownStanding(state: StateThen, standing: Standing): TracedStanding {
  const { package_id, plane_id, version } = standing;
  return { package_id, plane_id, version, admission: state.admissionOf(standing) };
}
