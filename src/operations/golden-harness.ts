/** Which harness this is: the version, and the very programs that run. */
import { sha256Stream } from "../kernel/index.ts";
import type { Context } from "./define.ts";

/** Evidence counts for the harness that made it: another build of the same version may judge otherwise. */
export function harnessHere({
  effects: { fs },
  version,
  files,
}: Pick<Context, "effects" | "version" | "files">): { readonly version: string; readonly digest: string } {
  const stream = sha256Stream();
  const folder = `${files.package_directory}/dist/cli`;
  const names = fs.stat(folder)?.kind === "directory" ? fs.list(folder) : [];
  stream.update(`${version}\n`);
  for (const { name, kind } of names) {
    if (kind !== "file" || !name.endsWith(".js")) continue;
    const bytes = fs.read(`${folder}/${name}`);
    stream.update(`${name} ${bytes.length}\n`);
    stream.update(bytes);
  }
  return { version, digest: stream.digest("hex") };
}
