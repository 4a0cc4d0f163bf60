/** What a package needs of the plane it enters: tiers, dependencies, conflicts, versions. Pure over what is installed. */
import semver from "semver";
import { type Manifest, PACKAGE_TIERS, type PackageTier } from "../contracts/index.ts";
import type { Fault } from "../kernel/index.ts";
import { make } from "./faults.ts";

export interface Present {
  readonly version: string;
  readonly tier: PackageTier;
}

/** Versions of what packages run on; absent means it could not be determined. */
export interface Runtime {
  readonly host: string;
  readonly api: string;
  readonly node: string;
  readonly python: string | undefined;
}

/** @param present what is installed or enters in the same transaction, by id */
export function checkRequirements(
  manifest: Manifest,
  present: ReadonlyMap<string, Present>,
  runtime: Runtime,
): Fault[] {
  return [
    ...checkDependencies(manifest, present),
    ...checkConflicts(manifest, present),
    ...checkCompat(manifest, runtime),
  ];
}

function checkDependencies(
  { package_id, tier, dependencies }: Manifest,
  present: ReadonlyMap<string, Present>,
): Fault[] {
  return dependencies.flatMap(({ id, range }): Fault[] => {
    if (semver.validRange(range) === null) {
      return [
        make(
          "RANGE_INVALID",
          `${package_id} wants ${id} in ${JSON.stringify(range)}, which is no semver range`,
          { package_id, range, field: `dependencies ${id}` },
        ),
      ];
    }
    const found = present.get(id);
    // An id that names its tier can be judged even when it is absent.
    const dependency_tier = found?.tier ?? PACKAGE_TIERS.find((known) => id.startsWith(`PKG-${known}-`));
    const problems: Fault[] = [];
    if (
      dependency_tier !== undefined &&
      PACKAGE_TIERS.indexOf(dependency_tier) > PACKAGE_TIERS.indexOf(tier)
    ) {
      problems.push(
        make(
          "TIER_DIRECTION",
          `${package_id} is ${tier} and may not depend on ${id}, which is ${dependency_tier}`,
          { package_id, tier, dependency: id, dependency_tier },
        ),
      );
    }
    if (found === undefined) {
      problems.push(
        make("DEPENDENCY_MISSING", `${package_id} needs ${id} ${range}, which is not installed`, {
          package_id,
          dependency: id,
          range,
        }),
      );
    } else if (!semver.satisfies(found.version, range, { includePrerelease: true })) {
      problems.push(
        make("DEPENDENCY_RANGE", `${package_id} needs ${id} ${range}, installed is ${found.version}`, {
          package_id,
          dependency: id,
          range,
          installed: found.version,
        }),
      );
    }
    return problems;
  });
}

function checkConflicts({ package_id, conflicts }: Manifest, present: ReadonlyMap<string, Present>): Fault[] {
  return conflicts
    .filter((conflict) => present.has(conflict))
    .map((conflict) =>
      make("CONFLICT_INSTALLED", `${package_id} conflicts with ${conflict}, which is installed`, {
        package_id,
        conflict,
      }),
    );
}

function checkCompat({ package_id, compat }: Manifest, runtime: Runtime): Fault[] {
  return (["host", "api", "node", "python"] as const).flatMap((field): Fault[] => {
    const range = compat[field];
    if (range === undefined) return [];
    if (semver.validRange(range) === null) {
      return [
        make("RANGE_INVALID", `${package_id}: compat.${field} ${JSON.stringify(range)} is no semver range`, {
          package_id,
          range,
          field: `compat.${field}`,
        }),
      ];
    }
    const found = runtime[field] ?? "none";
    if (semver.valid(found) !== null && semver.satisfies(found, range, { includePrerelease: true }))
      return [];
    return [
      make("COMPAT_UNMET", `${package_id} needs ${field} ${range}, found ${found}`, {
        package_id,
        field,
        range,
        found,
      }),
    ];
  });
}
