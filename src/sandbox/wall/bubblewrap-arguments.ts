/** A plan as arguments of bubblewrap, and as the part of the work that root does before it. */
import { JAIL_TEMP } from "../bubblewrap.ts";
import { DEVICES } from "../view.ts";
import { STAGE } from "./outer-script.ts";
import type { WallPlan } from "./plan.ts";
import type { BubblewrapWall } from "./wall.ts";

export const SHARED_MEMORY = "/dev/shm";
/** Folder inside for what is ours: the socket of the proxy, and what an interpreter loads first. */
const OWN_FOLDER = "/run/holdfast";
export const PROXY_SOCKET = `${OWN_FOLDER}/proxy.sock`;

/** Room for the names of folders on the way to what is shown. */
const BASE_BYTES = String(1 << 20);

export interface Sources {
  /** Files outside whose bytes are shown at a path inside. */
  readonly files: readonly { readonly from: string; readonly at: string }[];
  readonly temp_bytes_max: number;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Paths that root takes before it gives up its rights, in order: they lie at `STAGE/0`, `STAGE/1` and so on. */
export const stagedPaths = (plan: WallPlan, sources: Sources): { path: string; use: "read" | "write" }[] => [
  ...plan.mounts,
  ...plan.kept.map((path) => ({ path, use: "read" as const })),
  ...sources.files.map(({ from }) => ({ path: from, use: "read" as const })),
];

/** To be written to a file, NUL between them. `is_staged`: whether sources were taken to the stage. */
export function bubblewrapArguments(
  wall: BubblewrapWall,
  plan: WallPlan,
  sources: Sources,
  is_staged: boolean,
): string[] {
  const staged = stagedPaths(plan, sources).map(({ path }) => path);
  const source = (path: string): string => (is_staged ? `${STAGE}/${staged.indexOf(path)}` : path);
  const size = String(sources.temp_bytes_max);
  const parts = [
    ["--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL"],
    wall.may_disable_userns ? ["--disable-userns"] : [],
    ["--as-pid-1", "--die-with-parent", "--new-session", "--hostname", "sandbox"],
    // Before the paths shown: some of them may lie below it.
    ["--perms", "0700", "--size", size, "--tmpfs", JAIL_TEMP],
    ["--perms", "0700", "--size", size, "--tmpfs", SHARED_MEMORY],
    DEVICES.flatMap((path) => ["--dev-bind", path, path]),
    ["--symlink", "/proc/self/fd", "/dev/fd"],
    plan.system.shown.flatMap((path) => ["--ro-bind", path, path]),
    plan.base === undefined ? [] : ["--perms", "0555", "--size", BASE_BYTES, "--tmpfs", plan.base],
    plan.mounts.flatMap(({ path, use }) => [use === "write" ? "--bind" : "--ro-bind", source(path), path]),
    plan.system.links.flatMap(({ at, to }) => ["--symlink", to, at]),
    sources.files.flatMap(({ from, at }) => ["--ro-bind", source(from), at]),
    plan.masks.flatMap(({ path, is_folder }) =>
      is_folder ? ["--perms", "0555", "--size", "4096", "--tmpfs", path] : ["--ro-bind", "/dev/null", path],
    ),
    plan.kept.flatMap((path) => ["--ro-bind", source(path), path]),
    plan.masks.flatMap(({ path, is_folder }) => (is_folder ? ["--remount-ro", path] : [])),
    plan.base === undefined ? [] : ["--remount-ro", plan.base],
    ["--proc", "/proc", "--remount-ro", "/proc", "--remount-ro", "/"],
    ["--chdir", sources.cwd, "--clearenv"],
    Object.entries(sources.environment).flatMap(([name, value]) => ["--setenv", name, value]),
  ];
  return parts.flat();
}
