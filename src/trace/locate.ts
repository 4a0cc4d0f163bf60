/** From what a person typed to a path of the plane. */
import type { Effects } from "../effects/index.ts";
import { absolute } from "../plane/index.ts";
import { parentOf } from "./plane-path.ts";
import { shellWord } from "./shell-word.ts";
import type { Sight } from "./sight.ts";

const PATH_CHARACTERS_MAX = 4096;

/**
 * Plane-relative path (empty for the plane itself) of something that exists, is owned or is registered; else undefined.
 * Read as relative to the plane first, then as absolute, then as relative to the working directory.
 */
export function locatePath(sight: Sight, subject: string): string | undefined {
  if (subject === "" || subject.includes("\0") || subject.length > PATH_CHARACTERS_MAX) return undefined;
  const candidates = [...new Set(candidatesOf(sight, subject))].filter((path) => isKnown(sight, path));
  const [path, other] = candidates;
  if (path !== undefined && other !== undefined) {
    sight.note({
      code: "TRACE_PATH_AMBIGUOUS",
      severity: "info",
      message: `the name also fits ${other}; this is about ${path}`,
      next_step: `Run "trace --explain ${shellWord(other)}".`,
      path: other,
    });
  }
  return path;
}

function candidatesOf(sight: Sight, subject: string): string[] {
  const { root } = sight.plane;
  const { fs, host } = sight.effects;
  const within = (path: string): string[] => {
    if (path === root) return [""];
    return path.startsWith(`${root}/`) ? [path.slice(root.length + 1)] : [];
  };
  if (!subject.startsWith("/")) {
    return [...within(absolute(root, subject)), ...within(absolute(realPath(fs, host.cwd), subject))];
  }
  const typed = absolute("/", subject);
  // Older registries write plane paths with a leading slash.
  return [
    ...within(typed),
    ...within(`${realPath(fs, parentOf(typed) || "/")}${typed.slice(parentOf(typed).length)}`),
    ...within(`${root}${typed}`),
  ];
}

/** The path itself where nothing can be resolved. */
function realPath(fs: Effects["fs"], path: string): string {
  try {
    return fs.realPath(path);
  } catch {
    return path;
  }
}

function isKnown(sight: Sight, path: string): boolean {
  return (
    sight.stat(path) !== undefined ||
    sight.artifactsByPath.has(path) ||
    sight.launchers.has(path) ||
    (path !== "" && (sight.ownershipRow(path) !== undefined || sight.ownedAt(path) !== undefined))
  );
}
