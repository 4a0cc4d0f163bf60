/** Environments that are there, and the one a lock can be run with. */
import type { EnvironmentLock, EnvironmentRecord } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import type { EnvironmentInterpreter } from "./interpreter.ts";
import { ENVIRONMENT_KEY, ENVIRONMENTS_DIRECTORY, environmentKey, keyPrefix } from "./key.ts";
import { readEnvironmentRecord } from "./verify.ts";

export interface Environment {
  readonly key: string;
  /** Absolute. */
  readonly directory: string;
  /** Absolute; what checks and actions are started with. */
  readonly python: string;
  /** The interpreter it is for, outside the plane: absolute, links resolved. */
  readonly interpreter: string;
  /** What must be readable beside the interpreter's own files. */
  readonly read_paths: readonly string[];
  readonly record: EnvironmentRecord;
}

/** Names of everything that looks like an environment, sorted. */
export function environmentKeys(fs: Effects["fs"], root: string): string[] {
  const directory = `${root}/${ENVIRONMENTS_DIRECTORY}`;
  if (fs.stat(directory)?.kind !== "directory") return [];
  return fs
    .list(directory)
    .filter(({ name, kind }) => kind === "directory" && ENVIRONMENT_KEY.test(name))
    .map(({ name }) => name);
}

export function environmentAt(fs: Effects["fs"], directory: string, key: string): Environment | undefined {
  const record = readEnvironmentRecord(fs, directory);
  if (record === undefined) return undefined;
  const python = `${directory}/venv/bin/python`;
  const { executable: interpreter } = record.interpreter;
  return { key, directory, python, interpreter, read_paths: [directory], record };
}

/** The one for exactly this interpreter. */
export const environmentFor = (
  fs: Effects["fs"],
  root: string,
  lock: EnvironmentLock,
  interpreter: EnvironmentInterpreter,
): Environment | undefined => {
  const key = environmentKey(lock, interpreter);
  return environmentAt(fs, `${root}/${ENVIRONMENTS_DIRECTORY}/${key}`, key);
};

/** Any whose interpreter is still there: no interpreter has to be asked, which costs as much as a small run. */
export function environmentOf(
  fs: Effects["fs"],
  root: string,
  lock: EnvironmentLock,
): Environment | undefined {
  const prefix = `${keyPrefix(lock)}-`;
  return environmentKeys(fs, root)
    .filter((key) => key.startsWith(prefix))
    .flatMap((key) => environmentAt(fs, `${root}/${ENVIRONMENTS_DIRECTORY}/${key}`, key) ?? [])
    .find(({ interpreter }) => fs.stat(interpreter)?.kind === "file");
}
