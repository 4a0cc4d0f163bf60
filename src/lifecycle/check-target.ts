/** Where packages may not write: names no archive can hold, and the plane's own folders. Pure. */
import { checkEntryPath } from "../archive/index.ts";
import type { Fault } from "../kernel/index.ts";
import { reservedFolder } from "../plane/index.ts";
import { make } from "./faults.ts";

/** @param path plane-relative: the `target` of a package, or one of its files */
export function judgeTarget(path: string): Fault | undefined {
  const refused = checkEntryPath(path);
  if (refused !== undefined) return refused;
  const folder = reservedFolder(path);
  return folder === undefined
    ? undefined
    : make("TARGET_REFUSED", `packages may not write ${path}: ${folder} belongs to the plane`, {
        path,
        folder,
        field: "/target",
      });
}
