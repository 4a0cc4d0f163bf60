/** Uninstall: paths the package created go, paths it adopted are released untouched, what people edited stays (G5). */
import type { PlaneTier } from "../contracts/index.ts";
import { PLANE_TIERS } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { installedHeads } from "../index-db/index.ts";
import type { PhaseTime } from "../journal/index.ts";
import { type Fault, nearest } from "../kernel/index.ts";
import { authorise, type Plane, reading } from "../plane/index.ts";
import { type Installed, readReceipt } from "../receipts/index.ts";
import { applyChange, type PackageChange } from "./apply-change.ts";
import { changeSession, type OnPhase } from "./change-session.ts";
import { withDigestMemory } from "./digest-memory.ts";
import { driftFault } from "./drift.ts";
import { make } from "./faults.ts";
import { type Leaving, planLeaving } from "./leaving.ts";
import { checkOwnPaths } from "./own-paths.ts";
import { refuseAll } from "./refuse.ts";

export interface UninstallRequest {
  readonly ids: readonly string[];
  readonly tiers?: readonly PlaneTier[] | undefined;
  readonly token: string | undefined;
  readonly dry_run: boolean;
  /** Also removes edited config and state files. */
  readonly purge: boolean;
  /** Goes on although code was edited; a copy is kept under `.holdfast/state/kept/`. */
  readonly accept_drift: boolean;
  readonly wait_ms?: number | undefined;
  readonly onPhase?: OnPhase | undefined;
}

export interface UninstallResult {
  readonly packages: readonly Leaving[];
  readonly dry_run: boolean;
  readonly transaction_id: string | null;
  readonly generation: number | null;
  readonly timeline: readonly PhaseTime[];
}

/** @throws AUTH_*, NOT_INSTALLED, NEEDED_BY_OTHERS, INSTALLED_DRIFTED, TRANSACTION_FAILED, INTERRUPTED */
export async function uninstall(
  real: Effects,
  plane: Plane,
  request: UninstallRequest,
): Promise<UninstallResult> {
  const effects = withDigestMemory(real);
  const found = await reading(effects, plane, async () => findLeaving(effects, plane, request));
  const { user } = await authorise(effects, plane, request.token, {
    action: "uninstall",
    package_ids: request.ids,
    tiers: found.map(({ receipt }) => receipt.tier),
  });
  if (request.dry_run) {
    const planned = await reading(effects, plane, () => planAll(effects, plane, request));
    const packages = planned.map(({ leaves }) => leaves);
    return { packages, dry_run: true, transaction_id: null, generation: null, timeline: [] };
  }
  const about = { operation: "uninstall", subject: request.ids.join(" ").slice(0, 256), user };
  let packages: readonly Leaving[] = [];
  const committed = await changeSession(
    effects,
    plane,
    { about, wait_ms: request.wait_ms, onPhase: request.onPhase ?? (() => undefined) },
    async (workspace) => {
      workspace.transaction.attempted = found.map(({ receipt: { package_id, version } }) => ({
        package_id,
        version: null,
        from_version: version,
      }));
      workspace.enter("verify");
      return reading(effects, plane, () => planAll(effects, plane, request));
    },
    async (session, workspace) => {
      const leaving = await planAll(effects, plane, request);
      packages = leaving.map(({ leaves }) => leaves);
      workspace.enter("activate");
      const { transaction, staging } = workspace;
      const occasion = { about, work_order_id: null, check: undefined };
      return applyChange(effects, session, transaction, staging, { entering: [], leaving }, occasion);
    },
  );
  return { packages, dry_run: false, transaction_id: null, generation: null, timeline: [], ...committed };
}

/** The installed packages the request names, in the order they leave: dependents before dependencies. */
function findLeaving(effects: Effects, plane: Plane, { ids, tiers }: UninstallRequest): Installed[] {
  const installed = installedHeads(effects, plane.root);
  const leaving = ids.flatMap((id) => {
    const found = installed.filter(
      ({ package_id, plane_id }) =>
        package_id === id && (tiers === undefined || tiers.length === 0 || tiers.includes(plane_id)),
    );
    if (found.length > 0) return found;
    const near = nearest(
      id,
      installed.map(({ package_id }) => package_id),
    );
    throw make("NOT_INSTALLED", `${id} is not installed`, { package_id: id, near });
  });
  const staying = installed.filter((one) => !leaving.includes(one));
  const problems = leaving.flatMap(({ package_id }) => {
    if (staying.some((one) => one.package_id === package_id)) return [];
    const dependents = staying
      .filter(({ dependencies }) => dependencies.some(({ id }) => id === package_id))
      .map((one) => one.package_id);
    if (dependents.length === 0) return [];
    return [
      make("NEEDED_BY_OTHERS", `${package_id} is needed by ${dependents.join(", ")}`, {
        package_id,
        dependents,
      }),
    ];
  });
  refuseAll(problems);
  return leaving
    .sort((a, b) => PLANE_TIERS.indexOf(b.plane_id) - PLANE_TIERS.indexOf(a.plane_id))
    .flatMap(({ package_id, plane_id }) => readReceipt(effects.fs, plane.root, package_id, plane_id) ?? []);
}

async function planAll(
  effects: Effects,
  plane: Plane,
  request: UninstallRequest,
): Promise<PackageChange["leaving"]> {
  const found = findLeaving(effects, plane, request);
  refuseAll(found.flatMap(({ receipt }) => checkOwnPaths(effects, plane, receipt)));
  const leaving: PackageChange["leaving"][number][] = [];
  const problems: Fault[] = [];
  for (const installed of found) {
    const leaves = await planLeaving(effects, plane, installed, request.purge);
    leaving.push({ installed, leaves });
    if (leaves.drifted.length > 0 && !request.accept_drift)
      problems.push(await driftFault(effects, plane, installed.receipt, leaves.drifted));
  }
  refuseAll(problems);
  return leaving;
}
