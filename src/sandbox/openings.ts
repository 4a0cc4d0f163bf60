/**
 * Folders that stand between root and what a jailed program may read. A jail takes every right of root's away, also the one
 * to pass through a home that only its owner may enter; see `opening-script.ts` for the way around.
 */
import type { Effects, FileStat } from "../effects/index.ts";
import { make } from "./faults.ts";
import { isInside } from "./view.ts";

export interface Openings {
  /** Outermost folders without a way through, absolute; none lies inside another. */
  readonly closed: readonly string[];
  /** What is to be reached below them, absolute. */
  readonly paths: readonly string[];
}

type Needs = Pick<Effects, "fs" | "host">;

/**
 * Nothing for an ordinary user: as the owner of the plane they pass.
 * @param paths real paths: what is shown, and what the jail itself needs
 * @throws JAIL_CANNOT_READ when a shown folder itself is closed: what lies in it could not be read either
 */
export function findOpenings(
  { fs, host }: Needs,
  shown: readonly string[],
  paths: readonly string[],
): Openings {
  if (host.uid !== 0) return { closed: [], paths: [] };
  for (const path of shown) {
    const found = fs.stat(path);
    if (found === undefined || mayPass(found, found.kind === "directory" ? READ | PASS : READ)) continue;
    const mode = found.mode.toString(8).padStart(4, "0");
    const message =
      `root without its rights may not read ${path} (mode ${mode}, user ${found.uid}): ` +
      `run the command as that user, or run "chmod o+rX ${path}"`;
    throw make("JAIL_CANNOT_READ", message, { path, uid: found.uid, mode });
  }
  const closed = new Set(paths.flatMap((path) => firstClosed(fs, path) ?? []));
  const reached = [...new Set(paths)].filter((path) => [...closed].some((folder) => isInside(path, folder)));
  // One that lies in another comes with it.
  const outermost = reached.filter(
    (path) => !reached.some((other) => other !== path && isInside(path, other)),
  );
  return { closed: [...closed], paths: outermost };
}

const READ = 0o4;
const PASS = 0o1;

/** As root without capabilities: the owner of root's files, and anybody to all others. Groups are not counted on. */
function mayPass({ uid, mode }: Pick<FileStat, "uid" | "mode">, wanted: number): boolean {
  const granted = uid === 0 ? mode >> 6 : mode;
  return (granted & wanted) === wanted;
}

function firstClosed(fs: Needs["fs"], path: string): string | undefined {
  const segments = path.split("/").slice(1, -1);
  let folder = "";
  for (const segment of segments) {
    folder += `/${segment}`;
    const found = fs.stat(folder);
    if (found !== undefined && !mayPass(found, PASS)) return folder;
  }
  return undefined;
}
