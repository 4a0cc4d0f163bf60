/** What an interpreter says of itself, so that wheels can be judged for it. It is run isolated, without site packages. */
import type { Effects } from "../../effects/index.ts";
import { make } from "../faults.ts";
import { PYTHON_FLAGS } from "../find-python.ts";
import type { InterpreterTags } from "../wheel/tags.ts";

export interface EnvironmentInterpreter extends InterpreterTags {
  /** Absolute, links resolved. */
  readonly executable: string;
  readonly version: string;
  /** Relative to an environment's folder: `lib/python3.11/site-packages`. */
  readonly site: string;
}

const TIMEOUT_MS = 10_000;
const ASK = String.raw`
import json, os, sys, sysconfig
try:
    libc = os.confstr("CS_GNU_LIBC_VERSION") or ""
except (AttributeError, ValueError, OSError):
    libc = ""
thread = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
debug = "d" if hasattr(sys, "gettotalrefcount") else ""
numbers = sys.version_info[:2]
print(json.dumps({
    "executable": os.path.realpath(sys.executable),
    "version": "%d.%d.%d" % sys.version_info[:3],
    "implementation": sys.implementation.name,
    "major": numbers[0],
    "minor": numbers[1],
    "abi": "cp%d%d%s%s" % (numbers + (thread, debug)),
    "machine": os.uname().machine,
    "platform": sys.platform,
    "glibc": libc.split()[1] if libc.startswith("glibc ") else None,
    "site": "lib/python%d.%d%s/site-packages" % (numbers + (thread,)),
}))
`;

/** @throws PYTHON_VENV_FAILED when it does not answer */
export async function describeInterpreter(
  { subprocess, signal }: Pick<Effects, "subprocess" | "signal">,
  python: string,
): Promise<EnvironmentInterpreter> {
  const { exit_code, stdout, stderr } = await subprocess.run({
    argv: [python, ...PYTHON_FLAGS, "-c", ASK],
    cwd: "/",
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8" },
    limits: { timeout_ms: TIMEOUT_MS, stdout_bytes_max: 1 << 16 },
    signal,
  });
  if (exit_code !== 0) {
    const problem = stderr.trim().split("\n").at(-1)?.slice(0, 300) ?? "";
    throw make("PYTHON_VENV_FAILED", `${python} does not say what it is: ${problem}`, {
      executable: python,
      problem,
    });
  }
  // Our own program wrote it.
  const said = JSON.parse(stdout.toString("utf8")) as Omit<EnvironmentInterpreter, "glibc"> & {
    readonly glibc: string | null;
  };
  return { ...said, glibc: said.glibc ?? undefined };
}
