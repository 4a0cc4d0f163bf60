/** A receipt says what a package owns; before anything acts on it, its paths are held against the plane. */
import type { Receipt } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { findOwners } from "../index-db/index.ts";
import type { Fault } from "../kernel/index.ts";
import { type Plane, reservedFolder } from "../plane/index.ts";
import { tierPrefix } from "../receipts/index.ts";
import { make } from "./faults.ts";
import { checkFolders } from "./place.ts";

/** Nothing is removed through a link, from the plane's own folders, or from under another owner. */
export function checkOwnPaths(effects: Effects, plane: Plane, receipt: Receipt): Fault[] {
  const { package_id, files, plane_id } = receipt;
  const owners = findOwners(effects, plane.root, new Set(files.map(({ path }) => path)));
  const folders = new Map<string, Fault | undefined>();
  return files.flatMap(({ path }): Fault[] => {
    const owner = owners.get(path);
    if (owner !== undefined && owner !== package_id) {
      return [
        make("PATH_OWNED", `${path} of ${package_id} is owned by ${owner}`, { package_id, path, owner }),
      ];
    }
    const folder = reservedFolder(path.slice(tierPrefix(plane_id).length));
    if (folder !== undefined) {
      return [
        make("PATH_RESERVED", `the receipt of ${package_id} names ${path}, which belongs to the plane`, {
          package_id,
          path,
          folder,
        }),
      ];
    }
    const through = checkFolders(effects, plane, package_id, path, folders);
    return through === undefined ? [] : [through];
  });
}
