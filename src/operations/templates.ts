/** Files that are shipped with the product. A file of its own: commands that only read need nothing else of `init`. */
import type { Effects } from "../effects/index.ts";

/** Everything below a shipped folder, by its path there. */
export function readTemplates({ fs }: Pick<Effects, "fs">, directory: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const walk = (prefix: string): void => {
    for (const { name, kind } of fs.list(`${directory}/${prefix}`)) {
      if (kind === "directory" && name !== "__pycache__") walk(`${prefix}${name}/`);
      else if (kind === "file") files.set(`${prefix}${name}`, fs.read(`${directory}/${prefix}${name}`));
    }
  };
  walk("");
  return files;
}
