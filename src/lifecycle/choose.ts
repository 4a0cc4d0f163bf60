/** Which archives a request comes to: those it names, and what they need, chosen from store, registry and given folder. */
import semver from "semver";
import { type Manifest, Version } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { type Head, installedHeads } from "../index-db/index.ts";
import { type Fault, nearest, sameDigest } from "../kernel/index.ts";
import { digestOf, type Plane, registryPath } from "../plane/index.ts";
import { makePreflightFault, type Runtime } from "../preflight/index.ts";
import { findRow } from "../registry/index.ts";
import { isRemote, latestArchivePath, versionedArchivePath } from "../store/index.ts";
import { readCandidate, type Wanted } from "./candidate.ts";
import { make } from "./faults.ts";
import type { Chosen } from "./install-plan.ts";
import { locateArchive } from "./locate.ts";
import { availableOf, Pool } from "./pool.ts";
import { type InstalledPackage, type Outcome, resolve } from "./resolve/index.ts";

export interface Wish {
  readonly wanted: readonly Wanted[];
  /** Semver range for an update. */
  readonly to: string | undefined;
  /** A folder with further archives. */
  readonly from: string | undefined;
  readonly mode: "install" | "update";
}

/** download, then verify: every archive the request names outright. Ranges are left to `chooseNeeded`. */
export async function readRequested(
  effects: Effects,
  plane: Plane,
  wish: Wish,
  onVerify: () => void,
): Promise<Chosen[]> {
  const named = wish.wanted.filter((one) => !isOpen(one, wish));
  const located: { wanted: Wanted; archive: string | undefined }[] = [];
  for (const wanted of named) located.push({ wanted, archive: await locateArchive(effects, plane, wanted) });
  onVerify();
  const chosen: Chosen[] = [];
  for (const { wanted, archive } of located) {
    const candidate = await readCandidate(effects, plane, { ...wanted, archive });
    chosen.push({ candidate, wanted, requested: true });
  }
  return chosen;
}

/** Whether the version is still to be chosen: `ID@^1.2`, or any id of an update. */
function isOpen({ archive, id }: Wanted, { mode, from }: Wish): boolean {
  if (archive !== undefined || id === undefined) return false;
  const version = id.split("@")[1];
  if (version !== undefined) return !Version.safeParse(version).success || from !== undefined;
  return mode === "update" || from !== undefined;
}

/** The named archives and what they need, each read; or why nothing fits, as a fault with the chain. */
export type Needed = { readonly chosen: readonly Chosen[] } | { readonly conflict: Fault };

/** @throws NOT_INSTALLED, ARCHIVE_*, MANIFEST_* */
export async function chooseNeeded(
  effects: Effects,
  plane: Plane,
  wish: Wish,
  requested: readonly Chosen[],
  options: { readonly allow_downgrade: boolean; readonly runtime: Runtime },
): Promise<Needed> {
  const before = installedVersions(effects, plane);
  const open = wish.wanted
    .filter((one) => isOpen(one, wish))
    .map(({ id = "" }) => ({ id: id.split("@")[0] ?? "", range: id.split("@")[1] ?? wish.to ?? "*" }));
  const named = requested.map(({ candidate: { manifest } }) => ({
    id: manifest.package_id,
    range: manifest.version,
  }));
  if (wish.mode === "update") requireInstalled([...open, ...named], before);
  const pool = new Pool(effects, plane, requested, { from: wish.from, runtime: options.runtime });
  const wanted = [...open, ...named];
  // What is asked for is looked for anew, newest first; what is only needed stays as it is if it can.
  const staying = new Map([...before].filter(([id]) => !wanted.some((one) => one.id === id)));
  const floorOf = (id: string): string | undefined =>
    options.allow_downgrade || !open.some((one) => one.id === id) ? undefined : before.get(id)?.version;
  const outcome = resolve({
    wanted,
    installed: staying,
    versionsOf: (id) => pool.versionsOf(id, floorOf(id)),
    allow_downgrade: options.allow_downgrade,
  });
  await readUnseen(effects, plane, pool, open, { outcome, before });
  if (outcome.kind === "conflict") {
    const downgrade = options.allow_downgrade ? undefined : downgradeFault(pool, open, before);
    return {
      conflict:
        downgrade ??
        conflictFault(
          outcome,
          requested.map(({ candidate }) => candidate.manifest),
        ),
    };
  }
  const chosen: Chosen[] = [];
  for (const { id, version } of outcome.chosen) {
    const source = pool.versionsOf(id).find((one) => one.version === version);
    if (source === undefined) continue;
    const given: Wanted = { id: `${id}@${version}`, archive: source.archive };
    chosen.push(
      source.given ?? {
        candidate: await readCandidate(effects, plane, given),
        wanted: given,
        requested: open.some((one) => one.id === id),
      },
    );
  }
  return { chosen };
}

interface Range {
  readonly id: string;
  readonly range: string;
}

const fits = (version: string, range: string): boolean =>
  semver.satisfies(version, range, { includePrerelease: true });

/**
 * A damaged archive that would have been taken is a refusal, not passed over. One of an older form is whole; it can only be
 * named outright.
 * @throws ARCHIVE_*, MANIFEST_*
 */
