/** Where each asset would go, and what is there already. Reads the plane, changes nothing. */
import type { Asset, Classification, Origin, ReceiptFile } from "../contracts/index.ts";
import type { Effects, FileDigest, FileStat } from "../effects/index.ts";
import { type Fault, prefixed } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { make } from "./faults.ts";

/**
 * `create`: nothing is there · `adopt`: identical bytes nobody owns · `keep`: ours already · `replace`: ours, other bytes ·
 * `keep_edited`: a config or state file somebody edited stays, a changed default goes beside it as `.new`.
 */
export type PlacementAction = "create" | "adopt" | "keep" | "replace" | "keep_edited";

export interface Placement {
  readonly asset: Asset;
  /** Plane-relative, with the tier's prefix. */
  readonly path: string;
  readonly origin: Origin;
  readonly action: PlacementAction;
  /** For what is adopted, or stays so: its permission bits in octal, where they are not what an install gives. */
  readonly mode?: string;
  /** Bare hex of what is there now, where it was read. */
  readonly before_sha256?: string | undefined;
  /** What is there was edited: a copy is kept before it is replaced. */
  readonly edited?: true;
  /** Where a new default goes, for `keep_edited`. */
  readonly new_default?: string;
}

/** Who wants the paths, and what it owns there so far. */
export interface Wanting {
  readonly package_id: string;
  /** The tier's folder: empty or ends with a slash. */
  readonly prefix: string;
  /** Files of the version being replaced, by plane-relative path. */
  readonly owned: ReadonlyMap<string, ReceiptFile>;
  /** Config and state files an earlier uninstall left, by path; a reinstall takes them up again. */
  readonly leftovers: ReadonlySet<string>;
  readonly accept_drift: boolean;
}

export const isPersonal = (classification: Classification): boolean =>
  classification === "config" || classification === "state";

/** @returns placements in asset order and every problem found */
export async function placeAssets(
  effects: Pick<Effects, "fs" | "workers">,
  plane: Plane,
  wanting: Wanting,
  assets: readonly Asset[],
  owners: ReadonlyMap<string, string>,
): Promise<{ placements: Placement[]; problems: Fault[] }> {
  const { fs, workers } = effects;
  const { package_id, prefix } = wanting;
  const problems: Fault[] = [];
  const folders = new Map<string, Fault | undefined>();
  const occupied: { asset: Asset; path: string; found: FileStat }[] = [];
  const placements: Placement[] = [];
  for (const asset of assets) {
    const path = prefix + asset.path;
    const owner = owners.get(path);
    if (owner !== undefined && owner !== package_id) {
      problems.push(
        make("PATH_OWNED", `${path} of ${package_id} is owned by ${owner}`, { package_id, path, owner }),
      );
      continue;
    }
    const blocked = checkFolders(effects, plane, package_id, path, folders);
    if (blocked !== undefined) {
      problems.push(blocked);
      continue;
    }
    const found = fs.stat(`${plane.root}/${path}`);
    if (found === undefined) placements.push({ asset, path, origin: "created", action: "create" });
    else occupied.push({ asset, path, found });
  }
  const digests = await workers.digestFiles(
    occupied.map(({ path, asset, found }) =>
      // Bytes of another size that nobody owns cannot be adopted, so they are not read.
      found.kind === "file" && (found.size_bytes === asset.size_bytes || isOurs(wanting, path))
        ? `${plane.root}/${path}`
        : `${plane.root}/.holdfast/nothing`,
    ),
  );
  for (const [index, { asset, path, found }] of occupied.entries()) {
    const placed = placeOccupied(wanting, asset, path, found, digests[index]);
    if ("action" in placed) placements.push(placed);
    else problems.push(placed);
  }
  return { placements, problems };
}

const isOurs = ({ owned, leftovers }: Wanting, path: string): boolean =>
  owned.has(path) || leftovers.has(path);

