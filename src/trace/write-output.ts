/** The one thing a trace may write: the page somebody asked for, where no plane keeps its own. */
import type { Effects } from "../effects/index.ts";
import { absolute, type Plane, reservedFolder } from "../plane/index.ts";
import { make } from "./faults.ts";
import { unownedVerdict } from "./governed.ts";

/**
 * Replaces a file of that name; follows no link. `path` is relative to the working directory.
 * @returns the absolute path
 * @throws TRACE_OUTPUT_REFUSED in a governed or reserved folder of the plane, where no folder is, or where something else than a file lies
 */
export function writeOutput(
  { fs, host, random }: Pick<Effects, "fs" | "host" | "random">,
  plane: Plane,
  path: string,
  text: string,
): string {
  const named = absolute(host.cwd, path);
  const refuse = (problem: string) => make("TRACE_OUTPUT_REFUSED", `${path} ${problem}`, { path });
  const folder = named.slice(0, named.lastIndexOf("/")) || "/";
  if (path.includes("\0") || fs.stat(folder)?.kind === undefined) throw refuse("lies in no folder");
  const real = fs.realPath(folder);
  const target = `${real === "/" ? "" : real}/${named.slice(named.lastIndexOf("/") + 1)}`;
  if (isGoverned(plane, target))
    throw refuse("lies where the plane keeps its own, which a trace never changes");
  const kind = fs.stat(target)?.kind ?? "file";
  if (kind !== "file") throw refuse(`is a ${kind}`);
  const aside = `${target}.${random.hex(4)}.part`;
  const handle = fs.openWrite(aside, { mode: 0o644, how: "exclusive" });
  try {
    handle.write(Buffer.from(text));
  } finally {
    handle.close();
  }
  fs.rename(aside, target);
  return target;
}

function isGoverned(plane: Plane, target: string): boolean {
  if (!target.startsWith(`${plane.root}/`)) return false;
  const path = target.slice(plane.root.length + 1);
  return reservedFolder(path) !== undefined || unownedVerdict(plane, path) !== null;
}
