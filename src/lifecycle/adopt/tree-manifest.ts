/** A manifest of ours over files that lie in the plane already, and an archive of them. */
import { type Packed, writeArchive } from "../../archive/index.ts";
import type { Classification, Manifest } from "../../contracts/index.ts";
import type { Effects, FileDigest } from "../../effects/index.ts";
import { type Json, prefixed, prettyJson, sortedBy } from "../../kernel/index.ts";
import { watchedRead } from "../build-archive.ts";

/** One file of the plane, as it lies. */
export interface TreeFile {
  /** Plane-relative. */
  readonly path: string;
  /** Absolute. */
  readonly file: string;
  readonly digest: FileDigest;
}

/**
 * Nothing that was taken over is `config` or `state`: those may be edited without a finding, and nobody here knows which
 * files of a stranger's package may.
 */
export function classOf(path: string): Classification {
  if (/(^|\/)(tests?|__tests__)\//.test(path)) return "test";
  if (/\.(py|pyi|js|mjs|cjs|ts|mts|cts|jsx|tsx|sh|so|pyd|node|wasm|exe|dll|dylib|pth)$/.test(path))
    return "code";
  return /\.(md|rst|txt)$|(^|\/)(LICENSE|README|NOTICE|COPYING|AUTHORS)[^/]*$/i.test(path) ? "doc" : "data";
}

export const assetsOf = (
  files: readonly TreeFile[],
  classify: (path: string) => Classification = classOf,
): Manifest["assets"] =>
  sortedBy(
    files.map(({ path, digest }) => ({
      path,
      sha256: prefixed(digest.sha256),
      size_bytes: digest.size_bytes,
      executable: digest.executable,
      classification: classify(path),
    })),
    ({ path }) => path,
  );

/**
 * Writes a canonical archive of the manifest and its files; bytes that are not those of the manifest are refused.
 * @param out absolute, must not exist @throws SOURCE_CHANGED, ARCHIVE_*
 */
export async function packTree(
  effects: Effects,
  manifest: Manifest,
  files: readonly TreeFile[],
  out: string,
  deflate_worker_url: URL | undefined,
): Promise<Packed> {
  const bytes = Buffer.from(prettyJson(manifest as unknown as Json));
  return writeArchive(effects, {
    out,
    entries: [
      { path: "manifest.json", executable: false, size_bytes: bytes.length, bytes },
      ...files.map((file) => ({
        path: file.path,
        executable: file.digest.executable,
        size_bytes: file.digest.size_bytes,
        open: () => watchedRead(effects, file),
      })),
    ],
    worker_count: effects.host.cpu_count,
    signal: effects.signal,
    ...(deflate_worker_url === undefined ? {} : { deflate_worker_url }),
  });
}
