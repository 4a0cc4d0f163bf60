/** Which harness this is: the version, and the very programs that run. */
import type { Harness } from "../gates/index.ts";
import { findHosts, type HostProgram, hostDigests } from "../harness/index.ts";
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

/** Those that come with the product, and those of a checkout. @throws HOST_INVALID */
export const hostsIn = (
  { effects, files }: Pick<Context, "effects" | "files">,
  checkout: string,
): HostProgram[] => findHosts(effects, { product: files.package_directory, checkout });

/** What evidence is held against: this harness, and the host programs as they are now. @throws HOST_INVALID */
export const judgeHere = (
  context: Pick<Context, "effects" | "version" | "files">,
  root: string,
): Harness => ({
  ...harnessHere(context),
  hosts: hostDigests(context.effects, hostsIn(context, root)),
});
