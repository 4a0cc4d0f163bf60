/**
 * What lies in a plugin's folder without having been installed. Where the folder is also the source it is packed from, notes and
 * settings of its author lie there: they are not shown to the plugin. A file that an interpreter would load is another matter.
 */
import type { Effects } from "../effects/index.ts";
import type { Plugin } from "../grants/index.ts";
import { refused } from "./judge-file.ts";

const IS_LOADED = /\.(py|pyc|pyw|pyd|so|pth|js|mjs|cjs|ts|mts|cts|json|node|wasm)$/i;

/** Absolute paths, a folder for all in it. @throws PLUGIN_FILE_REFUSED for one that would be loaded */
export function strangersIn(
  fs: Effects["fs"],
  plugin: Plugin,
  { root, own }: { readonly root: string; readonly own: readonly string[] },
): string[] {
  const known = new Set(own);
  const folders = new Set(own.flatMap((path) => parentsOf(path, root)));
  const found: string[] = [];
  const look = (folder: string): void => {
    for (const { name, kind } of fs.list(folder)) {
      const path = `${folder}/${name}`;
      // Bytecode is neither read nor written by what we run.
      if (kind === "directory" && name === "__pycache__") continue;
      if (kind === "directory" && folders.has(path)) look(path);
      else if (known.has(path)) continue;
      else if (kind !== "directory" && (kind !== "file" || IS_LOADED.test(name)))
        throw refused(plugin, path, "nobody installed it with the plugin, and it would be loaded");
      else found.push(path);
    }
  };
  if (fs.stat(root)?.kind === "directory") look(root);
  return found;
}

function parentsOf(path: string, root: string): string[] {
  const found: string[] = [];
  for (let at = path.lastIndexOf("/"); at > root.length; at = path.lastIndexOf("/", at - 1))
    found.push(path.slice(0, at));
  return found;
}
