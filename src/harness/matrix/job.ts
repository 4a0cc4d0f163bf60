/** What every worker of a matrix knows: the versions as packed, the hosts, the interpreters. Plain data. */
import type { MatrixPoint, ScenarioPackage, SourceMetadata } from "../../contracts/index.ts";
import type { Assigned } from "../default-settings.ts";
import type { Subject } from "../subjects.ts";
import type { HostProgram } from "./hosts.ts";

export interface MatrixVersion {
  readonly version: string;
  readonly package_id: string;
  /** Absolute. */
  readonly archive: string;
  readonly digest: string;
  readonly metadata: SourceMetadata;
  /** Where it was packed from, for a plane of its own. */
  readonly source: ScenarioPackage;
  /** Absolute folder `source` is relative to. */
  readonly directory: string;
  readonly settings: Assigned;
}

export interface MatrixJob {
  readonly kind: "cells";
  readonly pieces: readonly MatrixPoint[];
  readonly versions: readonly MatrixVersion[];
  readonly hosts: readonly HostProgram[];
  readonly pythons: readonly { readonly version: string; readonly executable: string }[];
  readonly subjects: readonly Subject[];
}
