/**
 * Packages as variables with a finite domain. Bit 0 of a domain is the state nothing has to be done for: not there, or
 * installed and left alone. A package something depends on must leave bit 0.
 */
import semver from "semver";
import type { Dependency, PackageTier } from "../../contracts/index.ts";
import { compareCodePoints, sortedBy } from "../../kernel/index.ts";
import type { Available, InstalledPackage, Problem } from "./types.ts";

/** `left`: installed and of no interest; `kept`: installed and depended upon; `new`: to be installed or to replace. */
export interface Candidate {
  readonly state: "absent" | "left" | "kept" | "new";
  /** Empty for `absent`. */
  readonly version: string;
  readonly tier: PackageTier;
  readonly dependencies: readonly Dependency[];
  readonly conflicts: readonly string[];
}

/** One package; sets of candidates are bit masks over `candidates`, most preferred first after bit 0. */
export interface Package {
  readonly id: string;
  readonly candidates: readonly Candidate[];
  readonly all: bigint;
  /** Installed as it is: `left` or `kept`. Zero when it is not installed. */
  readonly unchanged: bigint;
  readonly installed: InstalledPackage | undefined;
  readonly masks: Map<string, bigint>;
  /** Only prereleases exist, so ranges take them. */
  readonly takes_prereleases: boolean;
}

export const DEFAULT = 1n;

export class Model {
  readonly problem: Problem;
  /** Installed packages by what they depend on, and by what they conflict with. */
  readonly #dependents = new Map<string, string[]>();
  readonly #enemies = new Map<string, string[]>();
  readonly #packages = new Map<string, Package>();
  readonly #wanted: ReadonlySet<string>;
  readonly #ranges = new Map<string, semver.Range | null>();

  constructor(problem: Problem) {
    this.problem = problem;
    this.#wanted = new Set(problem.wanted.map(({ id }) => id));
    for (const id of sortedBy(problem.installed.keys(), (one) => one)) {
      const { dependencies, conflicts } = problem.installed.get(id) ?? { dependencies: [], conflicts: [] };
      for (const on of new Set(dependencies.map((one) => one.id))) append(this.#dependents, on, id);
      for (const on of new Set(conflicts)) append(this.#enemies, on, id);
    }
  }

  /** Installed packages that depend on this one, by code point. */
  dependentsOf(id: string): readonly string[] {
    return this.#dependents.get(id) ?? [];
  }

  /** Installed packages that name this one as a conflict, by code point. */
  enemiesOf(id: string): readonly string[] {
    return this.#enemies.get(id) ?? [];
  }

  packageOf(id: string): Package {
    let found = this.#packages.get(id);
    if (found === undefined) this.#packages.set(id, (found = this.#load(id)));
    return found;
  }

  /** Candidates in the range, without bit 0. Empty when the range is no semver range. */
  fitting(subject: Package, range: string): bigint {
    let mask = subject.masks.get(range);
    if (mask === undefined) {
      mask = 0n;
      for (const [index, { state, version }] of subject.candidates.entries())
        if (index > 0 && this.fits(version, range, state !== "new" || subject.takes_prereleases))
          mask |= 1n << BigInt(index);
      subject.masks.set(range, mask);
    }
    return mask;
  }

  /** Everything but versions below the installed one. */
  notLower({ candidates, installed, all }: Package): bigint {
    let mask = all;
    for (const [index, { state, version }] of candidates.entries())
      if (state === "new" && installed !== undefined && semver.lt(version, installed.version))
        mask &= ~(1n << BigInt(index));
    return mask;
  }

  /** @param prereleases whether prereleases count like releases; else npm's rule: only when the range names one of that version */
  fits(version: string, range: string, prereleases: boolean): boolean {
    const key = `${prereleases ? "all" : "npm"} ${range}`;
    let parsed = this.#ranges.get(key);
    if (parsed === undefined) {
      parsed = isRange(range) ? new semver.Range(range, { includePrerelease: prereleases }) : null;
      this.#ranges.set(key, parsed);
    }
    return parsed?.test(version) === true;
  }

  #load(id: string): Package {
    const installed = this.problem.installed.get(id);
    const offered = distinct(this.problem.versionsOf(id).filter((one) => one.id === id)).filter(
      ({ version }) => version !== installed?.version,
    );
    const is_release = ({ version }: { version: string }): boolean => semver.prerelease(version) === null;
    const takes_prereleases =
      !offered.some(is_release) && (installed === undefined || !is_release(installed));
    const sorted = this.#wanted.has(id) ? offered : this.#undisturbingFirst(id, offered, takes_prereleases);
    const candidates: Candidate[] =
      installed === undefined
        ? [{ state: "absent", version: "", tier: "G0", dependencies: [], conflicts: [] }]
        : [
            { ...tidy(installed), state: "left" },
            { ...tidy(installed), state: "kept" },
          ];
    candidates.push(...sorted.map((one): Candidate => ({ ...tidy(one), state: "new" })));
    const all = (1n << BigInt(candidates.length)) - 1n;
    const unchanged = installed === undefined ? 0n : 3n;
    return { id, candidates, all, unchanged, installed, masks: new Map(), takes_prereleases };
  }

  /** What is only needed prefers versions that leave installed packages alone; what was asked for is simply the newest. */
  #undisturbingFirst(id: string, offered: readonly Available[], prereleases: boolean): readonly Available[] {
    const ranges = this.dependentsOf(id).flatMap((by) =>
      (this.problem.installed.get(by)?.dependencies ?? []).filter((one) => one.id === id),
    );
    const disturbs = ({ version }: Available): boolean =>
      ranges.some(({ range }) => !this.fits(version, range, prereleases));
    return [...offered.filter((one) => !disturbs(one)), ...offered.filter(disturbs)];
  }
}

export const isRange = (range: string): boolean => semver.validRange(range) !== null;

/** Newest first, one per version, whatever order they came in. What has no semantic version is left out. */
function distinct(offered: readonly Available[]): Available[] {
  const keyed = offered
    .filter(({ version }) => semver.parse(version) !== null)
    .map((one) => ({ one, key: JSON.stringify([one.tier, tidy(one)]) }));
  keyed.sort(
    (a, b) =>
      semver.rcompare(a.one.version, b.one.version) ||
      compareCodePoints(b.one.version, a.one.version) ||
      compareCodePoints(a.key, b.key),
  );
  return keyed.filter(({ one }, at) => one.version !== keyed[at - 1]?.one.version).map(({ one }) => one);
}

/** Without the order the author chose, so that it cannot matter. */
function tidy({ version, tier, dependencies, conflicts }: InstalledPackage): InstalledPackage {
  const needs = dependencies.map(({ id, range }) => ({ id, range }));
  needs.sort((a, b) => compareCodePoints(a.id, b.id) || compareCodePoints(a.range, b.range));
  return { version, tier, dependencies: needs, conflicts: sortedBy(new Set(conflicts), (one) => one) };
}

function append(map: Map<string, string[]>, key: string, value: string): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else known.push(value);
}

/** Versions there are, the installed one among them, lowest first. */
export function offeredOf(model: Model, id: string): string[] {
  const versions = model.packageOf(id).candidates.map(({ version }) => version);
  return [...new Set(versions)].filter((version) => version !== "").sort(semver.compareBuild);
}

/** Whether this version of the package, installed or not, lies in the range. */
export function rangeTakes(model: Model, id: string, version: string, range: string): boolean {
  const { installed, takes_prereleases } = model.packageOf(id);
  return model.fits(version, range, takes_prereleases || installed?.version === version);
}
