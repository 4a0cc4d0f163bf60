/** The program of a plugin: there, a regular file of the plugin itself, and of the language it is run with. */
import type { FileSystem } from "../../effects/index.ts";
import type { Problem } from "../problems.ts";
import type { Section } from "./section.ts";

/** What lies at a path relative to the plugin's own folder. */
export type LookAt = (path: string) => "file" | "link" | "other" | "nothing";

const ENDINGS = { python: [".py"], node: [".js", ".mjs", ".cjs"] } as const;
const POINTER = "/plugin/entrypoint";

export function checkEntrypoint(
  { raw, runtime, entrypoint, action_ids }: Section,
  lookAt: LookAt,
): Problem[] {
  if (raw["entrypoint"] === undefined && action_ids.length > 0)
    return [
      {
        code: "PLUGIN_ENTRYPOINT_MISSING",
        message: "is missing, and the plugin has actions",
        pointer: POINTER,
      },
    ];
  if (entrypoint === undefined) return [];
  const shown = JSON.stringify(entrypoint);
  if (!isInside(entrypoint))
    return [
      {
        code: "PLUGIN_ENTRYPOINT_PATH",
        message: `${shown} is no plain path within the plugin's own folder`,
        pointer: POINTER,
      },
    ];
  const found = lookAt(entrypoint);
  if (found === "nothing")
    return [
      { code: "PLUGIN_ENTRYPOINT_MISSING", message: `names ${shown}, which is not there`, pointer: POINTER },
    ];
  if (found !== "file")
    return [
      {
        code: "PLUGIN_ENTRYPOINT_KIND",
        message: `names ${shown}, which ${found === "link" ? "lies behind a symbolic link" : "is no regular file"}`,
        pointer: POINTER,
      },
    ];
  return runtime === undefined ? [] : checkEnding(entrypoint, runtime);
}

function checkEnding(entrypoint: string, runtime: keyof typeof ENDINGS): Problem[] {
  const endings: readonly string[] = ENDINGS[runtime];
  if (endings.some((ending) => entrypoint.endsWith(ending))) return [];
  const message = `names ${JSON.stringify(entrypoint)}, but ${runtime} runs ${endings.join(", ")}`;
  return [{ code: "PLUGIN_ENTRYPOINT_RUNTIME", message, pointer: POINTER, details: { runtime } }];
}

/** Relative, without `.`, `..` and empty parts, without backslashes and control characters. */
const isInside = (path: string): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this refuses.
  !/[\u0000-\u001f\u007f\\]/.test(path) &&
  path.split("/").every((part) => part !== "" && part !== "." && part !== "..");

/** Every folder on the way is looked at: one that is a link may lead anywhere. */
export const lookBelow =
  (fs: Pick<FileSystem, "stat">, directory: string): LookAt =>
  (path) => {
    const parts = path.split("/");
    for (let count = 1; count <= parts.length; count++) {
      const kind = fs.stat(`${directory}/${parts.slice(0, count).join("/")}`)?.kind;
      if (kind === undefined) return "nothing";
      if (kind === "symlink") return "link";
      if (count === parts.length) return kind === "file" ? "file" : "other";
    }
    return "nothing";
  };
