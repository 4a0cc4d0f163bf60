/**
 * Rollback and undo: packages go back to an earlier state. Everything comes from the plane itself, by rename; no plugin code
 * runs, no store and no network is needed, and what comes back is held against its receipt (design, principle 8).
 */
import type { Effects } from "../effects/index.ts";
import { installedHeads } from "../index-db/index.ts";
import type { AttemptedPackage, PhaseTime } from "../journal/index.ts";
import { authorise, type Plane, reading, releaseReserve } from "../plane/index.ts";
import { applyChange, type PackageChange } from "./apply-change.ts";
import { changeSession, type OnPhase } from "./change-session.ts";
import { withDigestMemory } from "./digest-memory.ts";
import { describeEntering, type InstalledPackage } from "./install-describe.ts";
import type { Leaving } from "./leaving.ts";
import { refuseAll } from "./refuse.ts";
import { restoredCheck, type WantedFile } from "./restored-check.ts";
import { planRollback, type RollbackPlan } from "./rollback-plan.ts";
import { type Destination, findSteps } from "./rollback-steps.ts";
import type { Entering } from "./target.ts";
import { requireNewest } from "./undo-kinds.ts";

export interface RollbackRequest extends Destination {
  readonly token: string | undefined;
  readonly dry_run: boolean;
  readonly accept_drift: boolean;
  readonly wait_ms?: number | undefined;
  readonly onPhase?: OnPhase | undefined;
}

export interface RollbackResult {
  readonly packages: readonly InstalledPackage[];
  /** Packages that were not there in the earlier state. */
  readonly uninstalled: readonly Leaving[];
  readonly dry_run: boolean;
  readonly transaction_id: string | null;
  readonly generation: number | null;
  readonly timeline: readonly PhaseTime[];
  /** Paths whose bytes and mode were held against the earlier receipt. */
  readonly verified_paths: number;
}

/** @throws AUTH_*, NO_EARLIER_VERSION, GENERATION_GONE, NOTHING_TO_UNDO, KEPT_BYTES_MISSING, DEPENDENT_RANGE, INSTALLED_DRIFTED */
export async function rollback(
  real: Effects,
  plane: Plane,
  request: RollbackRequest,
): Promise<RollbackResult> {
  const effects = withDigestMemory(real);
  const { fs } = effects;
  const operation = request.ids.length === 0 ? "undo" : "rollback";
  const { steps, installed } = await reading(effects, plane, async () => ({
    steps: findSteps(effects, plane, request),
    installed: installedHeads(effects, plane.root),
  }));
  const named = [...new Set(steps.map(({ package_id }) => package_id))];
  const { user } = await authorise(effects, plane, request.token, {
    action: "rollback",
    package_ids: named,
    tiers: installed.filter(({ package_id }) => named.includes(package_id)).map(({ tier }) => tier),
  });
  const none = { transaction_id: null, generation: null, timeline: [], verified_paths: 0 };
  if (request.dry_run) {
    const plan = await planRollback(effects, plane, steps, request);
    refuseAll(plan.problems);
    return { ...shown(plan), dry_run: true, ...none };
  }
  const about = { operation, subject: named.join(" ").slice(0, 256), user };
  // A full disk must not keep anyone from going back: that is what the reserve is for.
  if (fs.freeBytes(plane.root) < LITTLE_SPACE_BYTES) releaseReserve(effects, plane.root);
  let plan: RollbackPlan | undefined;
  let verified_paths = 0;
  const committed = await changeSession(
    effects,
    plane,
    { about, wait_ms: request.wait_ms, onPhase: request.onPhase ?? (() => undefined) },
    async (workspace) => {
      workspace.enter("verify");
      plan = await reading(effects, plane, () => planRollback(effects, plane, steps, request));
      refuseAll(plan.problems);
      workspace.transaction.attempted = attemptedBy(plan);
      workspace.enter("dependency-prepare");
      await workspace.staging.fill(effects, plan.entering);
      return plan.entering.length + plan.leaving.length === 0 ? undefined : plan;
    },
    async (session, workspace) => {
      if (operation === "undo") requireNewest(session.generation, steps[0]?.generation ?? 0);
      plan = await planRollback(effects, plane, steps, request);
      refuseAll(plan.problems);
      workspace.enter("activate");
      const check = restoredCheck(effects, plane, wantedFiles(plan.entering), {
        onStart: () => workspace.enter("health-check"),
        onChecked: (count) => {
          verified_paths = count;
        },
      });
      return applyChange(effects, session, workspace.transaction, workspace.staging, plan, {
        about,
        work_order_id: null,
        check,
        undone_generation: operation === "undo" ? steps[0]?.generation : undefined,
      });
    },
  );
  const result = shown(plan ?? { entering: [], leaving: [], problems: [] });
  if (committed === undefined) return { ...result, dry_run: false, ...none };
  return { ...result, dry_run: false, ...committed, verified_paths };
}

const attemptedBy = ({ entering, leaving }: PackageChange): AttemptedPackage[] => [
  ...entering.map(({ target: { manifest }, before }) => ({
    package_id: manifest.package_id,
    version: manifest.version,
    from_version: before?.receipt.version ?? null,
  })),
  ...leaving.map(({ leaves: { package_id, version } }) => ({
    package_id,
    version: null,
    from_version: version,
  })),
];

const LITTLE_SPACE_BYTES = 4 << 20;

const shown = ({ entering, leaving }: PackageChange): Pick<RollbackResult, "packages" | "uninstalled"> => ({
  packages: entering.map(describeEntering),
  uninstalled: leaving.map(({ leaves }) => leaves),
});

const wantedFiles = (entering: readonly Entering[]): WantedFile[] =>
  entering.flatMap(({ placements }) =>
    placements
      .filter(({ action }) => action !== "keep_edited")
      .map(({ path, asset: { sha256, executable } }) => ({ path, sha256, executable })),
  );
