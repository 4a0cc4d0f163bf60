import type { Manifest } from "../../contracts/index.ts";
import { tierOfId } from "../build-manifest.ts";
import type { ChosenEntry } from "./choose-entries.ts";
import type { InventoryEntry } from "./inventory-types.ts";
import { cellName, cellOrNothing, semverOf } from "./package-names.ts";
import { assetsOf, type TreeFile } from "./tree-manifest.ts";

export const manifestVersion = ({ version }: InventoryEntry): string => semverOf(version);

/** What the package calls itself is kept under `metadata.adopted`; nothing decides on it. */
export function manifestOf(
  { entry, package_id }: ChosenEntry,
  folder: string,
  files: readonly TreeFile[],
): Manifest {
  const license = cellOrNothing(entry.license);
  return {
    schema_version: "2.0",
    package_id,
    name: cellName(entry.name),
    version: manifestVersion(entry),
    tier: tierOfId(package_id),
    package_type: entry.kind === "plugin" ? "plugin" : "library",
    plane_id: "ho3",
    ...(license === undefined ? {} : { license }),
    compat: {},
    dependencies: [],
    conflicts: [],
    assets: assetsOf(files),
    metadata: {
      adopted: {
        kind: entry.kind,
        name: entry.name.toWellFormed(),
        version: entry.version?.toWellFormed() ?? null,
        folder,
        place: entry.place,
      },
    },
  };
}
