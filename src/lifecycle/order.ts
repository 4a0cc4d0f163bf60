/** The order packages enter in: highest plane tier first, then lowest package tier, dependencies before dependents. */
import type { Manifest, PlaneTier } from "../contracts/index.ts";
import { PACKAGE_TIERS, PLANE_TIERS } from "../contracts/index.ts";
import { compareCodePoints } from "../kernel/index.ts";

export function inEntryOrder<
  T extends { readonly target: { readonly manifest: Manifest }; readonly tier: PlaneTier },
>(entering: readonly T[]): T[] {
  const depth = depths(entering.map(({ target }) => target.manifest));
  const rank = ({ target: { manifest }, tier }: T): number[] => [
    PLANE_TIERS.indexOf(tier),
    PACKAGE_TIERS.indexOf(manifest.tier),
    depth.get(manifest.package_id) ?? 0,
  ];
  return [...entering].sort((a, b) => {
    const left = rank(a);
    const right = rank(b);
    const differs = left.findIndex((value, index) => value !== right[index]);
    if (differs >= 0) return (left[differs] ?? 0) - (right[differs] ?? 0);
    return compareCodePoints(a.target.manifest.package_id, b.target.manifest.package_id);
  });
}

/** Longest chain of dependencies below each package of the batch; a cycle counts once. */
function depths(manifests: readonly Manifest[]): Map<string, number> {
  const by_id = new Map(manifests.map((manifest) => [manifest.package_id, manifest]));
  const known = new Map<string, number>();
  const visit = (id: string, above: readonly string[]): number => {
    const done = known.get(id);
    if (done !== undefined || above.includes(id)) return done ?? 0;
    const below = (by_id.get(id)?.dependencies ?? []).filter((dependency) => by_id.has(dependency.id));
    const depth = below.reduce(
      (most, dependency) => Math.max(most, 1 + visit(dependency.id, [...above, id])),
      0,
    );
    known.set(id, depth);
    return depth;
  };
  for (const id of by_id.keys()) visit(id, []);
  return known;
}
