/** Finding the files of a source tree. Refuses what an archive cannot hold; reads every file to its digest. */

import { checkEntryPath } from "../archive/index.ts";
import type { Effects, FileDigest } from "../effects/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import { reservedFolder } from "../plane/index.ts";
import { make } from "./faults.ts";
import { IGNORE_FILE, type Ignores, parseIgnore } from "./ignore.ts";

export interface SourceFile {
  /** Where it lies, absolute. */
  readonly file: string;
  /** Where it goes, plane-relative. */
  readonly path: string;
  readonly digest: FileDigest;
}

/**
 * Every file below `directory` that is not ignored, sorted, with its place under `target`.
 * @throws SOURCE_UNPACKABLE (link, device, socket, fifo), SOURCE_NAME_REFUSED, SOURCE_EMPTY
 */
export async function collectSource(
  effects: Pick<Effects, "fs" | "workers">,
  directory: string,
  target: string,
): Promise<SourceFile[]> {
  const { fs, workers } = effects;
  const ignore_path = `${directory}/${IGNORE_FILE}`;
  const ignores = parseIgnore(fs.stat(ignore_path)?.kind === "file" ? fs.readText(ignore_path) : "");
  const relative = [...walk(effects, directory, "", ignores)].sort(compareCodePoints);
  if (relative.length === 0)
    throw make("SOURCE_EMPTY", `${directory} holds no file to pack`, { path: directory });
  const digests = await workers.digestFiles(relative.map((path) => `${directory}/${path}`));
  return relative.map((path, index) => {
    const digest = digests[index];
    if (digest === undefined) throw make("SOURCE_CHANGED", `${path} went away while it was read`, { path });
    return { file: `${directory}/${path}`, path: target === "" ? path : `${target}/${path}`, digest };
  });
}

function* walk(
  { fs }: Pick<Effects, "fs">,
  directory: string,
  prefix: string,
  ignores: Ignores,
): Generator<string> {
  for (const entry of fs.list(prefix === "" ? directory : `${directory}/${prefix}`)) {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (ignores(path, entry.kind === "directory")) continue;
    const refused = checkEntryPath(path);
    if (refused !== undefined)
      throw make("SOURCE_NAME_REFUSED", `${JSON.stringify(path)}: ${refused.message}`, {
        path,
        code: refused.code,
      });
    if (entry.kind === "directory") yield* walk({ fs }, directory, path, ignores);
    else if (entry.kind === "file") yield path;
    else
      throw make(
        "SOURCE_UNPACKABLE",
        `${path} is a ${entry.kind === "symlink" ? "symbolic link" : "device, socket or fifo"}`,
        { path, found: entry.kind },
      );
  }
}

/**
 * Files named by `include`: `from` is looked for in the source folder, then in the plane; a folder brings all below it.
 * @throws SOURCE_NOT_FOUND and what `collectSource` throws
 */
export async function collectIncludes(
  effects: Pick<Effects, "fs" | "workers">,
  root: string,
  source: string,
  includes: readonly { readonly from: string; readonly to: string }[],
): Promise<SourceFile[]> {
  const { fs, workers } = effects;
  const files: SourceFile[] = [];
  for (const { from, to } of includes) {
    const refused = checkEntryPath(from);
    if (refused !== undefined) throw refused;
    const found = [`${source}/${from}`, `${root}/${from}`].find((path) => fs.stat(path) !== undefined);
    if (found === undefined)
      throw make("SOURCE_NOT_FOUND", `include names ${from}, which is not there`, { path: from });
    const in_source = found === `${source}/${from}`;
    const folder = in_source ? undefined : reservedFolder(from);
    if (folder !== undefined)
      throw make("TARGET_REFUSED", `include names ${from}, which belongs to the plane`, {
        path: from,
        folder,
      });
    refuseLinks(effects, in_source ? source : root, from);
    if (fs.stat(found)?.kind === "directory") {
      files.push(...(await collectSource(effects, found, to)));
      continue;
    }
    const [digest] = await workers.digestFiles([found]);
    if (digest === undefined)
      throw make("SOURCE_UNPACKABLE", `${from} is not a regular file`, { path: from, found: "other" });
    files.push({ file: found, path: to, digest });
  }
  return files;
}

/** @throws SOURCE_UNPACKABLE when any part of the path is a link */
function refuseLinks({ fs }: Pick<Effects, "fs">, base: string, path: string): void {
  let folder = base;
  for (const segment of path.split("/")) {
    folder += `/${segment}`;
    if (fs.stat(folder)?.kind === "symlink") {
      throw make("SOURCE_UNPACKABLE", `include goes through the link ${folder}`, { path, found: "symlink" });
    }
  }
}
