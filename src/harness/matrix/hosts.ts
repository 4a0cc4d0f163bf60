/** Host programs a matrix can run plugins on: those that come with the product, those of a checkout, and the product itself. */
import { MatrixHost } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { firstIssue, parseToml } from "../../metadata/index.ts";
import { raise } from "../faults.ts";

export interface HostProgram extends MatrixHost {
  /** Absolute; null for the product itself. */
  readonly folder: string | null;
}

/** Its name where the product itself runs the plugin, as `pkg run` does. */
export const OWN_NAME = "holdfast";

export const hostWord = ({ name, version }: Pick<MatrixHost, "name" | "version">): string =>
  `${name}@${version}`;

/**
 * Below `golden/hosts/` of each root; a later root replaces what an earlier one has under the same name and version.
 * @throws HOST_INVALID
 */
export function findHosts({ fs }: Pick<Effects, "fs">, roots: readonly string[]): HostProgram[] {
  const found = new Map<string, HostProgram>();
  for (const root of roots) {
    const base = `${root}/golden/hosts`;
    if (fs.stat(base)?.kind !== "directory") continue;
    for (const { name } of fs.list(base)) {
      const path = `${base}/${name}/host.toml`;
      if (fs.stat(path)?.kind !== "file") continue;
      const host = readHost(fs, path, `${base}/${name}`);
      found.set(hostWord(host), host);
    }
  }
  return [...found.values()];
}

function readHost(fs: Effects["fs"], path: string, folder: string): HostProgram {
  const read = MatrixHost.safeParse(parseToml(fs.readText(path), path));
  if (read.success) return { ...read.data, folder };
  const { field, message } = firstIssue(read.error);
  return raise("HOST_INVALID", `${path}: ${field}: ${message}`, { path });
}
