/** Answers of --why, --who, --diff, --impact and --at for people. */
import type {
  DiffedFile,
  DiffTrace,
  ImpactTrace,
  PackageAtTrace,
  PlaneAtTrace,
  TracedAdmission,
  TracedEdge,
  TracedStanding,
  WhoTrace,
  WhyTrace,
} from "../contracts/index.ts";
import { indented, labelled, limited, nameList, section, wrapped } from "./page.ts";
import { printable } from "./printable.ts";

const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;

export function whyLines(data: WhyTrace): string[] {
  const { from, to, paths, edges, cycle } = data;
  const ranges = new Map(edges.map((edge) => [`${edge.from} ${edge.to}`, edge]));
  return [
    `# Why ${from} needs ${to}`,
    "",
    ...wrapped(whySummary(data)),
    ...paths.flatMap((path, index) => ["", `${index + 1}. ${path[0] ?? ""}`, ...stepsOf(path, ranges)]),
    ...(data.paths_left_out > 0
      ? ["", `… and ${data.paths_left_out} more; --limit shows more of them.`]
      : []),
    ...section("Circle", cycle.length === 0 ? [] : wrapped(`These need each other: ${cycle.join(", ")}`)),
  ];
}

function whySummary({ from, to, paths_count, paths_count_exact, only_the_other_way }: WhyTrace): string {
  if (paths_count > 0)
    return `${paths_count_exact ? "" : "At least "}${count(paths_count, "path")} from ${from} to ${to}.`;
  if (only_the_other_way) return `${from} does not need ${to}; it is ${to} that needs ${from}.`;
  return `${from} does not need ${to}: no dependency leads there.`;
}

function stepsOf(path: readonly string[], edges: ReadonlyMap<string, TracedEdge>): string[] {
  return path.slice(1).flatMap((to, index) => {
    const edge = edges.get(`${path[index]} ${to}`);
    return indented(`needs ${to} ${edge === undefined ? "" : `${edge.range} (${standing(edge)})`}`, 3);
  });
}

function standing({ to_version, satisfied }: TracedEdge): string {
  if (to_version === null) return "NOT INSTALLED";
  return satisfied ? `installed ${to_version}` : `installed ${to_version}, OUT OF RANGE`;
}

export function whoLines({ path, exists, role, owners, source_of }: WhoTrace): string[] {
  const nobody = source_of === null ? "nobody" : `nobody; it lies in the source tree of ${source_of}`;
  return [
    `# Who owns ${path}`,
    "",
    ...labelled("what", role),
    ...labelled("there", exists ? "yes" : "NO, nothing lies there"),
    ...(owners.length === 0 ? labelled("owner", nobody) : []),
    ...owners.flatMap((owner) => [
      ...labelled("owner", `${owner.package} ${owner.version}`.trim()),
      ...labelled("plane tier", owner.plane_id.toUpperCase()),
      ...labelled(
        "class",
        [owner.classification, owner.origin, owner.executable === true ? "executable" : null]
          .filter(Boolean)
          .join(", "),
      ),
      ...labelled("recorded", owner.sha256 ?? ""),
      ...labelled("receipt", owner.receipt ?? ""),
      ...(owner.admission === null ? [] : admissionLines(owner.admission)),
    ]),
  ];
}

function admissionLines({ user, at, transaction_id, generation, work_order_id, entry }: TracedAdmission) {
  return [
    ...labelled("let in by", user ?? "not recorded"),
    ...labelled("at", at),
    ...labelled("transaction", transaction_id),
    ...labelled("generation", generation === null ? "" : String(generation)),
    ...labelled("work order", work_order_id ?? ""),
    ...labelled(
      "entry",
      entry === null ? "NONE: no ledger tells of it" : `${entry.id} ${entry.stream}:${entry.line}`,
    ),
  ];
}

/** @param texts the unified diffs as they are; everything else was made printable before */
export function diffLines(data: DiffTrace, texts: readonly string[]): string[] {
  const { package_id, from, to, files, dependencies, fields } = data;
  const counts = `${data.added_count} added, ${data.removed_count} removed, ${data.changed_count} changed, ${data.unchanged_count} unchanged`;
  return [
    `# ${package_id} ${from} -> ${to}`,
    "",
    ...labelled("files", counts),
    ...labelled("size", `${data.before_bytes} -> ${data.after_bytes} bytes`),
    ...labelled("from", data.from_source),
    ...labelled("to", data.to_source),
    ...section("Files", limited(files, 200, fileLines)),
    ...section(
      "Dependencies",
      dependencies.flatMap(({ id, before, after }) =>
        wrapped(`${id} ${before ?? "(absent)"} -> ${after ?? "(absent)"}`),
      ),
    ),
    ...section(
      "Manifest",
      fields.flatMap(({ field, before, after }) => [
        field,
        ...indented(`- ${JSON.stringify(before)}`, 2),
        ...indented(`+ ${JSON.stringify(after)}`, 2),
      ]),
    ),
    ...section(
      "Text",
      texts
        .flatMap((text) => text.trimEnd().split("\n"))
        .map((line) => printable(line.replaceAll("\t", "    "))),
    ),
  ];
}

