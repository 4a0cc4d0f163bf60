/** Manifests of what is installed, and of the newest archive of each package in the store. */
import semver from "semver";
import { peekManifest } from "../archive/index.ts";
import { Manifest } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import type { Plane } from "../plane/index.ts";
import type { Standing } from "../preflight/index.ts";
import { readInstalled } from "../receipts/index.ts";
import { STORE_DIRECTORY } from "../store/index.ts";

/** @throws RECEIPT_DAMAGED */
export const installedStanding = ({ fs }: Pick<Effects, "fs">, plane: Plane): Standing[] =>
  readInstalled(fs, plane.root).map(({ manifest }) => ({ ...manifest, where: "installed" }));

/** Archives without a manifest in front are passed over: nothing is known of them until they are read whole. */
export function storedStanding({ fs }: Pick<Effects, "fs">, plane: Plane): Standing[] {
  const directory = `${plane.root}/${STORE_DIRECTORY}`;
  if (fs.stat(directory)?.kind !== "directory") return [];
  const newest = new Map<string, Standing>();
  for (const { name, kind } of fs.list(directory)) {
    if (kind !== "file" || !name.endsWith(".tar.gz")) continue;
    const manifest = manifestOf(peekManifest(fs, `${directory}/${name}`));
    const known = newest.get(manifest?.package_id ?? "");
    if (manifest === undefined || (known !== undefined && semver.gte(known.version, manifest.version)))
      continue;
    newest.set(manifest.package_id, { ...manifest, where: "store" });
  }
  return [...newest.values()];
}

function manifestOf(bytes: Buffer | undefined): Manifest | undefined {
  try {
    return Manifest.safeParse(JSON.parse(bytes?.toString("utf8") ?? "null")).data;
  } catch {
    return undefined;
  }
}
