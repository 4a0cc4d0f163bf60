/** Which of the caller's variables a run sees: those its action needs, by name, and never what is ours. Pure. */
import type { Scope } from "../contracts/index.ts";
import type { Host } from "../effects/index.ts";

/** Tokens and secrets of the plane itself. */
export const isOurs = (name: string): boolean => /^(HOLDFAST_|CONTROL_PLANE_)/.test(name);
/** Names by which a loader or an interpreter is told to run something else. */
const NEVER =
  /^(LD_|DYLD_|GLIBC_|MALLOC_|PYTHON|NODE_)|^(BASH_ENV|ENV|IFS|SHELLOPTS|GCONV_PATH|OPENSSL_CONF)$/;

const isNever = (name: string): boolean => isOurs(name) || NEVER.test(name);

export interface RunEnvironment {
  readonly values: Readonly<Record<string, string>>;
  /** Needed and granted, but never handed on. */
  readonly withheld: readonly string[];
  /** Needed and granted, but not set here. */
  readonly unset: readonly string[];
}

export function environmentFor(scopes: readonly Scope[], env: Host["env"]): RunEnvironment {
  const prefix = "environment:";
  const names = scopes.filter((scope) => scope.startsWith(prefix)).map((scope) => scope.slice(prefix.length));
  const withheld = names.filter((name) => isNever(name));
  const passed = names.filter((name) => !isNever(name));
  const values = passed.flatMap((name): [string, string][] => {
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    return value === undefined ? [] : [[name, value]];
  });
  const unset = passed.filter((name) => !values.some(([known]) => known === name));
  return { values: Object.fromEntries(values), withheld, unset };
}
