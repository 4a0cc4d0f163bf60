/** An archive of the store by its digest: the sidecars tell where to look, the bytes themselves are what counts. */
import type { Effects } from "../effects/index.ts";
import { digestFile } from "./download-cache.ts";
import { readSidecar, STORE_DIRECTORY } from "./stored-paths.ts";

/** @param digest bare hex @returns absolute path */
export async function findStored(
  effects: Pick<Effects, "fs" | "clock" | "signal">,
  root: string,
  digest: string,
): Promise<string | undefined> {
  const { fs } = effects;
  const store = `${root}/${STORE_DIRECTORY}`;
  if (fs.stat(store)?.kind !== "directory") return undefined;
  for (const { name, kind } of fs.list(store)) {
    const path = `${store}/${name}`;
    if (kind !== "file" || !name.endsWith(".tar.gz") || readSidecar(fs, path) !== digest) continue;
    if ((await digestFile(effects, path)) === digest) return path;
  }
  return undefined;
}
