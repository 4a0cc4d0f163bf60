/** The command line of bubblewrap for one program. */
import type { BubblewrapTools } from "./layer.ts";
import { DEVICES, type View } from "./view.ts";

/** Absolute, never searched: PATH may name a folder of a plane. */
export const BWRAP_PLACES = ["/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap"];
/** Inside the jail. */
export const JAIL_TEMP = "/tmp";
/** Says that the jail stands, on the first line of stderr, then becomes the program. */
const START = 'echo "$0" >&2; exec "$@"';
/** Opens the filter and becomes bubblewrap: a shell left between would let it live on when the caller dies. */
const OPEN_FILTER = 'exec "$@" 3<"$0"';
const CLOSE = String.raw`
import os, sys
for name in os.listdir("/proc/self/fd"):
    if int(name) > 2:
        try:
            os.close(int(name))
        except OSError:
            pass
os.execv(sys.argv[1], sys.argv[1:])
`;

export interface Launch {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly view: View;
  /** Upper bound of the private folder; kept where the layer can. */
  readonly temp_bytes: number;
  /** Printed alone on a line of stderr when the jail stands and the program begins. */
  readonly start_mark: string;
}

/**
 * `filter_path`: a file that holds `tools.filter`.
 * As root the program is uid 65534 without capabilities in a user namespace, and stays owner of root's files outside of it:
 * so a plane only root may read stays readable. The mounts, `/proc` included, are read-only for that reason too.
 */
export function bubblewrapArgv(tools: BubblewrapTools, launch: Launch, filter_path: string): string[] {
  const { shown, links } = launch.view;
  const parts = [
    tools.closer === undefined ? [] : [tools.closer, "-I", "-S", "-B", "-c", CLOSE],
    ["/bin/sh", "-c", OPEN_FILTER, filter_path, tools.bwrap, "--seccomp", "3"],
    ["--unshare-user", "--uid", "65534", "--gid", "65534", "--cap-drop", "ALL"],
    ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"],
    ["--die-with-parent", "--new-session"],
    // Before the paths shown: some of them may lie below it.
    tools.temp_bounded ? ["--perms", "0700", "--size", String(launch.temp_bytes)] : [],
    ["--tmpfs", JAIL_TEMP],
    DEVICES.flatMap((path) => ["--dev-bind", path, path]),
    shown.flatMap((path) => ["--ro-bind", path, path]),
    links.flatMap(({ at, to }) => ["--symlink", to, at]),
    ["--proc", "/proc", "--remount-ro", "/proc", "--remount-ro", "/"],
    ["--chdir", launch.cwd, "--clearenv"],
    Object.entries(launch.env).flatMap(([name, value]) => ["--setenv", name, value]),
    ["--", "/bin/sh", "-c", START, launch.start_mark],
    launch.argv,
  ];
  return parts.flat();
}
