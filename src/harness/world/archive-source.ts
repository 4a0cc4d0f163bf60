/** The source inside an archive of the store, for running on the very bytes that would be released. */
import { extractArchive, readArchive } from "../../archive/index.ts";
import type { Effects } from "../../effects/index.ts";
import { Fault } from "../../kernel/index.ts";
import { inspectSource, isManifestFile } from "../../metadata/index.ts";
import { makeFolders } from "./folder.ts";

export interface ArchiveSource {
  /** Absolute folder of the source, named as when it was packed. */
  readonly folder: string;
  /** sha256 of the archive. */
  readonly digest: string;
}

/**
 * Unpacks it below `into`. Files that were packed from elsewhere than the source lie beside it there.
 * @returns a phrase where it cannot be read or holds no source
 */
export async function unpackSource(
  { fs }: Pick<Effects, "fs">,
  archive: string,
  into: string,
): Promise<ArchiveSource | string> {
  if (fs.stat(archive)?.kind !== "file") return "has no archive there";
  try {
    const { digest, members } = await readArchive({ fs }, archive);
    makeFolders(fs, into);
    await extractArchive({ fs }, archive, { digest, destination: into, durability: "none" });
    const folder = await sourceFolder(
      { fs },
      into,
      members.map(({ path }) => path),
    );
    return folder === undefined ? "holds no metadata of a source in its archive" : { folder, digest };
  } catch (error) {
    if (error instanceof Fault) return `has an archive that cannot be read: ${error.message}`;
    throw error;
  }
}

/** The uppermost folder that declares a package; what lies at the top of the archive is written by the packer. */
async function sourceFolder(
  { fs }: Pick<Effects, "fs">,
  into: string,
  paths: readonly string[],
): Promise<string | undefined> {
  const folders = paths
    .filter((path) => path.includes("/") && isManifestFile(path.slice(path.lastIndexOf("/") + 1)))
    .map((path) => path.slice(0, path.lastIndexOf("/")));
  for (const folder of [...new Set(folders)].sort((a, b) => a.split("/").length - b.split("/").length)) {
    const { metadata } = await inspectSource(fs, `${into}/${folder}`);
    if (metadata?.id !== undefined) return `${into}/${folder}`;
  }
  return undefined;
}
