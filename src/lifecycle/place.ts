/** Where each asset would go, and what is there already. Reads the plane, changes nothing. */
import type { Asset, Origin } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { type Fault, prefixed } from "../kernel/index.ts";
import { type Plane, registryPath } from "../plane/index.ts";
import { scanRows } from "../registry/index.ts";
import { make } from "./faults.ts";

export interface Placement {
  readonly asset: Asset;
  /** Plane-relative, with the tier's prefix. */
  readonly path: string;
  readonly origin: Origin;
}

/** Owners of the wanted paths: one pass over the ownership registry, however many paths are asked for. */
export function findOwners(
  { fs }: Pick<Effects, "fs">,
  plane: Plane,
  wanted: ReadonlySet<string>,
): Map<string, string> {
  const owners = new Map<string, string>();
  if (wanted.size === 0) return owners;
  for (const row of scanRows(fs, `${plane.root}/${registryPath("file_ownership")}`, "file_ownership")) {
    if (wanted.has(row.key)) owners.set(row.key, row.cells()["owner_package_id"] ?? "");
  }
  return owners;
}

/** @returns placements in asset order and every problem found */
export async function placeAssets(
  effects: Pick<Effects, "fs" | "workers">,
  plane: Plane,
  package_id: string,
  assets: readonly Asset[],
  prefix: string,
  owners: ReadonlyMap<string, string>,
): Promise<{ placements: Placement[]; problems: Fault[] }> {
  const { fs, workers } = effects;
  const problems: Fault[] = [];
  const folders = new Map<string, Fault | undefined>();
  const occupied: { asset: Asset; path: string }[] = [];
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
    if (found === undefined) placements.push({ asset, path, origin: "created" });
    else if (found.kind === "file" && found.size_bytes === asset.size_bytes) occupied.push({ asset, path });
    else
      problems.push(
        occupiedBy(
          package_id,
          path,
          asset,
          found.kind === "file" ? "a file of another size" : `a ${found.kind}`,
        ),
      );
  }
  const digests = await workers.digestFiles(occupied.map(({ path }) => `${plane.root}/${path}`));
  for (const [index, { asset, path }] of occupied.entries()) {
    const digest = digests[index];
    if (
      digest !== undefined &&
      prefixed(digest.sha256) === asset.sha256 &&
      digest.executable === asset.executable
    ) {
      placements.push({ asset, path, origin: "adopted" });
    } else {
      const differs =
        digest === undefined || prefixed(digest.sha256) !== asset.sha256
          ? "a file with other bytes"
          : "a file with another executable bit";
      problems.push(occupiedBy(package_id, path, asset, differs));
    }
  }
  return { placements, problems };
}

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
