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

/** What a package runs on, in the order it is judged; each is a field of `compat`. */
export const RUNTIMES = ["host", "api", "node", "python"] as const;
export type RuntimeName = (typeof RUNTIMES)[number];

type Needs = Pick<Manifest, "package_id" | "tier" | "dependencies" | "conflicts" | "compat">;

/** @param present what is installed or enters in the same transaction, by id */
export function checkRequirements(
  manifest: Needs,
  present: ReadonlyMap<string, Present>,
  runtime: Runtime,
): Fault[] {
  return [
    ...checkRanges(manifest),
    ...checkTiers(manifest, present),
    ...checkDependencies(manifest, present),
    ...checkConflicts(manifest, present),
    ...RUNTIMES.flatMap((name) => checkCompat(manifest, name, runtime[name])),
  ];
}

const isRange = (range: string): boolean => semver.validRange(range) !== null;
/** Pre-releases count: a host of 2.0.0-rc.1 is one that packages for ^2 must be tried on. */
export const fits = (version: string, range: string): boolean =>
  semver.valid(version) !== null && semver.satisfies(version, range, { includePrerelease: true });

/** Every range that is none. An author hears of it at pack, since it would be refused at every install. */
export function checkRanges(
  { package_id, dependencies, compat }: Pick<Needs, "package_id" | "dependencies" | "compat">,
  judged?: string,
): Fault[] {
  const named = [
    ...dependencies.map(({ id, range }, index) => ({
      range,
      field: `/dependencies/${index}/range`,
      message: `${package_id} wants ${id} in ${JSON.stringify(range)}, which is no semver range`,
    })),
    ...RUNTIMES.flatMap((name) => {
      const range = compat[name];
      if (range === undefined) return [];
      const message = `${package_id}: compat.${name} ${JSON.stringify(range)} is no semver range`;
      return [{ range, field: `/compat/${name}`, message }];
    }),
  ];
  return named
    .filter(({ range }) => !isRange(range))
    .map(({ range, field, message }) => make("RANGE_INVALID", message, { package_id, range, field, judged }));
}

/** A package depends only on its own tier or lower. */
export function checkTiers(
  { package_id, tier, dependencies }: Pick<Needs, "package_id" | "tier" | "dependencies">,
  present: ReadonlyMap<string, Present>,
  judged?: string,
): Fault[] {
  return dependencies.flatMap(({ id }, index): Fault[] => {
    // An id that names its tier can be judged even when it is absent.
    const dependency_tier =
      present.get(id)?.tier ?? PACKAGE_TIERS.find((known) => id.startsWith(`PKG-${known}-`));
    if (dependency_tier === undefined) return [];
    if (PACKAGE_TIERS.indexOf(dependency_tier) <= PACKAGE_TIERS.indexOf(tier)) return [];
    return [
      make(
        "TIER_DIRECTION",
        `${package_id} is ${tier} and may not depend on ${id}, which is ${dependency_tier}`,
        { package_id, field: `/dependencies/${index}/id`, tier, dependency: id, dependency_tier, judged },
      ),
    ];
  });
}

function checkDependencies(
  { package_id, dependencies }: Needs,
  present: ReadonlyMap<string, Present>,
): Fault[] {
  return dependencies.flatMap(({ id, range }, index): Fault[] => {
    if (!isRange(range)) return [];
    const found = present.get(id);
    const field = `/dependencies/${index}`;
    if (found === undefined)
      return [
        make("DEPENDENCY_MISSING", `${package_id} needs ${id} ${range}, which is not installed`, {
          package_id,
          field: `${field}/id`,
          dependency: id,
          range,
        }),
      ];
    if (fits(found.version, range)) return [];
    return [
      make("DEPENDENCY_RANGE", `${package_id} needs ${id} ${range}, installed is ${found.version}`, {
        package_id,
        field: `${field}/range`,
        dependency: id,
        range,
        installed: found.version,
      }),
    ];
  });
}

function checkConflicts({ package_id, conflicts }: Needs, present: ReadonlyMap<string, Present>): Fault[] {
  return conflicts.flatMap((conflict, index) =>
    present.has(conflict)
      ? [
          make("CONFLICT_INSTALLED", `${package_id} conflicts with ${conflict}, which is installed`, {
            package_id,
            field: `/conflicts/${index}`,
            conflict,
          }),
        ]
      : [],
  );
}

/** @param version undefined means it is not there. A range that is none has its own finding. */
export function checkCompat(
  { package_id, compat }: Pick<Needs, "package_id" | "compat">,
  runtime: RuntimeName,
  version: string | undefined,
  judged?: string,
): Fault[] {
  const range = compat[runtime];
  if (range === undefined || !isRange(range)) return [];
  const found = version ?? "none";
  if (fits(found, range)) return [];
  return [
    make("COMPAT_UNMET", `${package_id} needs ${runtime} ${range}, found ${found}`, {
      package_id,
      field: `/compat/${runtime}`,
      runtime,
      range,
      found,
      judged,
    }),
  ];
}
