/** Removing environments that no receipt names. Call under the plane lock, except for what `ensureEnvironment` builds. */
import { EnvironmentLock, type InstalledEnvironment, PLANE_TIERS } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { removeTree } from "../../journal/index.ts";
import { installedIds, manifestCopyPath, receiptPath } from "../../receipts/index.ts";
import { environmentKeys } from "./find.ts";
import { ENVIRONMENTS_DIRECTORY, keyPrefix } from "./key.ts";
import { digestsPath } from "./known-digests.ts";

/** Half built ones; whoever holds the lock of environments is the only one who builds. */
export const BUILDING = ".building-";
const REMOVING = ".removing-";

export interface NamedLock {
  readonly package_ids: string[];
  readonly content_digests: Set<string>;
}

/**
 * Locks of all installed packages, by the prefix of their environments' names.
 * @returns undefined when a manifest cannot be read: then nobody can tell what is needed
 */
function namedLocks(fs: Effects["fs"], root: string): Map<string, NamedLock> | undefined {
  const named = new Map<string, NamedLock>();
  for (const tier of PLANE_TIERS)
    for (const id of installedIds(fs, root, tier)) {
      const lock = lockIn(fs, `${root}/${manifestCopyPath(id, tier)}`);
      if (lock === null) return undefined;
      if (lock === undefined) continue;
      const key = keyPrefix(lock);
      const one = named.get(key) ?? { package_ids: [], content_digests: new Set<string>() };
      one.package_ids.push(id);
      const content = contentIn(fs, `${root}/${receiptPath(id, tier)}`);
      if (content !== undefined) one.content_digests.add(content);
      named.set(key, one);
    }
  return named;
}

/** Undefined without a lock, null when it cannot be told. Most manifests have none and are not parsed. */
function lockIn(fs: Effects["fs"], path: string): EnvironmentLock | undefined | null {
  if (fs.stat(path) === undefined) return undefined;
  try {
    const text = fs.readText(path);
    if (!text.includes('"environment"')) return undefined;
    const { environment } = JSON.parse(text) as { readonly environment?: unknown };
    if (environment === undefined) return undefined;
    const parsed = EnvironmentLock.safeParse(environment);
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

function contentIn(fs: Effects["fs"], path: string): string | undefined {
  try {
    const { environment } = JSON.parse(fs.readText(path)) as { readonly environment?: InstalledEnvironment };
    return environment?.content_digest;
  } catch {
    return undefined;
  }
}

/** Its name goes first, so that a removal cut short leaves nothing that looks whole. */
export function removeEnvironment(fs: Effects["fs"], directory: string): void {
  const slash = directory.lastIndexOf("/");
  const aside = `${directory.slice(0, slash)}/${REMOVING}${directory.slice(slash + 1)}`;
  if (fs.stat(aside) !== undefined) removeTree(fs, aside);
  fs.rename(directory, aside);
  removeTree(fs, aside);
}

export interface SweptEnvironments {
  /** Names that went, or would. */
  readonly removed: readonly string[];
  readonly kept: readonly string[];
}

export interface SweepOptions {
  readonly dry_run: boolean;
  /** Said of one that is named; it goes as well, since the next run builds it again. */
  readonly isDamaged?: (key: string, named: NamedLock) => Promise<boolean>;
}

export async function sweepEnvironments(
  { fs }: Pick<Effects, "fs">,
  root: string,
  options: SweepOptions,
): Promise<SweptEnvironments> {
  const directory = `${root}/${ENVIRONMENTS_DIRECTORY}`;
  if (fs.stat(directory)?.kind !== "directory") return { removed: [], kept: [] };
  const swept = await judgeAll(fs, root, options);
  if (options.dry_run) return swept;
  for (const key of swept.removed) {
    removeEnvironment(fs, `${directory}/${key}`);
    const digests = digestsPath(root, key);
    if (fs.stat(digests) !== undefined) fs.remove(digests);
  }
  // What an earlier removal left when it was cut short.
  for (const { name } of fs.list(directory))
    if (name.startsWith(REMOVING)) removeTree(fs, `${directory}/${name}`);
  if (fs.list(directory).length === 0) fs.removeDirectory(directory);
  return swept;
}

async function judgeAll(
  fs: Effects["fs"],
  root: string,
  { isDamaged }: SweepOptions,
): Promise<SweptEnvironments> {
  const keys = environmentKeys(fs, root);
  const named = keys.length === 0 ? undefined : namedLocks(fs, root);
  // Nobody can tell what is needed, so nothing goes.
  if (named === undefined) return { removed: [], kept: keys };
  const removed: string[] = [];
  const kept: string[] = [];
  for (const key of keys) {
    const one = named.get(key.slice(0, 32));
    const goes = one === undefined || (await isDamaged?.(key, one)) === true;
    (goes ? removed : kept).push(key);
  }
  return { removed, kept };
}
