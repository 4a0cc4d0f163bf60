/** What tells one environment from another: the lock, and the interpreter it is for. */
import type { EnvironmentLock } from "../../contracts/index.ts";
import { compactAsciiJson, sha256Hex, sortedBy } from "../../kernel/index.ts";
import { STATE_DIRECTORY } from "../../plane/index.ts";
import type { EnvironmentInterpreter } from "./interpreter.ts";

/** Plane-relative. Truth, not cache: wheels of an operator's folder may be gone when it is needed again. */
export const ENVIRONMENTS_DIRECTORY = `${STATE_DIRECTORY}/environments`;

/** Bare hex; the order in which requirements are written does not matter. */
export const lockDigest = ({ requirements }: EnvironmentLock): string =>
  sha256Hex(compactAsciiJson(sortedBy(requirements, ({ name }) => name)));

/** `<lock>-<abi>-<interpreter>`: 32 and 16 hex digits, so that the lock can be told from the name alone. */
export function environmentKey(lock: EnvironmentLock, interpreter: EnvironmentInterpreter): string {
  const { executable, version, abi, machine, platform } = interpreter;
  const of_interpreter = sha256Hex(compactAsciiJson([executable, version, abi, machine, platform]));
  return `${keyPrefix(lock)}-${abi}-${of_interpreter.slice(0, 16)}`;
}

export const keyPrefix = (lock: EnvironmentLock): string => lockDigest(lock).slice(0, 32);
export const ENVIRONMENT_KEY = /^[0-9a-f]{32}-[a-z0-9]+-[0-9a-f]{16}$/;
