/** From versions of a plugin and where it can be run to the cells of its matrix. Pure. */
import semver from "semver";
import type { MatrixEdge, MatrixPoint, SourceMetadata } from "../../contracts/index.ts";
import { raise } from "../faults.ts";
import { edgesOf, inRange, toTry } from "./axes.ts";
import { type HostProgram, hostWord } from "./hosts.ts";

export interface PlannedVersion {
  readonly version: string;
  readonly metadata: Pick<SourceMetadata, "compat" | "plugin">;
}

/** What was asked for, word for word; undefined where ranges and edges decide. */
export interface Asked {
  readonly hosts?: readonly string[] | undefined;
  readonly apis?: readonly string[] | undefined;
  readonly pythons?: readonly string[] | undefined;
}

export interface There {
  readonly hosts: readonly HostProgram[];
  /** Versions of Python interpreters, as found. */
  readonly pythons: readonly string[];
}

export interface MatrixPlan {
  readonly points: readonly MatrixPoint[];
  readonly edges: readonly MatrixEdge[];
}

/** @throws MATRIX_AXIS for a host that is not there */
export function planMatrix(versions: readonly PlannedVersion[], asked: Asked, there: There): MatrixPlan {
  const edges = versions.flatMap((one) => edgesFor(one, there));
  const union = (axis: MatrixEdge["axis"], all_inside: boolean): string[] =>
    semver.sort([
      ...new Set(edges.filter((one) => one.axis === axis).flatMap((one) => toTry(one, all_inside))),
    ]);
  const host_versions = new Set(union("host", true));
  const hosts =
    asked.hosts === undefined
      ? there.hosts.filter(({ version }) => host_versions.has(version))
      : [...new Set(asked.hosts.flatMap((word) => hostsNamed(word, there.hosts)))];
  const served = new Set(hosts.flatMap(({ apis }) => apis));
  const apis = asked.apis?.map(wholeVersion) ?? union("api", true).filter((api) => served.has(api));
  // Each interpreter multiplies the rest: of those inside a range its two ends are tried.
  const pythons =
    asked.pythons === undefined
      ? union("python", false)
      : asked.pythons.map((word) => pythonNamed(word, there.pythons));
  const points = versions.flatMap((one) =>
    hosts.flatMap((host) =>
      apis.flatMap((api) =>
        (one.metadata.plugin?.runtime === "python" ? pythons : [null]).map((python) =>
          pointOf(one, host, api, python),
        ),
      ),
    ),
  );
  return { points, edges };
}

function edgesFor({ version, metadata: { compat, plugin } }: PlannedVersion, there: There): MatrixEdge[] {
  const axes = [
    { axis: "host" as const, range: compat?.host, there: there.hosts.map((one) => one.version) },
    { axis: "api" as const, range: compat?.api, there: there.hosts.flatMap(({ apis }) => apis) },
    ...(plugin?.runtime === "python"
      ? [{ axis: "python" as const, range: compat?.python, there: there.pythons }]
      : []),
  ];
  return axes.map(({ axis, range, there: found }) => {
    const { inside, ...edges } = edgesOf(range, found);
    return { version, axis, range: range ?? null, inside: [...inside], ...edges };
  });
}

/** `workbench@2.0.0`, `workbench` for all its versions, or `2.0.0` for every host of that version. */
function hostsNamed(word: string, hosts: readonly HostProgram[]): readonly HostProgram[] {
  const found = hosts.filter(
    (host) => word === hostWord(host) || word === host.name || wholeVersion(word) === host.version,
  );
  if (found.length > 0) return found;
  const near = hosts.map(hostWord);
  return raise("MATRIX_AXIS", `there is no host program ${word} here`, { word, near });
}

/** The newest that begins so; the word itself where none is there, so that the cell is seen not to run. */
const pythonNamed = (word: string, there: readonly string[]): string =>
  semver.rsort(there.filter((version) => version === word || version.startsWith(`${word}.`)))[0] ?? word;

const wholeVersion = (word: string): string => semver.coerce(word)?.version ?? word;

function pointOf(
  { version, metadata: { compat = {} } }: PlannedVersion,
  host: HostProgram,
  api: string,
  python: string | null,
): MatrixPoint {
  const is_outside = {
    host: !inRange(host.version, compat.host),
    api: !inRange(api, compat.api),
    python: python !== null && !inRange(wholeVersion(python), compat.python),
  };
  return {
    id: [version, hostWord(host), `api@${api}`, ...(python === null ? [] : [`python@${python}`])].join(" "),
    version,
    host: { name: host.name, version: host.version },
    api,
    python,
    outside: Object.entries(is_outside).flatMap(([field, is]) => (is ? [field] : [])),
  };
}
