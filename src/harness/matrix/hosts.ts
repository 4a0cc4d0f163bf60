/** Host programs a matrix can run plugins on: those that come with the product, those of a checkout, and the product itself. */
import { MatrixHost, type MatrixPoint } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { firstIssue, parseToml } from "../../metadata/index.ts";
import { raise } from "../faults.ts";

export interface HostProgram extends MatrixHost {
  /** Absolute; null for the product itself. */
  readonly folder: string | null;
  /** Comes with the product; any other is a program that whoever wrote the checkout chose. */
  readonly is_built_in: boolean;
}

/** Its name where the product itself runs the plugin, as `pkg run` does. */
export const OWN_NAME = "holdfast";

export const hostWord = ({ name, version }: Pick<MatrixHost, "name" | "version">): string =>
  `${name}@${version}`;

/**
 * Those of the product, and those of a checkout, which replace what has the same name and version. Nothing of them is run.
 * @param product absolute folder of the package
 * @param checkout absolute
 * @throws HOST_INVALID
 */
export function findHosts(
  { fs }: Pick<Effects, "fs">,
  { product, checkout }: { readonly product: string; readonly checkout: string },
): HostProgram[] {
  const found = new Map<string, HostProgram>();
  const own = hostsFolder(fs, product);
  for (const base of new Set([own, hostsFolder(fs, checkout)])) {
    if (base === undefined) continue;
    for (const { name } of fs.list(base)) {
      const path = `${base}/${name}/host.toml`;
      if (fs.stat(path)?.kind !== "file") continue;
      const host = { ...readHost(fs, path, `${base}/${name}`), is_built_in: base === own };
      found.set(hostWord(host), host);
    }
  }
  return [...found.values()];
}

/** Links resolved, so that the product's own checkout is known as that. */
const hostsFolder = (fs: Effects["fs"], root: string): string | undefined =>
  fs.stat(`${root}/golden/hosts`)?.kind === "directory" ? fs.realPath(`${root}/golden/hosts`) : undefined;

/**
 * Hosts are run without a sandbox, as the user: a checkout that was only fetched must not name the programs.
 * @param subject as the user named it @throws HOST_UNTRUSTED
 */
export function requireTrusted(
  hosts: readonly HostProgram[],
  points: readonly Pick<MatrixPoint, "host">[],
  subject: string,
): void {
  const used = new Set(points.map(({ host }) => hostWord(host)));
  const strange = hosts.filter((one) => !one.is_built_in && used.has(hostWord(one)));
  const [first] = strange;
  if (first === undefined) return;
  const path = `${first.folder}/host.toml`;
  raise(
    "HOST_UNTRUSTED",
    `${strange.map(hostWord).join(", ")} does not come with the product, and would run without a sandbox: ${path}`,
    { hosts: strange.map(hostWord), path, command: first.command, subject },
  );
}

function readHost(fs: Effects["fs"], path: string, folder: string): Omit<HostProgram, "is_built_in"> {
  const read = MatrixHost.safeParse(parseToml(fs.readText(path), path));
  if (read.success) return { ...read.data, folder };
  const { field, message } = firstIssue(read.error);
  return raise("HOST_INVALID", `${path}: ${field}: ${message}`, { path });
}
