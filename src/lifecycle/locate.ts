/** The download phase of one archive: from a name, a path or a URL to a file that can be read. */
import { DEFAULT_LIMITS } from "../archive/index.ts";
import type { Effects } from "../effects/index.ts";
import { type Plane, registryPath } from "../plane/index.ts";
import { findRow } from "../registry/index.ts";
import { fetchArchive, isRemote } from "../store/index.ts";
import type { Wanted } from "./candidate.ts";
import { fetchVouchers } from "./fetch-vouchers.ts";

/**
 * The archive as `readCandidate` wants it; undefined leaves an id to the store. A registered URL is fetched with the
 * digest the registry vouches for.
 * @throws DOWNLOAD_*, SOURCE_URL_INVALID
 */
export async function locateArchive(
  effects: Effects,
  plane: Plane,
  { archive, id, digest }: Wanted,
): Promise<string | undefined> {
  const registered = archive === undefined ? registeredUrl(effects, plane, id ?? "") : undefined;
  const source = archive ?? registered?.source;
  if (source === undefined || !isRemote(source)) return archive;
  const pinned = digest ?? registered?.digest;
  const fetched = await fetchArchive(effects, {
    root: plane.root,
    source,
    size_bytes_max: DEFAULT_LIMITS.unpacked_bytes_max,
    ...(pinned === undefined ? {} : { digest: pinned }),
  });
  if (fetched.from !== "store") await fetchVouchers(effects, plane, source, fetched.path);
  return fetched.path;
}

/** Where the registry says an id's archive is to be had, if that is a URL. */
export function registeredUrl(
  { fs }: Pick<Effects, "fs">,
  plane: Plane,
  id: string,
): { source: string; digest: string | undefined } | undefined {
  const [package_id = ""] = id.split("@");
  const found = findRow(fs, `${plane.root}/${registryPath("packages_registry")}`, "packages_registry", [
    package_id,
  ]);
  const { source = "", digest = "" } = found?.row ?? {};
  if (!isRemote(source)) return undefined;
  return {
    source,
    digest: /^(sha256:)?[0-9a-f]{64}$/.test(digest) ? digest.replace("sha256:", "") : undefined,
  };
}
