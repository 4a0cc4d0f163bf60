/** From a prepared source to archive bytes, holding two readings of the source against each other. */
import { type ArchiveSource, type Packed, writeArchive } from "../archive/index.ts";
import type { Manifest, SourceMetadata } from "../contracts/index.ts";
import type { Effects, ReadHandle } from "../effects/index.ts";
import { assert, type Json, prettyJson, sha256Stream } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { collectIncludes, collectSource, type SourceFile } from "./collect.ts";
import { make } from "./faults.ts";

export interface Prepared {
  readonly source: string;
  readonly target: string;
  readonly metadata: SourceMetadata;
  readonly manifest: Manifest;
  readonly files: readonly SourceFile[];
  readonly legacy_reads: number;
}

/** Writes the archive while hashing what is read, then looks at the tree again: two readings must agree. */
export async function buildArchive(
  effects: Effects,
  plane: Plane,
  prepared: Prepared,
  out: string,
  deflate_worker_url?: URL,
): Promise<Packed> {
  const manifest_bytes = Buffer.from(prettyJson(prepared.manifest as unknown as Json));
  const by_path = new Map(prepared.files.map((file) => [file.path, file]));
  const entries: ArchiveSource[] = [
    { path: "manifest.json", executable: false, size_bytes: manifest_bytes.length, bytes: manifest_bytes },
    ...prepared.manifest.assets.map((asset): ArchiveSource => {
      const file = by_path.get(asset.path);
      assert(file !== undefined, `asset ${asset.path} has no file`);
      return {
        path: asset.path,
        executable: asset.executable,
        size_bytes: asset.size_bytes,
        open: () => watchedRead(effects, file),
      };
    }),
  ];
  const written = await writeArchive(effects, {
    out,
    entries,
    worker_count: effects.host.cpu_count,
    signal: effects.signal,
    ...(deflate_worker_url === undefined ? {} : { deflate_worker_url }),
  });
  const { source, target, metadata } = prepared;
  const again = [
    ...(await collectSource(effects, source, target)),
    ...(await collectIncludes(effects, plane.root, source, metadata.include ?? [])),
  ];
  const changed = firstDifference(prepared.files, again);
  if (changed !== undefined)
    throw make("SOURCE_CHANGED", `${changed} changed while it was packed`, { path: changed });
  return written;
}

function firstDifference(before: readonly SourceFile[], after: readonly SourceFile[]): string | undefined {
  const seen = new Map(after.map((file) => [file.path, file.digest]));
  for (const { path, digest } of before) {
    const now = seen.get(path);
    if (now === undefined || now.sha256 !== digest.sha256 || now.executable !== digest.executable)
      return path;
    seen.delete(path);
  }
  return seen.keys().next().value;
}

/** A read handle that refuses, at the end of the file, bytes other than those the manifest declares. */
export function watchedRead({ fs }: Pick<Effects, "fs">, { file, path, digest }: SourceFile): ReadHandle {
  const handle = fs.openRead(file);
  const stream = sha256Stream();
  return {
    ...handle,
    read(buffer) {
      const count = handle.read(buffer);
      if (count > 0) stream.update(buffer.subarray(0, count));
      else if (stream.copy().digest("hex") !== digest.sha256) {
        throw make("SOURCE_CHANGED", `${path} changed while it was packed`, { path });
      }
      return count;
    },
  };
}
