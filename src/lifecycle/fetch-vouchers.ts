/** What vouches for a downloaded archive comes from beside it: `<url>.sig` and `<url>.intoto.jsonl`. */
import type { Effects } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { type Plane, replaceFile } from "../plane/index.ts";
import { provenancePath, readPolicy, signaturePath } from "../provenance/index.ts";
import { fetchArchive } from "../store/index.ts";

const FILE_BYTES_MAX = 1 << 20;

/**
 * Lays them beside the cached archive, where a rule could want them. One the server does not give leaves what an earlier
 * download brought; whether any of it is worth something is judged later, like everything that lies beside an archive.
 * @throws POLICY_INVALID, POLICY_CHANGED
 */
export async function fetchVouchers(
  effects: Effects,
  plane: Plane,
  source: string,
  archive: string,
): Promise<void> {
  if (!/^https?:/i.test(source) || readPolicy(effects, plane).signatures.length === 0) return;
  for (const pathOf of [signaturePath, provenancePath]) {
    const url = new URL(source);
    url.pathname = pathOf(url.pathname);
    const fetched = await fetchOne(effects, plane, url.href);
    if (fetched !== undefined) replaceFile(effects, pathOf(archive), fetched);
  }
}

async function fetchOne(effects: Effects, plane: Plane, source: string): Promise<Buffer | undefined> {
  try {
    const { path } = await fetchArchive(effects, {
      root: plane.root,
      source,
      size_bytes_max: FILE_BYTES_MAX,
    });
    return effects.fs.read(path);
  } catch (error) {
    if (error instanceof Fault && error.code.startsWith("DOWNLOAD_")) return undefined;
    throw error;
  }
}
