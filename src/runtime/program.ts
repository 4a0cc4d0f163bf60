/** The interpreter a plugin runs in, from outside its plane, and the files that interpreter needs. */
import type { Effects } from "../effects/index.ts";
import type { Plane } from "../plane/index.ts";
import { interpreterFiles, isInside } from "../sandbox/index.ts";
import { make } from "./faults.ts";
import type { Hosting } from "./hosting.ts";

type Needs = Pick<Effects, "fs" | "subprocess" | "signal" | "host">;

export interface Program {
  /** Absolute. */
  readonly executable: string;
  /** Of Node, as "24.1.0". */
  readonly version?: string;
  readonly readable: readonly string[];
}

/** Asking an interpreter takes longer than a small action; it is asked once in a process. */
const asked = new WeakMap<Hosting, Map<string, Promise<Program>>>();

/** @throws plugin_interpreter_missing where there is none to be trusted; PYTHON_NOT_FOUND, PYTHON_TOO_OLD */
export function programFor(
  effects: Needs,
  plane: Plane,
  hosting: Hosting,
  runtime: "python" | "node",
): Promise<Program> {
  const known = asked.get(hosting) ?? new Map<string, Promise<Program>>();
  asked.set(hosting, known);
  const found = known.get(runtime) ?? find(effects, plane, hosting, runtime);
  known.set(runtime, found);
  found.catch(() => known.delete(runtime));
  return found;
}

async function find(
  effects: Needs,
  plane: Plane,
  hosting: Hosting,
  runtime: "python" | "node",
): Promise<Program> {
  const path = await hosting.interpreter(runtime);
  if (path === undefined) throw missing(runtime, "none was found");
  const executable = effects.fs.realPath(path);
  // It is part of the wall, and what lies in the plane is what is walled in.
  if (isInside(path, plane.root) || isInside(executable, plane.root))
    throw missing(runtime, `${path} lies inside the plane`);
  if (runtime === "node") return { executable, version: effects.host.node_version, readable: [executable] };
  const readable = await interpreterFiles(effects, path);
  if (readable === undefined) throw missing(runtime, `${path} does not answer as a Python 3`);
  return { executable: path, readable };
}

const missing = (runtime: string, problem: string) =>
  make("plugin_interpreter_missing", `no ${runtime} can run it: ${problem}`, { runtime, problem });