async function readUnseen(
  effects: Effects,
  plane: Plane,
  pool: Pool,
  open: readonly Range[],
  { outcome, before }: { outcome: Outcome; before: ReadonlyMap<string, InstalledPackage> },
): Promise<void> {
  const ranges = outcome.kind === "conflict" ? [...open, { id: outcome.package_id, range: "*" }] : open;
  for (const { id, range } of ranges) {
    const taken = outcome.kind === "conflict" ? undefined : outcome.chosen.find((one) => one.id === id);
    const best = taken?.version ?? before.get(id)?.version;
    for (const { version, archive } of pool.unseenOf(id))
      if (fits(version, range) && (best === undefined || semver.gt(version, best)))
        await readCandidate(effects, plane, { archive });
    if (open.some((one) => one.id === id)) requireRegistered(effects, plane, { id, range }, best);
  }
}

/**
 * A version the registry names and nobody can read is no reason to say that there is nothing newer.
 * @param best what would be taken without it @throws REGISTERED_ARCHIVE_MISSING
 */
function requireRegistered(
  { fs }: Pick<Effects, "fs">,
  plane: Plane,
  { id, range }: Range,
  best: string | undefined,
): void {
  const registry = registryPath("packages_registry");
  const row = findRow(fs, `${plane.root}/${registry}`, "packages_registry", [id])?.row ?? {};
  const { version = "", source = "", digest = "" } = row;
  if (semver.valid(version) === null || !fits(version, range)) return;
  if (best !== undefined && !semver.gt(version, best)) return;
  const path = versionedArchivePath(id, version);
  if (fs.stat(`${plane.root}/${path}`) !== undefined) return;
  const latest = latestArchivePath(id);
  const is_latest = sameDigest(digest, digestOf(fs, `${plane.root}/${latest}`) ?? "");
  const archive = isRemote(source) ? source : is_latest ? latest : null;
  const message = `${registry} names ${id} ${version}, and its archive ${path} is not there`;
  throw make("REGISTERED_ARCHIVE_MISSING", message, { package_id: id, version, path, archive });
}

/** Why a range holds nothing, when what it holds is older than what is installed. */
function downgradeFault(
  pool: Pool,
  open: readonly Range[],
  before: ReadonlyMap<string, InstalledPackage>,
): Fault | undefined {
  for (const { id, range } of open) {
    const installed = before.get(id)?.version;
    const [wanted] = pool.versionsOf(id).filter(({ version }) => fits(version, range));
    if (installed === undefined || wanted === undefined || !semver.lt(wanted.version, installed)) continue;
    const message = `${id} ${wanted.version} is older than the installed ${installed}`;
    return make("DOWNGRADE_REFUSED", message, { package_id: id, installed, wanted: wanted.version });
  }
  return undefined;
}

/** Why a package that is not packed yet could not enter with what it needs; undefined where it could. @throws ARCHIVE_* */
export function checkResolvable(
  effects: Effects,
  plane: Plane,
  manifest: Manifest,
  { runtime, heads }: { readonly runtime: Runtime; readonly heads: readonly Head[] },
): Fault | undefined {
  const { package_id, version } = manifest;
  const before = versionsIn(heads);
  const pool = new Pool(effects, plane, [], { from: undefined, runtime });
  const outcome = resolve({
    wanted: [{ id: package_id, range: version }],
    installed: new Map([...before].filter(([id]) => id !== package_id)),
    versionsOf: (id) => (id === package_id ? [availableOf(manifest)] : pool.versionsOf(id)),
    allow_downgrade: false,
  });
  return outcome.kind === "conflict" ? conflictFault(outcome, [manifest]) : undefined;
}

/** @param manifests what is entering: where one of them names the package nobody can agree on, that is the field */
function conflictFault(
  conflict: Extract<Outcome, { kind: "conflict" }>,
  manifests: readonly Pick<Manifest, "dependencies">[],
): Fault {
  const { package_id, lines, clauses, available } = conflict;
  const first = clauses[0];
  const index = Math.max(
    ...manifests.map(({ dependencies }) => dependencies.findIndex(({ id }) => id === package_id)),
    -1,
  );
  const details = {
    package_id,
    ...(index < 0 ? {} : { field: `/dependencies/${index}` }),
    dependency: package_id,
    range: first?.range ?? "*",
    chain: [...lines],
    available: [...available],
  };
  const message = lines.join("; ");
  if (conflict.missing) return makePreflightFault("DEPENDENCY_MISSING", message, details);
  return make("DEPENDENCY_CONFLICT", message, details);
}

const installedVersions = (effects: Effects, plane: Plane): Map<string, InstalledPackage> =>
  versionsIn(installedHeads(effects, plane.root));

function versionsIn(heads: readonly Head[]): Map<string, InstalledPackage> {
  return new Map(
    heads.map(({ package_id, version, tier, dependencies, conflicts }) => [
      package_id,
      { version, tier, dependencies, conflicts },
    ]),
  );
}

function requireInstalled(
  wanted: readonly { readonly id: string }[],
  installed: ReadonlyMap<string, InstalledPackage>,
): void {
  for (const { id } of wanted) {
    if (installed.has(id)) continue;
    const near = nearest(id, [...installed.keys()]);
    throw make("NOT_INSTALLED", `${id} is not installed, so there is nothing to update`, {
      package_id: id,
      near,
    });
  }
}
