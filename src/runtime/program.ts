/** The interpreter a plugin runs in, from outside its plane, and the files that interpreter needs. */
import type { Effects } from "../effects/index.ts";
import type { Plugin } from "../grants/index.ts";
import type { Plane } from "../plane/index.ts";
import { environmentOfPackage } from "../python/index.ts";
import { readReceipt } from "../receipts/index.ts";
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
  /** The interpreter itself, from outside the plane, where an environment of ours is in between. */
  readonly base?: Program;
}

/** Asking an interpreter takes longer than a small action; it is asked once in a process. */
const asked = new WeakMap<Hosting, Map<string, Promise<Program>>>();

/**
 * In the environment of its package, where that locks wheels.
 * @throws plugin_interpreter_missing where there is none to be trusted; PYTHON_*, WHEEL_*, ENVIRONMENT_*
 */
export async function programFor(
  effects: Effects,
  plane: Plane,
  hosting: Hosting,
  { manifest, record, asked: { runtime } }: Plugin,
): Promise<Program> {
  if (runtime === "node" || manifest.environment === undefined)
    return interpreterFor(effects, plane, hosting, runtime);
  const installed = readReceipt(effects.fs, plane.root, record.package_id, record.plane_id);
  const environment = installed && (await environmentOfPackage(effects, plane, installed));
  if (environment === undefined) return interpreterFor(effects, plane, hosting, runtime);
  // Its Python is a link in the plane to one outside, which is the one that has to be trusted.
  const { interpreter, python, read_paths } = environment;
  const base = await interpreterFor(effects, plane, hosting, runtime, interpreter);
  return { executable: python, readable: [...base.readable, ...read_paths], base };
}

/** Asks an interpreter before it is known to be needed, while there is other work. Never throws. */
export function askAhead(effects: Needs, plane: Plane, hosting: Hosting, runtime: "python" | "node"): void {
  interpreterFor(effects, plane, hosting, runtime).catch(() => undefined);
}

function interpreterFor(
  effects: Needs,
  plane: Plane,
  hosting: Hosting,
  runtime: "python" | "node",
  named?: string,
): Promise<Program> {
  const known = asked.get(hosting) ?? new Map<string, Promise<Program>>();
  asked.set(hosting, known);
  const key = named ?? runtime;
  const found =
    known.get(key) ?? find(effects, plane, runtime, async () => named ?? hosting.interpreter(runtime));
  known.set(key, found);
  found.catch(() => known.delete(key));
  return found;
}

async function find(
  effects: Needs,
  plane: Plane,
  runtime: "python" | "node",
  interpreter: () => ReturnType<Hosting["interpreter"]>,
): Promise<Program> {
  const given = await interpreter();
  if (given === undefined) throw missing(runtime, "none was found");
  const path = typeof given === "string" ? given : given.executable;
  const executable = effects.fs.realPath(path);
  // It is part of the wall, and what lies in the plane is what is walled in.
  if (isInside(path, plane.root) || isInside(executable, plane.root))
    throw missing(runtime, `${path} lies inside the plane`);
  if (runtime === "node") return { executable, version: effects.host.node_version, readable: [executable] };
  const readable = typeof given === "string" ? await interpreterFiles(effects, path) : given.files;
  if (readable === undefined) throw missing(runtime, `${path} does not answer as a Python 3`);
  return { executable: path, readable };
}

const missing = (runtime: string, problem: string) =>
  make("plugin_interpreter_missing", `no ${runtime} can run it: ${problem}`, { runtime, problem });
