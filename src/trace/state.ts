/** What is in force in a plane, now or at another time, in the form all questions are asked of. */
import type { Dependency, Evidence, PlaneTier, TracedAdmission } from "../contracts/index.ts";

export interface StateFile {
  /** Plane-relative. */
  readonly path: string;
  /** With prefix. */
  readonly sha256: string;
  readonly size_bytes: number;
  readonly executable: boolean;
  readonly classification: string;
  /** Null where only the manifest speaks. */
  readonly origin: "created" | "adopted" | null;
}

/** What a manifest says, as far as questions need it. */
export interface StateManifest {
  readonly tier: string;
  readonly spec_id: string | null;
  readonly framework_id: string | null;
  readonly dependencies: readonly Dependency[];
}

/** One package in one plane tier. */
export interface Standing {
  readonly package_id: string;
  readonly plane_id: PlaneTier;
  readonly version: string;
  /** Undefined where the manifest that was in force is no longer kept. */
  readonly manifest: StateManifest | undefined;
  /** Plane-relative path of the receipt that says so; null where the ledger says so. */
  readonly receipt: string | null;
  readonly files: readonly StateFile[];
  readonly evidence: Evidence;
}

/** A declared dependency and where it is declared. */
export interface StateEdge {
  readonly from: string;
  readonly to: string;
  readonly range: string;
}

export interface StateSummary {
  readonly version: string;
  /** Empty where the manifest is no longer kept. */
  readonly tier: string;
}

export interface State {
  /** ISO 8601; null for now. */
  readonly at: string | null;
  /** Packages in force, sorted by code point. */
  ids(): readonly string[];
  /** Version and package tier, where it stands highest; undefined for what is not in force. Cheaper than its standings. */
  summaryOf(package_id: string): StateSummary | undefined;
  /** Highest plane tier first; empty for what is not in force. */
  standings(package_id: string): readonly Standing[];
  /** At least the packages whose manifests name this spec or framework, sorted by code point. */
  naming(id: string): readonly string[];
  dependenciesOf(package_id: string): readonly StateEdge[];
  dependentsOf(package_id: string): readonly StateEdge[];
  /** Without a line where only the file shall be named: finding the line reads it. */
  edgeEvidence(edge: StateEdge, with_line?: boolean): Evidence[];
  ownersOf(path: string): readonly { readonly standing: Standing; readonly file: StateFile }[];
  admissionOf(standing: Standing): TracedAdmission;
}
