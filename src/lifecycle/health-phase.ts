/** The health-check phase: what the packages declare is run for real, with the new files in place and before the commit. */
import type { Health, Manifest, PlaneTier } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import type { Plane } from "../plane/index.ts";
import { tierPrefix } from "../receipts/index.ts";
import { sweepPrivateTemps } from "../sandbox/index.ts";
import type { Environments } from "./environments.ts";
import { make } from "./faults.ts";
import { type HealthResult, type HealthSubject, NO_JAIL, runHealthChecks } from "./health/index.ts";
import type { Entering } from "./target.ts";
import type { Conclusion } from "./transact.ts";

export interface HealthOptions {
  /** Absolute paths; looked up only when a check needs one. */
  readonly interpreters: () => Promise<{ python?: string; node?: string }>;
  readonly approval_accepts_no_jail: () => boolean;
}

/** Undefined when no package declares a check: a phase that does not apply is absent. */
export function healthCheckOf(
  effects: Effects,
  plane: Plane,
  {
    entering,
    environments,
  }: { readonly entering: readonly Entering[]; readonly environments: Environments | undefined },
  options: HealthOptions | undefined,
  onStart: () => void,
): Conclusion<unknown>["check"] {
  if (!entering.some(({ target }) => declaredHealth(target.manifest) !== undefined)) return undefined;
  return {
    phase: "health-check",
    async run() {
      onStart();
      // A command killed in this phase could not remove its own.
      await sweepPrivateTemps(effects, { dry_run: false });
      const interpreters = (await options?.interpreters()) ?? {};
      const approval_accepts_no_jail = options?.approval_accepts_no_jail() ?? false;
      const results: HealthResult[] = [];
      for (const [tier, packages] of subjectsByTier(entering, environments)) {
        const report = await runHealthChecks(effects, {
          plane_root: plane.root,
          tier_root: `${plane.root}/${tierPrefix(tier)}`.replace(/\/$/, ""),
          keys_directory: plane.keys_directory,
          packages,
          interpreters,
          approval_accepts_no_jail,
        });
        results.push(...report.checks);
      }
      refuseUnhealthy(results);
    },
  };
}

/** The package's own checks and those of its plugin; their ids differ, which the metadata rules see to. */
function declaredHealth({ health, plugin }: Manifest): Health | undefined {
  const checks = [...(health?.checks ?? []), ...(plugin?.health?.checks ?? [])];
  return checks.length === 0 ? undefined : { checks };
}

/** Called when the change lies in the plane: before that, environments are elsewhere. */
function subjectsByTier(
  entering: readonly Entering[],
  environments: Environments | undefined,
): Map<PlaneTier, HealthSubject[]> {
  const by_tier = new Map<PlaneTier, HealthSubject[]>();
  for (const one of entering) {
    const { target, tier, placements } = one;
    const { package_id, version } = target.manifest;
    const health = declaredHealth(target.manifest);
    if (health === undefined) continue;
    const files = placements.map(({ path, asset, origin }) => ({ ...asset, path, origin }));
    const environment = environments?.of(one);
    const subject = { package_id, version, health, files, environment };
    by_tier.set(tier, [...(by_tier.get(tier) ?? []), subject]);
  }
  return by_tier;
}

/** Unknown is not healthy, and neither is a phase in which nothing was looked at. */
function refuseUnhealthy(checks: readonly HealthResult[]): void {
  const bad = checks.find(({ verdict }) => verdict !== "healthy");
  if (bad === undefined && checks.length > 0) return;
  const { package_id, id: check, verdict, reason } = bad ?? NOTHING;
  const results = checks.map((one) => ({
    package_id: one.package_id,
    id: one.id,
    verdict: one.verdict,
    reason: one.reason,
    layer: one.layer,
  }));
  const failed = verdict === "unhealthy" ? "failed" : "could not be decided";
  throw make("UNHEALTHY", `health-check "${check}" of ${package_id} ${failed}: ${reason}`, {
    package_id,
    check,
    verdict,
    reason,
    checks: results,
    is_unjailed: reason.includes(NO_JAIL),
  });
}

const NOTHING = {
  package_id: "the packages",
  id: "none",
  verdict: "unknown",
  reason: "no check was run",
} as const;
