/** Rules of packages_registry that need all its rows: dependencies exist, fit, descend in tier and do not go round. */

import satisfies from "semver/functions/satisfies.js";
import { type Dependency, PACKAGE_TIERS, Version } from "../contracts/index.ts";
import { parseDependencies } from "./deps.ts";
import type { Findings } from "./findings.ts";
import type { Position } from "./position.ts";

export interface PackageNode {
  readonly id: string;
  readonly version: string;
  readonly tier: number | undefined;
  readonly dependencies: readonly Dependency[];
  readonly deps_at: Position;
}

/** The tier column, or the tier named in `PKG-<TIER>-…` where it is empty; undefined when neither tells. */
export function tierOf(id: string, tier_cell: string): number | undefined {
  const rank = (PACKAGE_TIERS as readonly string[]).indexOf(
    tier_cell === "" ? (id.split("-")[1] ?? "") : tier_cell,
  );
  return rank < 0 ? undefined : rank;
}

/** Conflicts that are also dependencies, which no install could satisfy. */
export function conflictProblem(deps: string, conflicts: string): string | undefined {
  if (conflicts === "" || deps === "") return undefined;
  const wanted = new Set(parseDependencies(deps).dependencies.map((item) => item.id));
  const both = parseDependencies(conflicts).dependencies.filter((item) => wanted.has(item.id));
  return both.length === 0
    ? undefined
    : `conflicts with its own dependency ${both.map((item) => item.id).join(", ")}`;
}

export function checkDependencies(nodes: ReadonlyMap<string, PackageNode>, findings: Findings): void {
  for (const node of nodes.values()) {
    for (const dependency of node.dependencies) checkDependency(node, dependency, nodes, findings);
  }
  for (const cycle of findCycles(nodes)) {
    const node = nodes.get(cycle[0] ?? "");
    const shown = cycle.length > 10 ? [...cycle.slice(0, 9), "…"] : cycle;
    findings.add("REGISTRY_DEPENDENCY_CYCLE", `dependencies go round: ${[...shown, cycle[0]].join(" -> ")}`, {
      at: node?.deps_at,
      field: "deps",
      package_id: node?.id,
    });
  }
}

function checkDependency(
  node: PackageNode,
  { id, range }: Dependency,
  nodes: ReadonlyMap<string, PackageNode>,
  findings: Findings,
): void {
  const fields = { at: node.deps_at, field: "deps", package_id: node.id };
  const target = nodes.get(id);
  if (target === undefined) {
    findings.add(
      "REGISTRY_DEPENDENCY_MISSING",
      `${node.id} depends on ${id}, which is not registered`,
      fields,
    );
    return;
  }
  if (node.tier !== undefined && target.tier !== undefined && target.tier > node.tier) {
    const tiers = { expected: PACKAGE_TIERS[node.tier], actual: PACKAGE_TIERS[target.tier] };
    const message = `${node.id} (tier ${tiers.expected}) depends on ${id} of the higher tier ${tiers.actual}`;
    findings.add("REGISTRY_DEPENDENCY_TIER", message, { ...fields, ...tiers });
  }
  // A note: the version registered last need not be the one installed.
  const is_judged = range !== "*" && Version.safeParse(target.version).success;
  if (is_judged && !satisfies(target.version, range, { includePrerelease: true })) {
    const message = `${node.id} wants ${id} ${range}, but version ${target.version} is registered`;
    const versions = { expected: range, actual: target.version };
    findings.add("REGISTRY_DEPENDENCY_RANGE", message, { ...fields, ...versions, severity: "note" });
  }
}

/**
 * One cycle for each dependency that leads back to a package being visited, so every package that takes part in going
 * round is behind at least one finding. Iterative: a chain may be as long as the registry.
 */
function findCycles(nodes: ReadonlyMap<string, PackageNode>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const depth_of = new Map<string, number>();
  for (const root of nodes.keys()) {
    const path: { readonly id: string; next: number }[] = [];
    const enter = (id: string): void => {
      depth_of.set(id, path.length);
      path.push({ id, next: 0 });
    };
    if (!done.has(root)) enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const target = nodes.get(top.id)?.dependencies[top.next++]?.id;
      if (target === undefined) {
        done.add(top.id);
        depth_of.delete(top.id);
        path.pop();
      } else if (depth_of.has(target)) {
        cycles.push(path.slice(depth_of.get(target)).map((step) => step.id));
      } else if (nodes.has(target) && !done.has(target)) enter(target);
    }
  }
  return cycles;
}
