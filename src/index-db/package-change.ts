/** The entries of the package ledger that change what is in force, read as what they do. */
import type { PlaneTier } from "../contracts/index.ts";

export interface PackageChange {
  readonly package_id: string;
  readonly plane_id: PlaneTier;
  /** Null when the package left. */
  readonly version: string | null;
  readonly manifest_hash: string | null;
  readonly generation: number | null;
  /** 0 where the entry has no time. */
  readonly at_ms: number;
}

const ENTERING = new Set(["INSTALLED", "UPDATED", "REVERTED"]);
const TIERS: readonly string[] = ["ho3", "ho2", "ho1"];

/** One of these stands in every line that changes what is in force; the last in whatever writes a letter by its number. */
export const CHANGE_TEXTS: readonly string[] = [
  ...[...ENTERING, "UNINSTALLED"].map((event) => `"${event}"`),
  "\\u00",
];

/** Undefined for every entry that leaves things as they are: refusals, starts, restored files. */
export function packageChange(entry: Readonly<Record<string, unknown>>): PackageChange | undefined {
  const event = textOf(entry["event_type"]) ?? "";
  return event === "UNINSTALLED" || ENTERING.has(event) ? changeOf(entry, ENTERING.has(event)) : undefined;
}

function changeOf(entry: Readonly<Record<string, unknown>>, enters: boolean): PackageChange {
  const { metadata } = entry;
  const members = (typeof metadata === "object" && metadata !== null ? metadata : {}) as Record<
    string,
    unknown
  >;
  const tier = textOf(members["plane_id"]) ?? "ho3";
  const { generation } = members;
  const reason = textOf(entry["reason"]) ?? "";
  return {
    package_id: textOf(entry["submission_id"]) ?? "",
    plane_id: (TIERS.includes(tier) ? tier : "ho3") as PlaneTier,
    // Older entries name the version in their reason alone.
    version: enters ? (textOf(members["version"]) ?? reason.split(" ")[1] ?? "") : null,
    manifest_hash: textOf(members["manifest_hash"]),
    generation: typeof generation === "number" && Number.isSafeInteger(generation) ? generation : null,
    at_ms: Date.parse(textOf(entry["timestamp"]) ?? "") || 0,
  };
}

const textOf = (value: unknown): string | null => (typeof value === "string" ? value : null);
