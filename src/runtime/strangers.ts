/** What lies in a plugin's folder without having been installed: an interpreter would find it too. */
import type { Effects } from "../effects/index.ts";
import type { Plugin } from "../grants/index.ts";
import { refused } from "./judge-file.ts";

/** Bytecode is neither read nor written by what we run, so it may lie there. */
export function refuseStrangers(
  fs: Effects["fs"],
  plugin: Plugin,
  { root, own }: { readonly root: string; readonly own: readonly string[] },
): void {
  const known = new Set(own);
  const folders = new Set(own.flatMap((path) => parentsOf(path, root)));
  const look = (folder: string): void => {
    for (const { name, kind } of fs.list(folder)) {
      const path = `${folder}/${name}`;
      if (kind === "directory" && name === "__pycache__") continue;
      if (kind === "directory" && folders.has(path)) look(path);
      else if (kind === "directory" ? hasFile(fs, path) : !known.has(path))
        throw refused(plugin, path, "nobody installed it with the plugin");
    }
  };
  if (fs.stat(root)?.kind === "directory") look(root);
}

/** An empty folder harms nobody. */
const hasFile = (fs: Effects["fs"], folder: string): boolean =>
  fs.list(folder).some(({ name, kind }) => kind !== "directory" || hasFile(fs, `${folder}/${name}`));

function parentsOf(path: string, root: string): string[] {
  const found: string[] = [];
  for (let at = path.lastIndexOf("/"); at > root.length; at = path.lastIndexOf("/", at - 1))
    found.push(path.slice(0, at));
  return found;
}
