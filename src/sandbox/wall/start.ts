/** Everything that is written and started for one confined program. */
import type { FileSystem } from "../../effects/index.ts";
import { JAIL_TEMP } from "../bubblewrap.ts";
import type { ConfineNeeds, ConfineRequest } from "../confined.ts";
import { cleanEnvironment } from "../environment.ts";
import { DEVICES } from "../view.ts";
import {
  bubblewrapArguments,
  PROXY_SOCKET,
  SHARED_MEMORY,
  type Sources,
  stagedPaths,
} from "./bubblewrap-arguments.ts";
import { INNER_SCRIPT } from "./inner-script.ts";
import { OUTER_SCRIPT } from "./outer-script.ts";
import { BROKER_FD, DENIALS_FD, perlProgram } from "./perl-common.ts";
import { planWall, type WallPlan } from "./plan.ts";
import { type Command, commandOf } from "./program-command.ts";
import { systemCallFilter } from "./system-call-filter.ts";
import type { Wall } from "./wall.ts";

/** Root becomes this user: nobody. */
export const UNPRIVILEGED_UID = 65534;
/** On the loopback device of the program's own network. */
export const RELAY_PORT = 3128;
const OPEN_FILES_MAX = 1024;
/** RLIMIT_ numbers, the same on x86-64 and arm64. */
const RLIMIT = { cpu: 0, fsize: 1, core: 4, nofile: 7 } as const;

export interface Prepared {
  readonly argv: readonly string[];
  readonly plan: WallPlan;
}

export interface Surroundings {
  /** Private folder outside, which the program does not see. */
  readonly folder: string;
  /** Folders of control groups that the program enters. */
  readonly groups: readonly string[];
  /** Where the proxy listens, outside. */
  readonly proxy_socket: string | undefined;
}

/** Writes what the wall reads into the folder. @throws like `planWall` */
export function prepare(
  { fs, host }: Pick<ConfineNeeds, "fs" | "host">,
  wall: Wall,
  request: ConfineRequest,
  around: Surroundings,
): Prepared {
  const plan = planWall(fs, request, wall.perl);
  const command = commandOf(request, plan);
  const sources = sourcesOf(fs, request, around, command);
  const is_staged = host.uid === 0;
  const put = (name: string, bytes: Uint8Array | string): string =>
    write(fs, `${around.folder}/${name}`, bytes);
  const { limits, profile } = request;
  const with_network = profile.domains.length > 0;
  const filter = systemCallFilter(host.arch, {
    // The relay is started behind this filter too; the program gets a second one.
    families: with_network ? ["unix", "inet", "inet6"] : [],
    subprocess: profile.subprocess,
  });
  const seconds = limits.cpu_s_max === undefined ? [] : [["limit", RLIMIT.cpu, limits.cpu_s_max] as const];
  const staged = stagedPaths(plan, sources).flatMap(({ path, use }) => [
    path,
    String(fs.stat(path)?.uid ?? 0),
    use,
  ]);
  const directives = [
    directive("group", around.groups),
    directive("limit", [RLIMIT.core, 0]),
    directive("limit", [RLIMIT.nofile, OPEN_FILES_MAX]),
    directive("limit", [RLIMIT.fsize, limits.temp_bytes_max]),
    ...seconds.map(([word, ...values]) => directive(word, values)),
    directive("open", [
      "args",
      put(
        "arguments",
        bubblewrapArguments(wall, plan, sources, is_staged)
          .map((one) => `${one}\0`)
          .join(""),
      ),
    ]),
    directive("open", ["filter", put("filter", filter ?? new Uint8Array())]),
    ...(is_staged
      ? [directive("stage", [UNPRIVILEGED_UID, ...staged]), directive("drop", [UNPRIVILEGED_UID])]
      : []),
    directive("command", [
      wall.bwrap,
      ...["--args", "@args", "--seccomp", "@filter", "--info-fd", "@info", "--"],
      ...[wall.perl, "-e", perlProgram(host.arch, INNER_SCRIPT)],
      ...innerArguments(host.arch, request, plan),
      ...["program", ...command.argv],
    ]),
  ];
  const path = put("directives", directives.join(""));
  return { argv: [wall.perl, "-e", perlProgram(host.arch, OUTER_SCRIPT), path], plan };
}

const directive = (word: string, values: readonly (string | number)[]): string =>
  [word, values.length, ...values].map((part) => `${part}\0`).join("");

function sourcesOf(
  fs: Pick<FileSystem, "openWrite">,
  request: ConfineRequest,
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
    cwd: request.cwd ?? "/",
    environment: cleanEnvironment(JAIL_TEMP, {
      ...request.environment,
      ...command.environment,
      ...(proxy_socket === undefined ? {} : { ...with_proxy, NODE_USE_ENV_PROXY: "1" }),
      ...(!hasBroker(request) ? {} : { HOLDFAST_BROKER_FD: String(BROKER_FD) }),
    }),
  };
}

const hasBroker = ({ broker, profile }: ConfineRequest): boolean =>
  broker !== undefined && profile.broker !== undefined;

function innerArguments(arch: string, request: ConfineRequest, plan: WallPlan): string[] {
  const { profile, limits } = request;
  const part = (word: string, values: readonly (string | number)[]): string[] => [
    word,
    String(values.length),
    ...values.map(String),
  ];
  const with_network = profile.domains.length > 0;
  const second = systemCallFilter(arch, { families: ["inet", "inet6"], subprocess: profile.subprocess });
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
    ...part("filter", with_network ? [Buffer.from(second ?? []).toString("hex")] : []),
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
