import type { FileSystem } from "../effects/index.ts";
import { make } from "./faults.ts";

const ARCHIVES_MAX = 10_000;

/** Every `*.tar.gz` right in a folder, sorted by name; links are passed over. @throws ARCHIVES_NOT_FOUND */
export function listArchives(fs: FileSystem, directory: string): { path: string; size_bytes: number }[] {
  const refuse = (problem: string) =>
    make("ARCHIVES_NOT_FOUND", `${directory} ${problem}`, { path: directory, problem });
  if (fs.stat(directory)?.kind !== "directory") throw refuse("is no folder");
  const found = fs.list(directory).filter(({ name, kind }) => kind === "file" && name.endsWith(".tar.gz"));
  if (found.length === 0) throw refuse("holds no .tar.gz archive");
  if (found.length > ARCHIVES_MAX) throw refuse(`holds more than ${ARCHIVES_MAX} archives`);
  return found.map(({ name }) => {
    const path = `${directory}/${name}`;
    return { path, size_bytes: fs.stat(path)?.size_bytes ?? 0 };
  });
}
