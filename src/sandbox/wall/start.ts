/** Everything that is written and started for one confined program. */
import type { FileSystem } from "../../effects/index.ts";
import { JAIL_TEMP } from "../bubblewrap.ts";
import type { ConfineNeeds, StartRequest } from "../confined.ts";
import { cleanEnvironment } from "../environment.ts";
import { LAUNCHER_FLAGS } from "../launch.ts";
import { LAUNCHER_SCRIPT } from "../launcher-script.ts";
import { DEVICES } from "../view.ts";
import {
  bubblewrapArguments,
  PROXY_SOCKET,
  SHARED_MEMORY,
  type Sources,
  stagedPaths,
} from "./bubblewrap-arguments.ts";
import { INNER_SCRIPT } from "./inner-script.ts";
import { namespacesConfig } from "./namespaces-config.ts";
import { OUTER_SCRIPT } from "./outer-script.ts";
import { BROKER_FD, DENIALS_FD, perlProgram } from "./perl-common.ts";
import { planWall, type WallPlan } from "./plan.ts";
import { type Command, commandOf, type Told, toldOf } from "./program-command.ts";
import { type FilterOptions, systemCallFilter, watchedCalls } from "./system-call-filter.ts";
import type { Wall } from "./wall.ts";

/** Root becomes this user: nobody. */
const UNPRIVILEGED_UID = 65534;
/** On the loopback device of the program's own network. */
export const RELAY_PORT = 3128;
const OPEN_FILES_MAX = 1024;
/** RLIMIT_ numbers, the same on x86-64 and arm64. */
const RLIMIT = { fsize: 1, core: 4, nofile: 7 } as const;

export interface Prepared {
  readonly argv: readonly string[];
  readonly plan: WallPlan;
}

export interface Surroundings {
  /** Private folder outside, which the program does not see. */
  readonly folder: string;
  /** Folders of control groups that the program is put into. */
  readonly groups: readonly string[];
  /** Where the proxy listens, outside. */
  readonly proxy_socket: string | undefined;
}

/** Writes what the wall reads into the folder. @throws like `planWall` */
export function prepare(
  { fs, host }: Pick<ConfineNeeds, "fs" | "host">,
  wall: Wall,
  request: StartRequest,
  around: Surroundings,
): Prepared {
  const plan = planWall(fs, request, wall.perl);
  const told = toldOf(request, plan);
  const command = commandOf(request, told);
  const sources = sourcesOf(fs, request, around, command);
  const is_staged = host.uid === 0;
  const staged = stagedPaths(plan, sources).flatMap(({ path, use }) => [
    path,
    String(fs.stat(path)?.uid ?? 0),
    use,
  ]);
  const become = [directive("stage", [UNPRIVILEGED_UID, ...staged]), directive("drop", [UNPRIVILEGED_UID])];
  const program = [
    wall.perl,
    "-e",
    perlProgram(host.arch, INNER_SCRIPT),
    ...innerArguments(host.arch, request, plan, told),
    ...(isAdmitted(wall, around.groups) ? ["admission", "1", ADMITTED] : []),
    "program",
    ...command.argv,
  ];
  const put = (name: string, bytes: Uint8Array | string): string =>
    write(fs, `${around.folder}/${name}`, bytes);
  const directives = [
    ...limiting(request.limits, isAdmitted(wall, around.groups) ? [] : around.groups),
    ...(wall.layer === "bubblewrap"
      ? [
          directive("open", [
            "args",
            put("arguments", terminated(bubblewrapArguments(wall, plan, sources, is_staged))),
          ]),
        ]
      : [directive("open", ["config", put("config", namespacesConfig(plan, sources, is_staged))])]),
    ...(is_staged ? become : []),
    directive("command", [...wallCommand(wall), ...program]),
  ];
  const path = put("directives", directives.join(""));
  return { argv: [wall.perl, "-e", perlProgram(host.arch, OUTER_SCRIPT), path], plan };
}

/** Written to the first process of the namespace when it is in its control groups. */
export const ADMITTED = "g";

/**
 * The kernel takes as long to put a process into a group as bubblewrap takes to build all the rest, so that is done meanwhile;
 * the first process waits for it before it starts the program. Behind the next layer that one is no process of ours.
 */
