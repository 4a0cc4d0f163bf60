/** `pkg new`: a plugin that passes preflight, packs and installs as it is. The folder appears whole or not at all. */
import type { Effects, FileSystem } from "../effects/index.ts";
import { raise } from "./faults.ts";
import type { NewPlugin } from "./named.ts";
import { type NewRequest, nameNew } from "./names.ts";
import { planNew } from "./plan.ts";

export interface NewResult extends NewPlugin {
  readonly directory: string;
  /** Relative to the folder, sorted. */
  readonly files: readonly string[];
  readonly dry_run: boolean;
}

/**
 * `source_schema`: JSON Schema of the metadata, as text.
 * @throws NEW_FOLDER_TAKEN, NEW_FOLDER_PARENT, NEW_NAME_UNUSABLE
 */
export function newPlugin(
  { fs, random, host: { cwd } }: Pick<Effects, "fs" | "random" | "host">,
  request: NewRequest & { readonly dry_run: boolean },
  source_schema: string,
): NewResult {
  const { directory, dry_run } = request;
  const place = resolved(cwd, directory);
  const name = place.slice(place.lastIndexOf("/") + 1);
  const plugin = nameNew(request, name);
  const files = planNew(plugin, source_schema);
  checkFree(fs, place, directory);
  const result = { ...plugin, directory, files: [...files.keys()].sort(), dry_run };
  if (dry_run) return result;
  const aside = `${parentOf(place)}/.${name.slice(0, 100)}.new-${random.hex(6)}`;
  fs.makeDirectory(aside);
  for (const [path, text] of files) write(fs, aside, path, text);
  // An empty folder may be replaced by this one; nothing else can.
  fs.rename(aside, place);
  return result;
}

function checkFree(fs: FileSystem, place: string, directory: string): void {
  const parent = parentOf(place);
  if (fs.stat(parent)?.kind !== "directory")
    raise("NEW_FOLDER_PARENT", `there is no folder ${parentOf(directory)} to put it in`, {
      path: directory,
      parent: parentOf(directory),
    });
  const kind = fs.stat(place)?.kind;
  if (kind === undefined || (kind === "directory" && fs.list(place).length === 0)) return;
  raise("NEW_FOLDER_TAKEN", `${directory} is there already and nothing in it is overwritten`, {
    path: directory,
  });
}

function write(fs: FileSystem, directory: string, path: string, text: string): void {
  const folder = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
  if (folder !== "" && fs.stat(`${directory}/${folder}`) === undefined)
    fs.makeDirectory(`${directory}/${folder}`);
  const file = fs.openWrite(`${directory}/${path}`, { mode: 0o644, how: "exclusive" });
  try {
    file.write(Buffer.from(text));
  } finally {
    file.close();
  }
}

/** Absolute, without `.` and `..`. */
function resolved(cwd: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${cwd}/${path}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

const parentOf = (path: string): string => {
  const at = path.replace(/\/+$/, "").lastIndexOf("/");
  return at < 0 ? "." : path.slice(0, at) || "/";
};
