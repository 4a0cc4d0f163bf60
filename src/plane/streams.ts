import type { FileSystem } from "../effects/index.ts";
import { PLANE_STREAMS } from "./paths.ts";

const FOLDERS = ["ledger", "planes/ho2/ledger", "planes/ho1/ledger"];

/** Plane-relative paths of all ledger streams: the known ones first, then whatever else lies in the ledger folders. */
export function ledgerStreams(fs: FileSystem, root: string): string[] {
  const found = FOLDERS.flatMap((folder) => jsonlIn(fs, root, folder));
  const known = PLANE_STREAMS.filter((name) => found.includes(name));
  return [...new Set([...known, ...found])];
}

function jsonlIn(fs: FileSystem, root: string, folder: string): string[] {
  if (fs.stat(`${root}/${folder}`)?.kind !== "directory") return [];
  return fs
    .list(`${root}/${folder}`)
    .filter(({ name, kind }) => kind === "file" && name.endsWith(".jsonl"))
    .map(({ name }) => `${folder}/${name}`);
}