export const isAdmitted = (wall: Wall, groups: readonly string[]): boolean =>
  wall.layer === "bubblewrap" && groups.length > 0;

const limiting = (limits: StartRequest["limits"], groups: readonly string[]): string[] => [
  directive("group", groups),
  directive("limit", [RLIMIT.core, 0]),
  directive("limit", [RLIMIT.nofile, OPEN_FILES_MAX]),
  directive("limit", [RLIMIT.fsize, limits.temp_bytes_max]),
];

const terminated = (parts: readonly (string | number)[]): string => parts.map((one) => `${one}\0`).join("");

/** `@name` stands for the number of an opened file. */
const wallCommand = (wall: Wall): string[] =>
  wall.layer === "bubblewrap"
    ? [wall.bwrap, "--args", "@args", "--info-fd", "@info", "--"]
    : [wall.python, ...LAUNCHER_FLAGS, "-c", LAUNCHER_SCRIPT, "@config"];

const directive = (word: string, values: readonly (string | number)[]): string =>
  terminated([word, values.length, ...values]);

function sourcesOf(
  fs: Pick<FileSystem, "openWrite">,
  request: StartRequest,
  { folder, proxy_socket }: Surroundings,
  command: Command,
): Sources {
  const shown = [...(request.overlays ?? []), ...command.files];
  const files = shown.map(({ path, bytes }, index) => ({
    from: write(fs, `${folder}/shown-${index}`, bytes),
    at: path,
  }));
  const proxy = `http://127.0.0.1:${RELAY_PORT}`;
  const with_proxy = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, http_proxy: proxy, https_proxy: proxy };
  return {
    files: proxy_socket === undefined ? files : [...files, { from: proxy_socket, at: PROXY_SOCKET }],
    temp_bytes_max: request.limits.temp_bytes_max,
    cwd: request.cwd ?? request.plane_root,
    environment: cleanEnvironment(JAIL_TEMP, {
      ...passedOn(request.environment),
      ...command.environment,
      ...(proxy_socket === undefined ? {} : { ...with_proxy, NODE_USE_ENV_PROXY: "1" }),
      ...(!hasBroker(request) ? {} : { HOLDFAST_BROKER_FD: String(BROKER_FD) }),
    }),
  };
}

/** What would change the programs that build the wall is not passed through them. */
const passedOn = (environment: StartRequest["environment"]): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !/^(?:LD_|PERL)/.test(name)));

const hasBroker = ({ broker, profile }: StartRequest): boolean =>
  broker !== undefined && profile.broker !== undefined;

function innerArguments(arch: string, request: StartRequest, plan: WallPlan, told: Told): string[] {
  const { profile, limits } = request;
  const part = (word: string, values: readonly (string | number)[]): string[] => [
    word,
    String(values.length),
    ...values.map(String),
  ];
  const with_network = profile.domains.length > 0;
  const filter: FilterOptions = {
    families: with_network ? ["inet", "inet6"] : [],
    subprocess: profile.subprocess,
    tries_rings: profile.runtime === "node",
  };
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  return [
    ...part("keep", [DENIALS_FD, ...(hasBroker(request) ? [BROKER_FD] : [])]),
    // The first process of the namespace is one of them.
    ...part("processes", [limits.processes_max + 1]),
    ...part("run", plan.run),
    ...part("write", [
      JAIL_TEMP,
      SHARED_MEMORY,
      ...plan.mounts.filter(({ use }) => use === "write").map(({ path }) => path),
    ]),
    ...part("device", DEVICES),
    ...part("connect", with_network ? [RELAY_PORT] : []),
    ...part("filter", [hex(systemCallFilter(arch, filter))]),
    ...part("watched", [hex(systemCallFilter(arch, filter, true))]),
    ...part("watch", watchedCalls(arch, filter)),
    ...part("entry", [request.program.entrypoint]),
    ...part("read", told.read),
    ...part("hidden", told.hidden),
    ...part("relay", with_network ? [RELAY_PORT, PROXY_SOCKET] : []),
  ];
}

function write(fs: Pick<FileSystem, "openWrite">, path: string, bytes: Uint8Array | string): string {
  const file = fs.openWrite(path, { mode: 0o600, how: "exclusive" });
  try {
    file.write(typeof bytes === "string" ? Buffer.from(bytes) : bytes);
  } finally {
    file.close();
  }
  return path;
}
