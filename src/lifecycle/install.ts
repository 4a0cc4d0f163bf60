/** Install and update: one or several packages, with what they need, whole or not at all. */
import type { PlaneTier } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { installedHeads } from "../index-db/index.ts";
import type { PhaseTime } from "../journal/index.ts";
import { authorise, type Plane, reading, type WriteSession } from "../plane/index.ts";
import type { Runtime } from "../preflight/index.ts";
import { applyChange } from "./apply-change.ts";
import type { Wanted } from "./candidate.ts";
import { changeSession, type OnPhase, type Workspace } from "./change-session.ts";
import { chooseNeeded, readRequested, type Wish } from "./choose.ts";
import { withDigestMemory } from "./digest-memory.ts";
import { make } from "./faults.ts";
import { type HealthOptions, healthCheckOf } from "./health-phase.ts";
import { described, type InstalledPackage } from "./install-describe.ts";
import {
  type Chosen,
  type InstallPlan,
  type PlanOptions,
  planInstall,
  withConflict,
} from "./install-plan.ts";
import { noPlugin } from "./plugin/namespace.ts";