function placeOccupied(
  wanting: Wanting,
  asset: Asset,
  path: string,
  found: FileStat,
  digest: FileDigest | undefined,
): Placement | Fault {
  const { package_id, owned } = wanting;
  const before = owned.get(path);
  const is_wanted =
    digest !== undefined &&
    prefixed(digest.sha256) === asset.sha256 &&
    digest.executable === asset.executable;
  if (is_wanted) {
    if (before === undefined && !wanting.leftovers.has(path))
      return { asset, path, origin: "adopted", action: "adopt", ...modeOf(found) };
    const { origin = "created", mode } = before ?? {};
    const kept_mode = origin === "adopted" && mode !== undefined ? { mode } : {};
    return { asset, path, origin, action: "keep", before_sha256: digest.sha256, ...kept_mode };
  }
  if (digest === undefined || !isOurs(wanting, path)) {
    const actual = digest === undefined ? describeOther(found, asset) : otherBytes(digest, asset);
    return occupiedBy(package_id, path, asset, actual);
  }
  return placeOverOwn(wanting, asset, path, before, digest);
}

/** Nobody's file keeps what its owner gave it, but for what would let anybody in: that a restore never gives again. */
function modeOf({ mode, executable }: FileStat): { mode?: string } {
  const safe = mode & 0o775;
  return safe === (executable ? 0o755 : 0o644) ? {} : { mode: safe.toString(8).padStart(4, "0") };
}

/** A path of ours with bytes that are not those wanted. */
function placeOverOwn(
  { package_id, accept_drift }: Wanting,
  asset: Asset,
  path: string,
  before: ReceiptFile | undefined,
  digest: FileDigest,
): Placement | Fault {
  const before_sha256 = digest.sha256;
  const is_as_installed =
    before !== undefined &&
    prefixed(digest.sha256) === before.sha256 &&
    digest.executable === before.executable;
  const common = { asset, path, before_sha256 };
  if (is_as_installed && before.origin === "created")
    return { ...common, origin: "created", action: "replace" };
  if (!is_as_installed && isPersonal(asset.classification)) {
    const default_changed = before?.sha256 !== asset.sha256;
    return {
      ...common,
      origin: before?.origin ?? "created",
      action: "keep_edited",
      ...(default_changed ? { new_default: `${path}.new` } : {}),
    };
  }
  if (accept_drift) return { ...common, origin: "created", action: "replace", edited: true };
  const what = is_as_installed
    ? `${path} lay there before ${package_id}, which only adopted it, and would be replaced`
    : `${path} of ${package_id} was edited after the install`;
  return make("INSTALLED_DRIFTED", what, { package_id, paths: [path] });
}

const describeOther = (found: FileStat, asset: Asset): string =>
  found.kind === "file" && found.size_bytes !== asset.size_bytes
    ? "a file of another size"
    : `a ${found.kind}`;

const otherBytes = (digest: FileDigest, asset: Asset): string =>
  prefixed(digest.sha256) === asset.sha256 ? "a file with another executable bit" : "a file with other bytes";

function occupiedBy(package_id: string, path: string, asset: Asset, actual: string): Fault {
  return make("PATH_OCCUPIED", `${path} of ${package_id} is taken by ${actual} that no package owns`, {
    package_id,
    path,
    expected: asset.sha256,
    actual,
  });
}

/** Every folder above the path must be a real folder or absent: a link would carry the write elsewhere. */
export function checkFolders(
  { fs }: Pick<Effects, "fs">,
  plane: Plane,
  package_id: string,
  path: string,
  known: Map<string, Fault | undefined>,
): Fault | undefined {
  const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")));
  if (parent === "") return undefined;
  if (known.has(parent)) return known.get(parent);
  let problem = checkFolders({ fs }, plane, package_id, parent, known);
  const kind = problem === undefined ? fs.stat(`${plane.root}/${parent}`)?.kind : undefined;
  if (kind === "symlink") {
    problem = make(
      "PATH_THROUGH_LINK",
      `${path} of ${package_id} would be written through the link ${parent}`,
      { package_id, path, link: parent },
    );
  } else if (kind !== undefined && kind !== "directory") {
    problem = make("PATH_OCCUPIED", `${parent} is a file, so ${path} of ${package_id} has no folder`, {
      package_id,
      path: parent,
      expected: "a folder",
      actual: kind,
    });
  }
  known.set(parent, problem);
  return problem;
}
