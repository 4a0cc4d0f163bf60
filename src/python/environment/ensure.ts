/** The environment of a package, at hand: the one that is there, verified, or a new one. */
import type { EnvironmentLock } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { removeTree } from "../../journal/index.ts";
import type { Plane } from "../../plane/index.ts";
import { make } from "../faults.ts";
import { findPython } from "../find-python.ts";
import { buildEnvironment } from "./build.ts";
import { type Environment, environmentAt, environmentOf } from "./find.ts";
import type { WheelPlaces } from "./find-wheels.ts";
import { describeInterpreter } from "./interpreter.ts";
import { ENVIRONMENTS_DIRECTORY, environmentKey } from "./key.ts";
import { knownDigests } from "./known-digests.ts";
import { BUILDING, removeEnvironment } from "./sweep.ts";
import { verifyEnvironment } from "./verify.ts";

type Needs = Pick<
  Effects,
  "fs" | "subprocess" | "signal" | "clock" | "workers" | "host" | "locks" | "random"
>;

export interface EnvironmentSubject extends Omit<WheelPlaces, "wheel_directories"> {
  readonly lock: EnvironmentLock;
  /** What the receipt says the wheels put in place; absent for a package installed before it was kept. */
  readonly content_digest?: string | undefined;
}

const LOCK_WAIT_MS = 60_000;

/**
 * For health checks and actions of an installed package. Usually there since the install; built anew when it is not, as after
 * a rollback or with another interpreter. No plane lock is needed: the name says all of what is in it.
 * @throws WHEEL_*, PYTHON_*, ENVIRONMENT_DAMAGED, ENVIRONMENT_BUSY
 */
export async function ensureEnvironment(
  effects: Needs,
  plane: Plane,
  subject: EnvironmentSubject,
): Promise<Environment> {
  const { fs } = effects;
  const found = environmentOf(fs, plane.root, subject.lock);
  if (found !== undefined) return requireSound(effects, plane, found, subject);
  const { executable } = await findPython(effects);
  const interpreter = await describeInterpreter(effects, executable);
  const key = environmentKey(subject.lock, interpreter);
  const parent = makeParent(fs, plane.root);
  const lock = await effects.locks.acquire(`${parent}.lock`, {
    wait_ms: LOCK_WAIT_MS,
    signal: effects.signal,
  });
  if (lock === undefined)
    throw make("ENVIRONMENT_BUSY", `another command is building an environment in ${plane.root}`, {
      package_id: subject.package_id,
      waited_ms: LOCK_WAIT_MS,
    });
  try {
    for (const { name } of fs.list(parent))
      if (name.startsWith(BUILDING)) removeTree(fs, `${parent}/${name}`);
    const now = environmentOf(fs, plane.root, subject.lock);
    if (now !== undefined) return await requireSound(effects, plane, now, subject);
    const aside = `${parent}/${BUILDING}${effects.random.hex(8)}`;
    try {
      await buildEnvironment(effects, aside, {
        ...subject,
        interpreter,
        wheel_directories: wheelDirectories(plane),
        reserved_names: reservedNames(plane),
      });
      putInPlace(fs, aside, `${parent}/${key}`);
    } finally {
      if (fs.stat(aside) !== undefined) removeTree(fs, aside);
    }
  } finally {
    lock.release();
  }
  const built = environmentAt(fs, `${parent}/${key}`, key);
  if (built === undefined)
    throw damaged(subject.package_id, `${parent}/${key}`, "could not be read after it was built");
  return requireSound(effects, plane, built, subject);
}

/** @throws ENVIRONMENT_DAMAGED */
async function requireSound(
  effects: Needs,
  plane: Plane,
  environment: Environment,
  { package_id, content_digest }: Pick<EnvironmentSubject, "package_id" | "content_digest">,
): Promise<Environment> {
  const { directory, record, key } = environment;
  const verifier = { fs: effects.fs, digestFiles: knownDigests(effects, plane, key) };
  const [first] = await verifyEnvironment(verifier, directory, record, content_digest);
  if (first === undefined) return environment;
  throw damaged(package_id, `${directory}/${first.path}`, first.why);
}

const damaged = (package_id: string, path: string, problem: string) =>
  make("ENVIRONMENT_DAMAGED", `the environment of ${package_id} is not what was built: ${path} ${problem}`, {
    package_id,
    path,
    problem,
  });

/** The folder that holds all environments; made when it is not there. */
export function makeParent(fs: Effects["fs"], root: string): string {
  const parent = `${root}/${ENVIRONMENTS_DIRECTORY}`;
  if (fs.stat(parent) === undefined) {
    fs.makeDirectory(parent, 0o755);
    fs.setMode(parent, 0o755);
  }
  return parent;
}

/** One that is there already has the same name for the same reason; a damaged one gives way. */
export function putInPlace(fs: Effects["fs"], from: string, to: string): void {
  const parent = to.slice(0, to.lastIndexOf("/"));
  if (fs.stat(to) !== undefined) removeEnvironment(fs, to);
  fs.rename(from, to);
  fs.syncDirectory(parent);
}

/** Absolute paths of the folders the operator named. */
export const wheelDirectories = ({ root, config }: Plane, added: readonly string[] = []): string[] =>
  [...added, ...config.wheel_directories].map((path) => (path.startsWith("/") ? path : `${root}/${path}`));

/** A wheel with a folder `modules` would stand in for every package of the plane. */
export const reservedNames = ({ config }: Plane): Set<string> =>
  new Set(config.plugin_roots.map((path) => (path.split("/")[0] ?? "").toLowerCase()));