const SIGNS = { added: "+", removed: "-", changed: "~", mode: "m" } as const;

function fileLines({ path, change, before, after, moved_from }: DiffedFile): string[] {
  const size =
    before === null || after === null
      ? `${(after ?? before)?.size_bytes ?? 0} bytes`
      : `${before.size_bytes} -> ${after.size_bytes} bytes`;
  const same = before?.sha256 === after?.sha256;
  return [
    `${SIGNS[change]} ${path}`,
    ...indented(moved_from === null ? size : `${size}, moved from ${moved_from}`, 4),
    ...(before === null ? [] : indented(`${same ? "" : "- "}${before.sha256}`, 4)),
    ...(after === null || same ? [] : indented(`+ ${after.sha256}`, 4)),
    ...(change === "mode" ? indented(`was ${modeOf(before)}, is ${modeOf(after)}`, 4) : []),
  ];
}

const modeOf = (side: DiffedFile["before"]): string =>
  `${side?.classification ?? ""}${side?.executable === true ? " executable" : ""}`;

export function impactLines(data: ImpactTrace): string[] {
  const { subject, kind, packages, files, specs, frameworks, users, left_alone } = data;
  const state =
    kind === "package" ? (data.version === null ? "not installed" : `installed ${data.version}`) : kind;
  const bytes = files.reduce((sum, file) => sum + (file.size_bytes ?? 0), 0);
  return [
    `# Without ${subject}`,
    "",
    ...labelled("what", state),
    ...labelled(kind === "package" ? "stops" : "users", count(packages.length, "installed package")),
    ...labelled("files", kind === "package" ? `${count(files.length, "file")}, ${bytes} bytes` : ""),
    ...section(
      kind === "package" ? "Stops working, lowest tier first" : "Complies with it",
      limited(packages, 200, (one) => impactedLines(one, kind)),
    ),
    ...section("Loses spec", nameList(specs)),
    ...section("Loses framework", nameList(frameworks)),
    ...section(
      "Complies with what goes",
      kind === "package" ? limited(users, 50, ({ id, of }) => wrapped(`${id} (${of})`)) : [],
    ),
    ...section("Needed by nothing else then", nameList(left_alone)),
    ...section(
      "Files that go",
      limited(files, 50, ({ path, size_bytes }) => wrapped(`${path} (${size_bytes ?? 0} bytes)`)),
    ),
  ];
}

function impactedLines(
  { id, version, tier, direct, through, range, other_versions, only_this }: ImpactTrace["packages"][number],
  kind: ImpactTrace["kind"],
): string[] {
  const says = `${tier === "" ? "--" : tier}  ${id} ${version ?? ""}`.trimEnd();
  if (kind !== "package") return wrapped(says);
  const how = direct ? `needs it ${range ?? "*"}` : `through ${through}`;
  const others = only_this
    ? "; no other stored version would do"
    : direct
      ? `; ${other_versions.join(", ")} would do`
      : "";
  return [says, ...indented(`${how}${others}`, 4)];
}

export function planeAtLines(data: PlaneAtTrace, at: string | null): string[] {
  const { packages, entries_applied, last_entry } = data;
  const last = last_entry === null ? "" : `${last_entry.id} ${last_entry.stream}:${last_entry.line}`;
  return [
    `# The plane at ${at ?? "now"}`,
    "",
    ...labelled("in force", count(packages.length, "package")),
    ...labelled("entries", `${entries_applied} of the package ledger applied`),
    ...labelled("last", last),
    ...section("Packages", limited(packages, 200, standingLines)),
  ];
}

function standingLines({ package_id, plane_id, version, admission }: TracedStanding): string[] {
  const { at, user, transaction_id, entry } = admission;
  return [
    `${package_id} ${version} in ${plane_id.toUpperCase()}`,
    ...indented(
      [`since ${at}`, user === null ? "" : `by ${user}`, transaction_id, entry?.id ?? ""]
        .filter(Boolean)
        .join(" "),
      4,
    ),
  ];
}

export function packageAtLines(data: PackageAtTrace, at: string | null): string[] {
  const { package_id, tier, standings, files, dependencies, dependents, next } = data;
  const edge = (name: string, one: TracedEdge): string[] =>
    wrapped(`${name} ${one.range} (${standing(one)})`);
  return [
    `# ${package_id} at ${at ?? "now"}`,
    "",
    ...labelled("tier", tier ?? "not known any more"),
    ...labelled("files", files === null ? "not known any more" : String(files.length)),
    ...labelled("next", next === null ? "nothing since" : `${next.timestamp} ${next.reason}`),
    ...section("In force", standings.flatMap(standingLines)),
    ...section(
      "Needs",
      limited(dependencies, 50, (one) => edge(one.to, one)),
    ),
    ...section(
      "Used by",
      limited(dependents, 50, (one) => edge(one.from, one)),
    ),
    ...section(
      "Contents",
      limited(files ?? [], 50, ({ path }) => [path]),
    ),
  ];
}
