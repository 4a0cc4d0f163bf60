/** Files a command writes because somebody asked for them with --out: never where a plane, or its keys, keep their own. */
import type { Effects, FileSystem } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { make } from "./faults.ts";
import { replaceFile } from "./files.ts";
import { unownedVerdict } from "./governed.ts";
import { absolute, planeWith } from "./open.ts";
import { CONFIG_PATH, reservedFolder } from "./paths.ts";

type Needs = Pick<Effects, "fs" | "host">;

/**
 * Where a file of that name may be written: in a folder that is there, on nothing or on a regular file, and in no governed or
 * reserved folder of any plane. Ask before the work begins.
 * @param path relative to the working directory @returns absolute, links of folders resolved @throws OUTPUT_REFUSED
 */
export function outputPlace({ fs, host }: Needs, path: string): string {
  const refuse = (problem: string) => make("OUTPUT_REFUSED", `${path} ${problem}`, { path });
  if (path.includes("\0")) throw refuse("is no path");
  const named = absolute(host.cwd, path);
  const folder = named.slice(0, named.lastIndexOf("/")) || "/";
  const name = named.slice(named.lastIndexOf("/") + 1);
  if (name === "" || path.endsWith("/")) throw refuse("is a folder");
  const real = realFolder(fs, folder);
  if (real === undefined) throw refuse("lies in no folder");
  const target = `${real === "/" ? "" : real}/${name}`;
  if (isOfAPlane({ fs, host }, target))
    throw refuse("lies where a plane keeps its own, which no report replaces");
  const kind = fs.stat(target)?.kind ?? "file";
  if (kind !== "file") throw refuse(kind === "other" ? "is no regular file" : `is a ${kind}`);
  return target;
}

/** Writes it whole or not at all. @returns the absolute path @throws OUTPUT_REFUSED, OUT_UNWRITABLE */
export function writeOutput(effects: Needs & Pick<Effects, "random">, path: string, text: string): string {
  const target = outputPlace(effects, path);
  try {
    replaceFile(effects, target, Buffer.from(text));
  } catch (error) {
    const problem = (error as NodeJS.ErrnoException).code;
    if (problem === undefined) throw error;
    throw outputUnwritable(path, problem, error);
  }
  return target;
}

/** @param problem error code of the system, or a phrase */
export const outputUnwritable = (path: string, problem: string, cause?: unknown): Fault =>
  make("OUT_UNWRITABLE", `${path} cannot be written (${problem})`, { path, problem }, cause);

function realFolder(fs: FileSystem, folder: string): string | undefined {
  try {
    const real = fs.realPath(folder);
    return fs.stat(real)?.kind === "directory" ? real : undefined;
  } catch {
    return undefined;
  }
}

/** Every folder above may be a plane, also another one than the command is about; the keys lie in none. */
function isOfAPlane({ fs, host }: Needs, target: string): boolean {
  for (let root = above(target); root !== ""; root = above(root)) {
    if (/\/planes\/[0-9a-f]{32}$/.test(root) && fs.stat(`${root}/secrets.env`) !== undefined) return true;
    if (fs.stat(`${root}/${CONFIG_PATH}`) === undefined) continue;
    const path = target.slice(root.length + 1);
    if (reservedFolder(path) !== undefined || isGoverned({ fs, host }, root, path)) return true;
  }
  return false;
}

const above = (path: string): string => path.slice(0, path.lastIndexOf("/"));

function isGoverned({ fs, host }: Needs, root: string, path: string): boolean {
  try {
    return unownedVerdict(planeWith({ host }, root, fs.readText(`${root}/${CONFIG_PATH}`)), path) !== null;
  } catch (error) {
    // Nobody can say what is governed there; beside the folders there is nothing to lose.
    if (!(error instanceof Fault) && (error as NodeJS.ErrnoException).code === undefined) throw error;
    return path.includes("/");
  }
}
