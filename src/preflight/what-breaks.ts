/** The reverse of preflight: which packages stop fitting when the host, the API, Python, Node or a package changes. Pure. */
import type { Manifest } from "../contracts/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import { fits, RUNTIMES, type RuntimeName } from "./requirements.ts";

type Needs = Pick<Manifest, "package_id" | "version" | "compat" | "dependencies">;

export interface Standing extends Needs {
  /** `installed`, or `store` for the newest archive there. */
  readonly where: "installed" | "store";
}

export interface Change {
  readonly runtime: Readonly<Partial<Record<RuntimeName, string>>>;
  /** Ids of packages that go. */
  readonly remove: readonly string[];
}

export interface Cause {
  /** JSON pointer in the manifest. */
  readonly field: string;
  readonly range: string;
  /** The version there will be, or `none`. */
  readonly found: string;
  readonly message: string;
}

export interface Broken {
  readonly package_id: string;
  readonly version: string;
  readonly where: Standing["where"];
  /** Why by itself; empty where only something it depends on breaks. */
  readonly causes: readonly Cause[];
  /** Ids from this package to the one that breaks by itself. */
  readonly through: readonly string[];
  readonly next_step: string;
}

export interface Breakage {
  /** How many packages were looked at. */
  readonly examined: number;
  readonly broken: readonly Broken[];
}

/** Packages that go are not looked at themselves; those that need them break. */
export function whatBreaks(packages: readonly Standing[], change: Change): Breakage {
  const staying = packages.filter(({ package_id }) => !change.remove.includes(package_id));
  const direct = new Map(
    staying.flatMap((one) => {
      const causes = causesOf(one, change);
      return causes.length === 0 ? [] : [[keyOf(one), causes] as const];
    }),
  );
  const broken = [...reach(staying, direct)].map(([one, through]): Broken => {
    const causes = direct.get(keyOf(one)) ?? [];
    return {
      package_id: one.package_id,
      version: one.version,
      where: one.where,
      causes,
      through,
      next_step: stepFor(one, causes, through),
    };
  });
  return { examined: packages.length, broken: broken.sort(inOrder) };
}

const keyOf = ({ package_id, version, where }: Standing): string => `${where} ${package_id} ${version}`;

function causesOf({ package_id, compat, dependencies }: Standing, { runtime, remove }: Change): Cause[] {
  const of_runtime = RUNTIMES.flatMap((name): Cause[] => {
    const range = compat[name];
    const found = runtime[name];
    if (range === undefined || found === undefined || fits(found, range)) return [];
    const message = `${package_id} needs ${name} ${range}, not ${found}`;
    return [{ field: `/compat/${name}`, range, found, message }];
  });
  const of_packages = dependencies.flatMap(({ id, range }, index): Cause[] => {
    if (!remove.includes(id)) return [];
    const message = `${package_id} needs ${id} ${range}`;
    return [{ field: `/dependencies/${index}`, range, found: "none", message }];
  });
  return [...of_runtime, ...of_packages];
}

/** Everything that breaks, with the shortest way to what breaks by itself. Breadth first, so that no way is a detour. */
function reach(
  packages: readonly Standing[],
  direct: ReadonlyMap<string, readonly Cause[]>,
): Map<Standing, readonly string[]> {
  const found = new Map<Standing, readonly string[]>();
  let front = packages.filter((one) => direct.has(keyOf(one)));
  for (const one of front) found.set(one, []);
  while (front.length > 0) {
    const next: Standing[] = [];
    for (const below of front)
      for (const one of packages) {
        // Only what is installed carries others: an archive in the store is nobody's dependency yet.
        const carries =
          below.where === "installed" && one.dependencies.some(({ id }) => id === below.package_id);
        if (!carries || found.has(one)) continue;
        found.set(one, [below.package_id, ...(found.get(below) ?? [])]);
        next.push(one);
      }
    front = next;
  }
  return found;
}

function stepFor(
  { package_id, where }: Standing,
  causes: readonly Cause[],
  through: readonly string[],
): string {
  const first = causes[0];
  if (first === undefined) return `Mend ${through.at(-1) ?? package_id} first; ${package_id} depends on it.`;
  if (first.field.startsWith("/dependencies"))
    return `Uninstall ${package_id} before: "pkg uninstall ${package_id}", or keep what it needs.`;
  return where === "installed"
    ? `Look for a version that fits: "pkg update ${package_id} --dry-run".`
    : `Widen ${first.field} in its source and pack a higher version: "pkg pack --src DIR".`;
}

function inOrder(a: Broken, b: Broken): number {
  return a.through.length - b.through.length || compareCodePoints(a.package_id, b.package_id);
}
