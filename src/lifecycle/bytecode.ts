/** Bytecode that Python keeps beside owned sources: which files it could be, without judging what they hold. */
import type { FileSystem } from "../effects/index.ts";

/** `<stem>.cpython-311.pyc`, `<stem>.cpython-311.opt-1.pyc` (PEP 3147, PEP 488). */
const CACHED = /^(.+?)\.[a-z]+-?\d+(?:\.opt-[0-9a-z]+)?\.pyc$/;

/** Existing `__pycache__/<stem>.<tag>.pyc` files of the given sources. All paths plane-relative, sorted by folder. */
export function bytecodeBeside(fs: FileSystem, root: string, sources: Iterable<string>): string[] {
  const stems = new Map<string, Set<string>>();
  for (const path of sources) {
    if (!path.endsWith(".py")) continue;
    const slash = path.lastIndexOf("/");
    const folder = slash < 0 ? "" : path.slice(0, slash + 1);
    const known = stems.get(folder) ?? new Set();
    known.add(path.slice(slash + 1, -3));
    stems.set(folder, known);
  }
  return [...stems].flatMap(([folder, names]) => {
    const cache = `${folder}__pycache__`;
    if (fs.stat(`${root}/${cache}`)?.kind !== "directory") return [];
    return fs
      .list(`${root}/${cache}`)
      .filter(({ name, kind }) => kind === "file" && names.has(CACHED.exec(name)?.[1] ?? ""))
      .map(({ name }) => `${cache}/${name}`);
  });
}
