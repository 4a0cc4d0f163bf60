/** From a declared check to the program that is run. */
import type { Effects } from "../../effects/index.ts";
import { interpreterFiles, isInside } from "../../sandbox/index.ts";
import { IMPORT_SCRIPT } from "./import-script.ts";
import type { CodeCheck } from "./judge.ts";
import type { Judged } from "./report.ts";
import type { HealthPlaces, HealthSubject } from "./subject.ts";

export interface CheckCommand {
  readonly argv: readonly string[];
  /** Beside the plane. */
  readonly readable: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** Files of interpreters already asked in this run; asking takes as long as a small check. */
export type AskedInterpreters = Map<string, readonly string[] | undefined>;

export interface Setting {
  readonly places: HealthPlaces;
  readonly interpreters: Interpreters;
  readonly asked: AskedInterpreters;
  /** Goes to the program, which must give it back. */
  readonly mark: string;
}

export interface Interpreters {
  readonly python?: string;
  readonly node?: string;
}

/** A check that cannot be run gives its verdict at once. */
export async function commandOf(
  effects: Pick<Effects, "fs" | "subprocess" | "signal">,
  check: CodeCheck,
  subject: HealthSubject,
  setting: Setting,
): Promise<CheckCommand | Judged> {
  const { places, mark } = setting;
  const folders = [places.tier_root, `${places.tier_root}/modules`];
  if (check.kind === "import") {
    const python = await pythonFor(effects, subject, setting);
    if ("verdict" in python) return python;
    const flags = ["-I", "-B", "-c", IMPORT_SCRIPT];
    const argv = [python.program, ...flags, mark, check.module, places.tier_root, ...folders];
    return { argv, readable: python.files, env: {} };
  }
  const [first = "", ...rest] = check.argv;
  const program = await programFor(effects, first, subject, setting);
  if ("verdict" in program) return program;
  const command = {
    argv: [program.program, ...rest],
    readable: program.files,
    env: { PYTHONPATH: folders.join(":") },
  };
  if (check.kind === "command") return command;
  return { ...command, stdin: `${JSON.stringify({ operation: "health", nonce: mark })}\n` };
}

interface Program {
  readonly program: string;
  readonly files: readonly string[];
}

async function programFor(
  effects: Pick<Effects, "fs" | "subprocess" | "signal">,
  word: string,
  subject: HealthSubject,
  setting: Setting,
): Promise<Program | Judged> {
  const { places, interpreters } = setting;
  const { package_id, files } = subject;
  if (word === "python") return pythonFor(effects, subject, setting);
  if (word === "node") {
    const { node } = interpreters;
    if (node === undefined) return unknown("no Node.js was found");
    const real = realOf(effects, node);
    if (real === undefined) return unknown(`${node} is missing`);
    return { program: real, files: [real] };
  }
  const file = files.find(({ path }) => path === word);
  if (file?.executable !== true)
    return { verdict: "unhealthy", reason: `${word} is not an executable file of ${package_id}` };
  return { program: `${places.plane_root}/${word}`, files: [] };
}

/**
 * An interpreter that lies in the plane is what is to be judged, not what judges; it is not run to be asked anything. That of
 * an environment is a link in the plane to one outside, which is asked in its place.
 */
async function pythonFor(
  effects: Pick<Effects, "fs" | "subprocess" | "signal">,
  { environment }: HealthSubject,
  { interpreters, places: { plane_root }, asked }: Setting,
): Promise<Program | Judged> {
  const python = environment?.interpreter ?? interpreters.python;
  if (python === undefined) return unknown("no Python was found");
  if (liesIn(effects, python, plane_root)) return unknown(`the Python ${python} lies inside the plane`);
  if (!asked.has(python)) asked.set(python, await interpreterFiles(effects, python));
  const files = asked.get(python);
  if (files === undefined) return unknown(`${python} does not answer as a Python 3`);
  if (environment === undefined) return { program: python, files };
  return { program: environment.python, files: [...files, ...environment.read_paths] };
}

/** By its name or by where that leads. */
export function liesIn(effects: Pick<Effects, "fs">, path: string, folder: string): boolean {
  const real = realOf(effects, path);
  return isInside(path, folder) || (real !== undefined && isInside(real, folder));
}

/** Undefined when nothing is there. */
export function realOf({ fs }: Pick<Effects, "fs">, path: string): string | undefined {
  try {
    return fs.realPath(path);
  } catch {
    return undefined;
  }
}

const unknown = (reason: string): Judged => ({ verdict: "unknown", reason });
