/** The sentences of a conflict. Versions of one package that want the same share one. */
import { PACKAGE_TIERS } from "../../contracts/index.ts";
import type { Constraint } from "./constraints.ts";
import { isRange, type Model, offeredOf, rangeTakes } from "./model.ts";
import type { Origins } from "./origins.ts";

const LINES_MAX = 12;
const VERSIONS_SHOWN_MAX = 20;

export function sentences(model: Model, constraints: readonly Constraint[], origins: Origins): string[] {
  const groups = new Map<string, Constraint[]>();
  for (const one of constraints) {
    const key =
      one.kind === "wanted" || one.kind === "keep"
        ? JSON.stringify(one)
        : JSON.stringify([one.kind, one.by, one.id, one.range]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const lines = [...groups.values()].flatMap((group) => {
    const first = group.at(-1);
    return first === undefined ? [] : [sentence(model, first, group.length, origins)];
  });
  const more = lines.length - LINES_MAX;
  return more > 0 ? [...lines.slice(0, LINES_MAX), `and ${more} more like these`] : lines;
}

function sentence(model: Model, one: Constraint, count: number, origins: Origins): string {
  if (one.kind === "keep")
    return `${one.id} ${one.version} is installed and is not replaced by a lower version`;
  if (one.kind === "wanted") return `you asked for ${one.id} ${shownRange(one.range)}`;
  const others = count === 1 ? "" : ` and ${count - 1} other version${count === 2 ? "" : "s"}`;
  const subject = `${one.by} ${one.version}${others} (${origins.note(one.by, one.version)})`;
  const verb = (singular: string, plural: string): string => (count === 1 ? singular : plural);
  if (one.kind === "need") return `${subject} ${verb("needs", "need")} ${one.id} ${shownRange(one.range)}`;
  if (one.kind === "clash") {
    const note = origins.noteOfAny(one.id);
    const other = note === undefined ? one.id : `${one.id} (${note})`;
    return `${subject} ${verb("conflicts", "conflict")} with ${other}`;
  }
  const tier = tiersOf(model, one.by, one.version);
  return `${subject} ${verb("is", "are")} ${tier} and may not depend on ${one.id}, which is ${tiersOf(model, one.id)}`;
}

/** @param version of that one only */
function tiersOf(model: Model, id: string, version?: string): string {
  const { candidates } = model.packageOf(id);
  const fit = candidates.filter((one) => one.state !== "absent" && (version ?? one.version) === one.version);
  return PACKAGE_TIERS.filter((tier) => fit.some((one) => one.tier === tier)).join(" or ");
}

const shownRange = (range: string): string =>
  isRange(range) ? range : `in ${JSON.stringify(range)}, which is no semver range`;

/** What there is of the package and how far it falls short; nothing when versions are not what is wrong. */
export function availableLine(model: Model, id: string, own: readonly Constraint[]): string[] {
  const ranges = [
    ...new Set(own.flatMap((one) => (one.kind === "wanted" || one.kind === "need" ? [one.range] : []))),
  ];
  if (ranges.length === 0) return [];
  const versions = offeredOf(model, id);
  if (versions.length === 0) return [`no version of ${id} is available or installed`];
  const fitting = (some: readonly string[]): boolean =>
    versions.some((version) => some.every((range) => rangeTakes(model, id, version, range)));
  const older = versions.length - VERSIONS_SHOWN_MAX;
  const shown = versions.slice(-VERSIONS_SHOWN_MAX).join(", ") + (older > 0 ? ` and ${older} older` : "");
  if (fitting(ranges)) return [];
  const alone = ranges.every((range) => !fitting([range]));
  const [one, two, many] = alone ? ["it", "either", "any of these"] : ["it", "both", "all of these"];
  return [
    `available: ${shown}; none satisfies ${ranges.length === 1 ? one : ranges.length === 2 ? two : many}`,
  ];
}
