/** The versions of a matrix, each packed once: every cell runs these bytes. */

import semver from "semver";
import type { MatrixFile } from "../../contracts/index.ts";
import { Scenario } from "../../contracts/index.ts";
import { sortedBy } from "../../kernel/index.ts";
import { raise } from "../faults.ts";
import { serveApis } from "../fixtures/recorded-apis.ts";
import { endWorld, type Making, makeWorld, type World } from "../world/world.ts";
import type { MatrixVersion } from "./job.ts";

export interface Packing extends Omit<Making, "apis"> {
  /** Absolute; what sources are relative to. */
  readonly directory: string;
  /** As the user named it. */
  readonly path: string;
}

export interface PackedVersions {
  readonly versions: readonly MatrixVersion[];
  /** To be called when no cell runs any more. */
  readonly end: () => void;
}

/** @throws WORLD_FAILED, SCENARIO_PACKAGE, MATRIX_NO_PLUGIN, MATRIX_INVALID for versions of different packages */
export async function packVersions(
  effects: Parameters<typeof makeWorld>[0] & Parameters<typeof serveApis>[0],
  { name, packages, settings }: Pick<MatrixFile, "name" | "packages" | "settings">,
  { directory, path, ...making }: Packing,
): Promise<PackedVersions> {
  const scenario = Scenario.parse({ schema_version: "1.0", name, packages });
  const file = { scenario, directory, path, digest: "" };
  const world = await makeWorld(effects, file, { ...making, apis: await serveApis(effects, [], directory) });
  try {
    const versions = versionsIn(world, { packages, settings, directory, path });
    return { versions, end: () => endWorld(effects, world) };
  } catch (error) {
    endWorld(effects, world);
    throw error;
  }
}

function versionsIn(
  world: World,
  given: Pick<MatrixFile, "packages" | "settings"> & Pick<Packing, "directory" | "path">,
): MatrixVersion[] {
  const { directory, settings, path } = given;
  const found = [...world.packages].map(([handle, { package_id, version, digest, metadata }]) => {
    const source = given.packages[handle];
    if (source === undefined) throw new Error(`package ${handle} was packed and not asked for`);
    const archive = `${world.place.root}/packages_store/${package_id}-${version}.tar.gz`;
    if (metadata.plugin === undefined)
      return raise("MATRIX_NO_PLUGIN", `${package_id} is no plugin, so no host can run it`, { package_id });
    return { version, package_id, archive, digest, metadata, source, directory, settings };
  });
  const ids = new Set(found.map(({ package_id }) => package_id));
  const numbers = new Set(found.map(({ version }) => version));
  if (ids.size > 1 || numbers.size < found.length)
    raise("MATRIX_INVALID", `${path}: /packages: they are not different versions of one plugin`, {
      path,
      field: "/packages",
    });
  return sortedBy(found, ({ version }) => version).toSorted((one, two) =>
    semver.compare(one.version, two.version),
  );
}
