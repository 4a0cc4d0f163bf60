/** What lies below a folder of the plane. */
import type { DirectoryEntry } from "../effects/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import type { Sight } from "./sight.ts";

/** Folders that hold no file of anybody: caches follow their owners, and version control has its own guard. */
const PASSED_OVER = new Set(["__pycache__", ".git", "node_modules", ".pytest_cache"]);

/** Plane-relative paths of everything that is no folder, sorted. Links are listed, never followed. */
export function filesBelow(sight: Sight, folder: string): string[] {
  const found: string[] = [];
  const waiting = sight.stat(folder)?.kind === "directory" ? [folder] : [];
  for (const at of waiting) {
    for (const { name, kind } of listOf(sight, at)) {
      if (kind !== "directory") found.push(`${at}/${name}`);
      else if (!PASSED_OVER.has(name)) waiting.push(`${at}/${name}`);
    }
  }
  return found.sort(compareCodePoints);
}

function listOf(sight: Sight, folder: string): DirectoryEntry[] {
  try {
    return sight.effects.fs.list(`${sight.plane.root}/${folder}`);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code !== "string") throw error;
    sight.note({
      code: "TRACE_FOLDER_UNREADABLE",
      severity: "error",
      message: `${folder} cannot be listed (${code}), so what lies below it is not shown`,
      next_step: `Make ${folder} readable for this user ("ls -ld ${folder}" shows its mode).`,
      path: folder,
    });
    return [];
  }
}
