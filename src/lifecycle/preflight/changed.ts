/** Which manifests differ from a commit, as git tells it: what a pull request changes. */
import type { Effects } from "../../effects/index.ts";
import { compareCodePoints } from "../../kernel/index.ts";
import { isManifestFile, matchesGlob, parseToml } from "../../metadata/index.ts";
import { makePreflightFault } from "../../preflight/index.ts";

export interface ChangedManifests {
  /** As the user named it. */
  readonly base: string;
  /** Where the two histories part. */
  readonly commit: string;
  readonly files_count: number;
  /** One for each folder, relative to the working directory where they lie below it. */
  readonly manifests: readonly string[];
}

type Needs = Pick<Effects, "fs" | "host" | "subprocess">;

const TIMEOUT_MS = 60_000;
const OUTPUT_BYTES_MAX = 64 << 20;

/** Committed, staged, edited and new files alike; deleted ones are gone. @throws CHANGES_UNKNOWN */
export async function changedManifests(
  effects: Needs,
  base: string,
  exclude: readonly string[] = [],
): Promise<ChangedManifests> {
  const git = gitIn(effects, base);
  const top = (await git(["rev-parse", "--show-toplevel"])).trimEnd();
  const named = (await git(["rev-parse", "--verify", "--end-of-options", `${base}^{commit}`])).trim();
  const commit = (await git(["merge-base", named, "HEAD"])).trim();
  const tracked = await git(["diff", "--name-only", "-z", "--no-renames", "--diff-filter=d", commit], top);
  const untracked = await git(["ls-files", "--others", "--exclude-standard", "-z"], top);
  const files = [...new Set(`${tracked}${untracked}`.split("\0").filter((path) => path !== ""))];
  const manifests = files
    .filter((path) => isManifestFile(path.slice(path.lastIndexOf("/") + 1)))
    .filter((path) => !exclude.some((glob) => matchesGlob(path, glob)))
    .filter((path) => isOurs(effects, `${top}/${path}`))
    .sort(compareCodePoints);
  // A folder is judged as a whole, whichever of its files changed.
  const by_folder = new Map(
    manifests.toReversed().map((path) => [path.slice(0, Math.max(0, path.lastIndexOf("/"))), path]),
  );
  const kept = manifests.filter((path) => [...by_folder.values()].includes(path));
  return {
    base,
    commit,
    files_count: files.length,
    manifests: kept.map((path) => shown(effects, `${top}/${path}`)),
  };
}

function gitIn(
  { host, subprocess }: Needs,
  base: string,
): (args: readonly string[], cwd?: string) => Promise<string> {
  const env = Object.fromEntries(
    ["PATH", "HOME", "GIT_DIR", "GIT_WORK_TREE", "GIT_CEILING_DIRECTORIES"].flatMap((name) => {
      const value = host.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const refuse = (problem: string) =>
    makePreflightFault("CHANGES_UNKNOWN", `git cannot say what differs from ${base}: ${problem}`, {
      base,
      problem,
    });
  return async (args, cwd = host.cwd) => {
    try {
      const done = await subprocess.run({
        argv: ["git", "-c", "core.quotepath=off", ...args],
        cwd,
        env: { ...env, LC_ALL: "C" },
        limits: { timeout_ms: TIMEOUT_MS, stdout_bytes_max: OUTPUT_BYTES_MAX },
      });
      if (done.exit_code === 0) return done.stdout.toString("utf8");
      throw refuse(done.stderr.trim().split("\n")[0] ?? `exit ${done.exit_code}`);
    } catch (error) {
      if ((error as { code?: string }).code === "ENOENT") throw refuse("there is no git on PATH");
      throw error;
    }
  };
}

/** A `package.json` or `pyproject.toml` that says nothing of this product is none of ours, and so is another's `manifest.json`. */
function isOurs({ fs }: Needs, path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (name === "holdfast.toml" || fs.stat(path)?.kind !== "file") return true;
  const document = read(fs.readText(path), name);
  // What cannot be read is judged, and the judgement says so; files of others are not ours to judge.
  if (document === undefined) return name === "manifest.json" || name === "plugin.json";
  if (name === "pyproject.toml") return hasKey(document["tool"], "holdfast");
  if (name === "package.json") return hasKey(document, "holdfast");
  return OWN_KEYS.some((key) => hasKey(document, key));
}

const OWN_KEYS = ["schema_version", "package_id", "plugin", "manifestVersion", "payloadSchema", "namespace"];

const hasKey = (value: unknown, key: string): boolean =>
  typeof value === "object" && value !== null && Object.hasOwn(value, key);

function read(text: string, name: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return name.endsWith(".toml") ? parseToml(text, name) : (JSON.parse(text) as Record<string, unknown>);
  } catch {
    return undefined;
  }
}

function shown({ fs, host }: Needs, path: string): string {
  const cwd = fs.realPath(host.cwd);
  return path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path;
}
