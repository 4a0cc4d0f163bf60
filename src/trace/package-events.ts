/** The entries of the package ledger that change what is in force, read as what they do. */
import type { PlaneTier } from "../contracts/index.ts";
import type { Line } from "./history.ts";

export interface PackageEvent {
  readonly line: Line;
  readonly package_id: string;
  readonly plane_id: PlaneTier;
  /** Null when the package left. */
  readonly version: string | null;
  readonly manifest_hash: string | null;
  readonly generation: number | null;
}

const ENTERING = new Set(["INSTALLED", "UPDATED", "REVERTED"]);
const PLANE_TIERS: readonly string[] = ["ho3", "ho2", "ho1"];

/** Undefined for every entry that leaves things as they are: refusals, starts, restored files. */
export function packageEvent(line: Line): PackageEvent | undefined {
  const { event, submission_id, metadata } = line;
  const enters = ENTERING.has(event.event);
  if (!enters && event.event !== "UNINSTALLED") return undefined;
  const text = (key: string): string | null => (typeof metadata[key] === "string" ? metadata[key] : null);
  const tier = text("plane_id") ?? "ho3";
  const generation = metadata["generation"];
  return {
    line,
    package_id: submission_id,
    plane_id: (PLANE_TIERS.includes(tier) ? tier : "ho3") as PlaneTier,
    // Older entries name the version in their reason alone.
    version: enters ? (text("version") ?? event.reason.split(" ")[1] ?? "") : null,
    manifest_hash: text("manifest_hash"),
    generation: typeof generation === "number" && Number.isSafeInteger(generation) ? generation : null,
  };
}
