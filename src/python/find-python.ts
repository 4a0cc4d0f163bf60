/** Finds a Python interpreter. It is asked who it is: a `python3` on PATH may be a slow shim of another program. */
import type { Effects } from "../effects/index.ts";
import { make } from "./faults.ts";

export interface Interpreter {
  /** Absolute; `sys.executable`. */
  readonly executable: string;
  /** `3.11.7`. */
  readonly version: string;
  /** `cpython-311`. */
  readonly cache_tag: string;
  /** Absolute files and folders that it needs to be there: of a prefix only what Python reads. */
  readonly files: readonly string[];
}

type Needs = Pick<Effects, "fs" | "subprocess" | "host">;

export const MINORS = [14, 13, 12, 11, 10, 9];
const MINOR_MIN = 9;
const TIMEOUT_MS = 10_000;
/** Python: `found`, a set of the absolute paths an interpreter needs. Of a prefix only what it reads: `~/.local` is one too. */
export const FILES_SCRIPT = String.raw`
found = {sys.executable, os.path.realpath(sys.executable)}
beside = os.path.dirname(os.path.dirname(sys.executable))
for prefix in {beside, sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}:
    for name in ("bin", "lib", "lib64", "pyvenv.cfg"):
        path = os.path.join(prefix, name)
        if os.path.exists(path):
            found.add(path)
`;
const ASK = String.raw`
import os, sys
print(sys.executable, "%d.%d.%d" % sys.version_info[:3], sys.implementation.cache_tag, sep="\n")
${FILES_SCRIPT}print("\n".join(sorted(found)))
`;
/** Isolated, without site packages, writing no bytecode: nothing of the user's or a plane's is imported. */
export const PYTHON_FLAGS = ["-I", "-S", "-B"] as const;

/**
 * The first interpreter from 3.9 on; with `cache_tag`, the first that has it (`cpython-311`).
 * Asked in order: `python3` and `python3.N` on PATH, `~/.pyenv/versions`, `/usr/bin`, `/usr/local/bin`.
 * @throws PYTHON_NOT_FOUND, PYTHON_TOO_OLD
 */
export async function findPython(
  effects: Needs,
  options: { readonly cache_tag?: string } = {},
): Promise<Interpreter> {
  const { cache_tag } = options;
  let too_old: Interpreter | undefined;
  const asked = new Set<string>();
  for (const path of candidates(effects, minorOf(cache_tag))) {
    const file = effects.fs.realPath(path);
    if (asked.has(file)) continue;
    asked.add(file);
    const found = await ask(effects, path);
    if (found === undefined) continue;
    asked.add(found.executable);
    const is_new_enough = (minorOf(found.cache_tag) ?? minorOfVersion(found.version)) >= MINOR_MIN;
    if (!is_new_enough) too_old ??= found;
    else if (cache_tag === undefined || found.cache_tag === cache_tag) return found;
  }
  if (too_old !== undefined && cache_tag === undefined) {
    const { executable, version } = too_old;
    throw make("PYTHON_TOO_OLD", `${executable} is Python ${version}, and no Python 3.9 or newer was found`, {
      executable,
      version,
    });
  }
  const minor = minorOf(cache_tag);
  const wanted = minor === undefined ? "Python 3.9 or newer" : `Python 3.${minor}`;
  throw make("PYTHON_NOT_FOUND", `no interpreter was found for ${cache_tag ?? wanted}`, {
    wanted,
    cache_tag,
  });
}

/** 11 of `cpython-311`; undefined for another implementation's tag. */
function minorOf(cache_tag: string | undefined): number | undefined {
  const digits = /^cpython-3(\d+)$/.exec(cache_tag ?? "")?.[1];
  return digits === undefined ? undefined : Number(digits);
}

const minorOfVersion = (version: string): number =>
  version.startsWith("3.") ? Number(version.split(".")[1]) : 0;

function candidates({ fs, host }: Needs, minor: number | undefined): string[] {
  const named = (minor === undefined ? MINORS : [minor]).map((one) => `python3.${one}`);
  // The named one is the likelier answer where a tag is asked for.
  const names = minor === undefined ? ["python3", ...named] : [...named, "python3"];
  const on_path = (host.env["PATH"] ?? "").split(":").filter((folder) => folder.startsWith("/"));
  const is_shim = (folder: string): boolean => folder.endsWith("/shims");
  const paths = [
    ...on_path
      .filter((folder) => !is_shim(folder) || minor === undefined)
      .flatMap((folder) => names.map((name) => `${folder}/${name}`)),
    ...pyenvInterpreters(fs, host, minor),
    ...["/usr/bin", "/usr/local/bin"].flatMap((folder) => names.map((name) => `${folder}/${name}`)),
  ];
  return paths.filter((path) => exists(fs, path));
}

/** Newest last in the listing, so turned round. */
function pyenvInterpreters(fs: Needs["fs"], host: Needs["host"], minor: number | undefined): string[] {
  const folder = `${host.env["PYENV_ROOT"] ?? `${host.home}/.pyenv`}/versions`;
  if (!folder.startsWith("/") || !exists(fs, folder)) return [];
  return fs
    .list(folder)
    .map(({ name }) => name)
    .filter((name) => (minor === undefined ? name.startsWith("3.") : name.startsWith(`3.${minor}.`)))
    .map((name) => `${folder}/${name}/bin/python3`)
    .reverse();
}

function exists(fs: Needs["fs"], path: string): boolean {
  try {
    fs.realPath(path);
    return true;
  } catch {
    return false;
  }
}

async function ask({ subprocess, host }: Needs, path: string): Promise<Interpreter | undefined> {
  // A shim is a script and needs these; nothing else of the environment is handed on.
  const env = { PATH: host.env["PATH"] ?? "/usr/bin:/bin", HOME: host.home, LC_ALL: "C.UTF-8" };
  try {
    const { exit_code, stdout } = await subprocess.run({
      argv: [path, ...PYTHON_FLAGS, "-c", ASK],
      cwd: "/",
      env,
      limits: { timeout_ms: TIMEOUT_MS, stdout_bytes_max: 1 << 16 },
    });
    const [executable, version, cache_tag, ...rest] = stdout.toString("utf8").split("\n");
    if (exit_code !== 0 || !executable?.startsWith("/") || version === undefined || !cache_tag)
      return undefined;
    return { executable, version, cache_tag, files: rest.filter((one) => one.startsWith("/")) };
  } catch {
    // Not executable, or not a program at all: no interpreter.
    return undefined;
  }
}
