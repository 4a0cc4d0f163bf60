import type { Effects } from "../../effects/index.ts";
import { absolute } from "../../plane/index.ts";
import { make } from "../faults.ts";

/** The folder a user names, links resolved. @throws ADOPT_FOLDER_MISSING */
export function resolveFolder({ fs, host }: Pick<Effects, "fs" | "host">, named: string): string {
  const path = absolute(host.cwd, named);
  let real: string;
  try {
    real = fs.realPath(path);
  } catch (error) {
    const { code = "unknown" } = error as { code?: string };
    throw make("ADOPT_FOLDER_MISSING", `${named} cannot be found (${code})`, { folder: named });
  }
  if (fs.stat(real)?.kind === "directory") return real;
  throw make("ADOPT_FOLDER_MISSING", `${named} is not a folder`, { folder: named });
}
