/** The command line of a program behind the wall, with what its interpreter is told so that it can say what it denied. */
import { comparePaths } from "../../kernel/index.ts";
import type { StartRequest } from "../confined.ts";
import { DEVICES } from "../view.ts";
import { SHARED_MEMORY } from "./bubblewrap-arguments.ts";
import { HELD, NODE_PRELOAD } from "./node-preload.ts";
import { DENIALS_FD } from "./perl-common.ts";
import type { WallPlan } from "./plan.ts";
import { PYTHON_LAUNCHER } from "./python-launcher.ts";

export interface Command {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Files of ours that it loads, shown at these paths. */
  readonly files: readonly { readonly path: string; readonly bytes: Uint8Array }[];
}

const PRELOAD_PATH = "/run/holdfast/preload.cjs";
/** From this release on Node has a permission model that is no experiment. */
const NODE_WITH_PERMISSIONS = 22;
/** From this one on it covers the network. */
const NODE_WITH_NETWORK_PERMISSION = 25;

const OF_DEV = [...DEVICES, "/dev/fd", SHARED_MEMORY];

/** The first process of the namespace is ours; its name and its state may be seen. */
const PRIVATE_NAMES =
  `auxv clear_refs cwd environ exe fd fdinfo io map_files maps mem mountstats ns numa_maps pagemap
  personality root smaps smaps_rollup stack syscall timers`.split(/\s+/);
const OF_FIRST_PROCESS = ["/proc/1", "/proc/1/task/1"].flatMap((folder) =>
  PRIVATE_NAMES.map((name) => `${folder}/${name}`),
);
/** Of the machine: no rights are needed to ask for them. */
const OF_MACHINE = ["/proc/kcore", "/proc/sysrq-trigger"];

/** What interpreters, and whoever answers for the kernel, hold a path against. */
export interface Told {
  readonly plane: string;
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly hidden: readonly string[];
  readonly subprocess: boolean;
  readonly network: boolean;
}

export function toldOf({ profile, plane_root }: StartRequest, plan: WallPlan): Told {
  return {
    plane: plane_root,
    read: [
      ...plan.system.shown,
      ...plan.mounts.map(({ path }) => path),
      ...plan.overlays,
      "/proc",
      ...OF_DEV,
      "/run/holdfast",
    ],
    write: ["/tmp", ...OF_DEV, ...plan.mounts.filter(({ use }) => use === "write").map(({ path }) => path)],
    hidden: [...plan.masks.map(({ path }) => path), ...OF_FIRST_PROCESS, ...OF_MACHINE],
    subprocess: profile.subprocess,
    network: profile.domains.length > 0,
  };
}

export function commandOf({ profile, program }: StartRequest, told: Told): Command {
  if (program.is_bare === true) return bare(program, profile.runtime);
  return profile.runtime === "python" ? python(program, told) : node(program, told);
}

const bare = (
  { executable, entrypoint, args = [] }: StartRequest["program"],
  runtime: StartRequest["profile"]["runtime"],
): Command => ({
  argv: [executable, ...(runtime === "python" ? ["-I", "-B"] : []), entrypoint, ...args],
  environment: {},
  files: [],
});

function python(
  { executable, entrypoint, args = [], is_held = false }: StartRequest["program"],
  told: Told,
): Command {
  const config = pythonLiteral({ ...told, denials_fd: DENIALS_FD, is_held });
  return {
    argv: [executable, "-I", "-B", "-c", PYTHON_LAUNCHER, config, entrypoint, ...args],
    environment: {},
    files: [],
  };
}

/** Of texts, numbers, truth values, lists and objects. */
function pythonLiteral(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(",")}]`;
  if (typeof value === "object" && value !== null)
    return `{${Object.entries(value)
      .map(([name, one]) => `${pythonLiteral(name)}:${pythonLiteral(one)}`)
      .join(",")}}`;
  if (typeof value === "boolean") return value ? "True" : "False";
  return JSON.stringify(value);
}

function node(
  { executable, version = "", entrypoint, args = [], is_held = false }: StartRequest["program"],
  told: Told,
): Command {
  const major = Number(/^v?(\d+)\./.exec(version)?.[1] ?? 0);
  const permissions = [
    "--permission",
    // Outer before inner: Node forgets the outer one otherwise.
    ...[...told.read, ...told.write].toSorted(comparePaths).map((path) => `--allow-fs-read=${path}`),
    ...told.write.map((path) => `--allow-fs-write=${path}`),
    "--allow-worker",
    "--allow-addons",
    ...(told.subprocess ? ["--allow-child-process"] : []),
    ...(major >= NODE_WITH_NETWORK_PERMISSION ? ["--allow-net"] : []),
  ];
  const config = { ...told, denials_fd: DENIALS_FD };
  const preload = NODE_PRELOAD.replace("@CONFIG@", () => JSON.stringify(JSON.stringify(config)));
  return {
    argv: [
      executable,
      "--disable-warning=SecurityWarning",
      ...(major >= NODE_WITH_PERMISSIONS ? permissions : []),
      "--require",
      PRELOAD_PATH,
      entrypoint,
      ...args,
    ],
    environment: is_held ? { [HELD]: "1" } : {},
    files: [{ path: PRELOAD_PATH, bytes: Buffer.from(preload) }],
  };
}
