/** Install and update: one or several packages, with what they need, whole or not at all. */
import type { Finding, PlaneTier } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { installedHeads } from "../index-db/index.ts";
import type { PhaseTime } from "../journal/index.ts";
import { authorise, type Plane, reading, type WriteSession } from "../plane/index.ts";
import type { Runtime } from "../preflight/index.ts";
import { findPython } from "../python/index.ts";
import { adviceFor } from "./advice-for.ts";
import { applyChange } from "./apply-change.ts";
import type { Wanted } from "./candidate.ts";
import { changeSession, type OnPhase, type Workspace } from "./change-session.ts";
import { chooseNeeded, readRequested, type Wish } from "./choose.ts";
import { withDigestMemory } from "./digest-memory.ts";
import { type EnvironmentOptions, Environments } from "./environments.ts";
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
import { outlookOf, type PluginOutlook } from "./plugin/follow-packages.ts";
import { noPlugin } from "./plugin/namespace.ts";
import { refuseAll, refuseEntry, refuseToken } from "./refuse.ts";
import { needsBytes } from "./staging.ts";

export interface InstallRequest {
  readonly wanted: readonly Wanted[];
  /** For an update: versions that will do, as a semver range. Default: the newest the others accept. */
  readonly to?: string | undefined;
  /** A folder with further archives. */
  readonly from?: string | undefined;
  readonly mode?: "install" | "update" | undefined;
  /** Plane tiers to install into; absent means the tier each manifest names. */
  readonly tiers?: readonly PlaneTier[] | undefined;
  readonly token: string | undefined;
  readonly dry_run: boolean;
  /** Refuses a named package that is no plugin. */
  readonly plugins_only?: boolean | undefined;
  readonly accept_drift?: boolean | undefined;
  readonly allow_downgrade?: boolean | undefined;
  readonly work_order_id?: string | undefined;
  readonly wait_ms?: number | undefined;
  readonly runtime: (needs_python: boolean) => Promise<Runtime>;
  readonly health?: HealthOptions | undefined;
  /** Where locked wheels may lie beside the packages themselves, and what they are for. */
  readonly environments?: Partial<EnvironmentOptions> | undefined;
  /** Told each phase as it begins, with its number of five. */
  readonly onPhase?: OnPhase | undefined;
}

export interface InstallResult {
  readonly packages: readonly InstalledPackage[];
  /** What nobody is refused for: the advice of preflight for what enters. */
  readonly advice: readonly Finding[];
  /** What becomes of the plugins among them. */
  readonly plugins: readonly PluginOutlook[];
  readonly dry_run: boolean;
  readonly transaction_id: string | null;
  readonly generation: number | null;
  readonly timeline: readonly PhaseTime[];
}

interface Prepared {
  readonly chosen: readonly Chosen[];
  readonly options: PlanOptions;
  readonly plan: InstallPlan;
}

/** @throws AUTH_*, ARCHIVE_*, MANIFEST_*, and any problem `planInstall` lists; TRANSACTION_FAILED, INTERRUPTED */
export async function install(real: Effects, plane: Plane, request: InstallRequest): Promise<InstallResult> {
  const effects = withDigestMemory(real);
  const operation = request.mode ?? "install";
  for (const { id, archive } of request.wanted) refuseToken(request.token, { id, archive });
  const { to, from, work_order_id } = request;
  refuseToken(request.token, { to, from, work_order: work_order_id });
  const ids = request.wanted.flatMap(({ id }) => (id === undefined ? [] : [id.split("@")[0] ?? ""]));
  const { user } = await authorise(effects, plane, request.token, { action: operation, package_ids: ids });
  const subject = (ids.join(" ") || "archive").slice(0, 256);
  if (request.dry_run) {
    const { plan } = await prepare(effects, plane, request, undefined);
    const told = await toldOf(effects, plane, plan);
    return { ...described(plan, true), ...told, transaction_id: null, generation: null, timeline: [] };
  }
  let plan: InstallPlan | undefined;
  let environments: Environments | undefined;
  let told: Told = { advice: [], plugins: [] };
  const committed = await changeSession<Prepared>(
    effects,
    plane,
    {
      about: { operation, subject, user },
      wait_ms: request.wait_ms,
      onPhase: request.onPhase ?? (() => undefined),
    },
    async (workspace) => {
      const prepared = await prepare(effects, plane, request, workspace);
      plan = prepared.plan;
      told = await toldOf(effects, plane, plan);
      if (plan.entering.length === 0) return undefined;
      checkSpace(effects, plane, plan);
      await workspace.staging.fill(effects, plan.entering);
      environments = environmentsOf(effects, plane, workspace, request);
      await environments.fill(plan.entering);
      return prepared;
    },
    async (session, workspace, prepared) => {
      plan = await revalidate(effects, session, prepared);
      workspace.enter("activate");
      return applyChange(
        effects,
        session,
        workspace.transaction,
        workspace.staging,
        { ...plan, leaving: [] },
        {
          about: { operation, subject, user },
          work_order_id: request.work_order_id ?? null,
          environments,
          check: healthCheckOf(
            effects,
            plane,
            { entering: plan.entering, environments },
            request.health,
            () => workspace.enter("health-check"),
          ),
        },
      );
    },
  );
  const done = plan ?? { entering: [], unchanged: [], problems: [] };
  const shown = { ...described(done, false), ...told };
  if (committed === undefined) return { ...shown, transaction_id: null, generation: null, timeline: [] };
  return { ...shown, ...committed };
}

