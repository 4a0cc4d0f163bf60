/** Which part of the file system a jailed program sees. An allow-list: what is not named does not exist for it. */
import type { FileSystem } from "../effects/index.ts";
import { comparePaths, sortedBy } from "../kernel/index.ts";
import { make } from "./faults.ts";

type Needs = Pick<FileSystem, "stat" | "realPath" | "list">;

export interface View {
  /** Real paths shown read-only at the same place; none lies inside another; sorted. */
  readonly shown: readonly string[];
  /** Names that lead to them through a symbolic link. */
  readonly links: readonly { readonly at: string; readonly to: string }[];
}

/** Programs, libraries and what the loader needs. No /etc as a whole, no /var, /run, /sys, and no home. */
const SYSTEM = [
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/lib32",
  "/lib64",
  "/libx32",
  "/nix/store",
  "/etc/alternatives",
  "/etc/ld.so.cache",
  "/etc/localtime",
  // Node ends at once when it is there and cannot be read.
  "/etc/ssl/openssl.cnf",
];
/** Never shown whole: the private folder of a jail lies there, or everything does. */
const TOO_WIDE = ["/", "/tmp", "/proc", "/dev"];

export const DEVICES = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"] as const;

/** @throws JAIL_WOULD_EXPOSE when a hidden path, links resolved, overlaps with what is shown */
export function viewOf(
  fs: Needs,
  readable: readonly string[],
  hidden: readonly string[],
  system: readonly string[] = systemPaths(fs),
): View {
  const named = [...system, ...readable];
  const real = new Map(named.map((path) => [path, fs.realPath(path)]));
  const all = sortedBy([...new Set(real.values())], (path) => path);
  const shown = all.filter((path) => !all.some((other) => other !== path && isInside(path, other)));
  for (const path of hidden) {
    const target = nearestReal(fs, path);
    const inside = shown.find((one) => isInside(target, one) || isInside(one, target));
    if (inside !== undefined)
      throw make("JAIL_WOULD_EXPOSE", `${path} overlaps with ${inside}, which a jailed program may read`, {
        path,
        inside,
      });
  }
  const wide = shown.find((path) => TOO_WIDE.includes(path));
  if (wide !== undefined)
    throw make("JAIL_WOULD_EXPOSE", `a jailed program would see the whole of ${wide}`, {
      path: wide,
      inside: wide,
    });
  const links = [...real]
    .filter(([at, to]) => at !== to && !shown.some((one) => isInside(at, one)))
    .map(([at, to]) => ({ at, to }));
  return { shown: shown.toSorted(comparePaths), links: sortedBy(links, ({ at }) => at) };
}

/** Programs and libraries of the system that are there. */
export function systemPaths(fs: Needs): string[] {
  const etc = fs.stat("/etc") === undefined ? [] : fs.list("/etc");
  // Debian's Pythons read their site settings there.
  const pythons = etc.filter(({ name }) => /^python3(\.\d+)?$/.test(name)).map(({ name }) => `/etc/${name}`);
  return [...SYSTEM, ...pythons].filter((path) => fs.stat(path) !== undefined);
}

/** True for the folder itself too. Both absolute, without a slash at the end. */
export const isInside = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);

/** A path that does not exist yet is judged by the part of it that does. */
function nearestReal(fs: Needs, path: string): string {
  let known = path;
  let rest = "";
  while (known !== "" && known !== "/") {
    try {
      return `${fs.realPath(known)}${rest}`;
    } catch {
      rest = `${known.slice(known.lastIndexOf("/"))}${rest}`;
      known = known.slice(0, known.lastIndexOf("/"));
    }
  }
  return rest === "" ? "/" : rest;
}
