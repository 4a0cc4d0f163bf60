/** What lies in a folder of the journal is not trusted to stay inside the plane. */
import { checkEntryPath } from "../archive/index.ts";
import type { FileSystem } from "../effects/index.ts";
import type { Site } from "./apply.ts";
import { make } from "./faults.ts";
import { GENERATIONS } from "./places.ts";
import type { Change } from "./records.ts";

/** @throws JOURNAL_DAMAGED for a path that leaves the plane, by name or through a link */
export function requireInside(fs: FileSystem, { root, directory }: Site, change: Change): void {
  const paths = [change.path];
  if (change.kind === "put" && change.source !== undefined) paths.push(change.source);
  for (const [index, path] of paths.entries()) {
    let problem = typeof path === "string" ? checkEntryPath(path)?.message : "a change names no path";
    if (index === 1 && problem === undefined && !path.startsWith(`${GENERATIONS}/`))
      problem = `${path} is no kept file`;
    const segments = problem === undefined ? path.split("/").slice(0, -1) : [];
    let folder = root;
    for (const segment of segments) {
      folder += `/${segment}`;
      if (fs.stat(folder)?.kind === "symlink") problem = `${folder} is a link`;
    }
    if (problem === undefined) continue;
    throw make("JOURNAL_DAMAGED", `${directory} plans a change outside the plane: ${problem}`, {
      path: directory,
      problem,
    });
  }
}
