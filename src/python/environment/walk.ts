/** Everything in an environment's folder: files, links with where they lead, folders. */
import type { EnvironmentRecord } from "../../contracts/index.ts";
import type { Effects, FileStat } from "../../effects/index.ts";

export interface WalkedEnvironment<T> {
  readonly files: T[];
  readonly links: EnvironmentRecord["links"];
  /** Relative, parents first; the folder itself is "". */
  readonly directories: string[];
  /** Neither file, folder nor link. */
  readonly others: string[];
}

/** The record of the environment, at its top, is not among the files. */
export function walkEnvironment<T>(
  fs: Effects["fs"],
  directory: string,
  describe: (file: { readonly path: string; readonly stat: FileStat }) => T,
): WalkedEnvironment<T> {
  const found: WalkedEnvironment<T> = { files: [], links: [], directories: [""], others: [] };
  const visit = (folder: string): void => {
    for (const { name } of fs.list(folder === "" ? directory : `${directory}/${folder}`)) {
      const path = folder === "" ? name : `${folder}/${name}`;
      const stat = fs.stat(`${directory}/${path}`);
      if (stat?.kind === "directory") {
        found.directories.push(path);
        visit(path);
      } else if (stat?.kind === "symlink") found.links.push({ path, leads_to: target(fs, directory, path) });
      else if (stat?.kind === "file") {
        if (path !== "environment.json") found.files.push(describe({ path, stat }));
      } else found.others.push(path);
    }
  };
  visit("");
  return found;
}

function target(fs: Effects["fs"], directory: string, path: string): string {
  try {
    const own = `${fs.realPath(directory)}/`;
    const real = fs.realPath(`${directory}/${path}`);
    return real.startsWith(own) ? real.slice(own.length) : real;
  } catch {
    return "nothing";
  }
}
