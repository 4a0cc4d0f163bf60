import { sha256Hex } from "../kernel/index.ts";
import type { Context } from "./define.ts";
import { readTemplates } from "./templates.ts";

/** What `init` wrote under scripts/, by path: the launchers belong to the plane itself and to no package. */
export function launcherFiles({ effects, files }: Context): Map<string, Buffer> {
  const templates = readTemplates(effects, `${files.package_directory}/templates`);
  return new Map([...templates].filter(([path]) => path.startsWith("scripts/")));
}

export const launcherDigests = (context: Context): Map<string, string> =>
  new Map([...launcherFiles(context)].map(([path, bytes]) => [path, sha256Hex(bytes)]));