const environmentsOf = (
  effects: Effects,
  plane: Plane,
  workspace: Workspace,
  { environments, health }: InstallRequest,
): Environments =>
  new Environments(effects, plane, workspace, {
    // Checks and environments are of one interpreter.
    python: async () => (await health?.interpreters())?.python ?? (await findPython(effects)).executable,
    wheel_directories: [],
    ...environments,
  });

type Told = Pick<InstallResult, "advice" | "plugins">;

/** Before they enter: afterwards nothing is different any more. */
async function toldOf(effects: Effects, plane: Plane, plan: InstallPlan): Promise<Told> {
  const advice = await adviceFor(effects, plane, plan);
  const plugins = await reading(effects, plane, async () => outlookOf(effects, plane, plan.entering));
  return { advice, plugins };
}

/** download, verify and dependency-prepare; without a workspace nothing is written down. */
async function prepare(
  effects: Effects,
  plane: Plane,
  request: InstallRequest,
  workspace: Workspace | undefined,
): Promise<Prepared> {
  const mode = request.mode ?? "install";
  workspace?.enter("download");
  const wish: Wish = { wanted: request.wanted, from: request.from, to: request.to, mode };
  const requested = await readRequested(effects, plane, wish, () => workspace?.enter("verify"));
  await authoriseAll(effects, plane, request, requested);
  if (request.plugins_only === true) refuseAll(requested.flatMap(({ candidate }) => noPlugin(candidate)));
  workspace?.enter("dependency-prepare");
  const runtime_known = await request.runtime(false);
  const choice = { allow_downgrade: request.allow_downgrade ?? false, runtime: runtime_known };
  const needed = await reading(effects, plane, () => chooseNeeded(effects, plane, wish, requested, choice));
  const chosen = "chosen" in needed ? needed.chosen : requested;
  await authoriseAll(effects, plane, request, chosen);
  if (workspace !== undefined) tellVersions(effects, plane, workspace, chosen);
  const runtime = await request.runtime(
    chosen.some(({ candidate }) => candidate.manifest.compat.python !== undefined),
  );
  const options: PlanOptions = {
    mode,
    tiers: request.tiers,
    runtime,
    accept_drift: request.accept_drift ?? false,
    allow_downgrade: request.allow_downgrade ?? false,
  };
  const plan = await reading(effects, plane, () => planInstall(effects, plane, chosen, options));
  refuseEntry(withConflict(plan.problems, "conflict" in needed ? needed.conflict : undefined));
  return { chosen, options, plan };
}

/** Names versions in progress lines, and what an update goes back to when it fails. */
function tellVersions(effects: Effects, plane: Plane, workspace: Workspace, chosen: readonly Chosen[]): void {
  const manifests = chosen.map(({ candidate: { manifest } }) => manifest);
  if (manifests.length === 0) return;
  workspace.label = manifests.map(({ package_id, version }) => `${package_id} ${version}`).join(", ");
  const ids = new Set(manifests.map(({ package_id }) => package_id));
  const before = installedHeads(effects, plane.root).filter(({ package_id }) => ids.has(package_id));
  if (before.length > 0)
    workspace.transaction.back_to = [...new Set(before.map(({ version }) => version))].join(", ");
  workspace.transaction.attempted = manifests.map(({ package_id, version }) => ({
    package_id,
    version,
    from_version: before.find((one) => one.package_id === package_id)?.version ?? null,
  }));
}

/** A narrowed token is judged by what the archives really hold, not by what the command names. */
async function authoriseAll(
  effects: Effects,
  plane: Plane,
  request: InstallRequest,
  chosen: readonly Chosen[],
): Promise<void> {
  await authorise(effects, plane, request.token, {
    action: request.mode ?? "install",
    package_ids: chosen.map(({ candidate }) => candidate.manifest.package_id),
    tiers: chosen.map(({ candidate }) => candidate.manifest.tier),
  });
}

/** The plane may have changed before it was locked. */
async function revalidate(
  effects: Effects,
  { plane }: WriteSession,
  { chosen, options }: Prepared,
): Promise<InstallPlan> {
  const plan = await planInstall(effects, plane, chosen, options);
  refuseEntry(plan.problems);
  return plan;
}

function checkSpace({ fs }: Pick<Effects, "fs">, plane: Plane, plan: InstallPlan): void {
  const bytes = plan.entering
    .flatMap(({ placements }) => placements)
    .reduce((sum, placement) => sum + (needsBytes(placement) ? placement.asset.size_bytes + 4096 : 512), 0);
  const needed_bytes = bytes + (1 << 20);
  const free_bytes = fs.freeBytes(plane.root);
  if (free_bytes >= needed_bytes) return;
  throw make("SPACE_SHORT", `the install needs ${needed_bytes} bytes, ${free_bytes} are free`, {
    needed_bytes,
    free_bytes,
  });
}
