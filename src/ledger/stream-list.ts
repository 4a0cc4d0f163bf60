/** Which streams a plane has: those that lie in it, and those whose head or checkpoint is kept though the file is gone. */
import type { FileSystem } from "../effects/index.ts";
import { hasLog, isStreamName } from "./stream-ref.ts";

/** Kept by older writers beside their streams; not a chain. */
const NO_STREAM = "index.jsonl";
const HEAD_BYTES_MAX = 4096;

type Reading = Pick<FileSystem, "stat" | "list" | "read">;

/**
 * Plane-relative names, sorted: `ledger/*.jsonl`, `ledger/sessions/*.jsonl`, `planes/<tier>/ledger/*.jsonl` and the ledgers
 * of sessions by the older runtime, `planes/<tier>/sessions/<id>/ledger/*.jsonl`.
 * @throws Node's own error when a folder cannot be read
 */
export function listStreams(fs: Reading, where: { root: string; heads_directory?: string }): string[] {
  const { root, heads_directory } = where;
  const folders = ["ledger", "ledger/sessions"];
  for (const tier of foldersIn(fs, root, "planes")) {
    folders.push(`${tier}/ledger`);
    for (const session of foldersIn(fs, root, `${tier}/sessions`)) folders.push(`${session}/ledger`);
  }
  const found = new Set(
    folders.flatMap((folder) => [...streamsIn(fs, root, folder), ...logsIn(fs, root, folder)]),
  );
  if (heads_directory !== undefined) for (const name of headed(fs, heads_directory)) found.add(name);
  return [...found].sort();
}

const isFolder = (fs: Reading, path: string): boolean => fs.stat(path)?.kind === "directory";

function foldersIn(fs: Reading, root: string, folder: string): string[] {
  if (!isFolder(fs, `${root}/${folder}`)) return [];
  return fs
    .list(`${root}/${folder}`)
    .filter(({ kind }) => kind === "directory")
    .map(({ name }) => `${folder}/${name}`);
}

function streamsIn(fs: Reading, root: string, folder: string): string[] {
  if (!isFolder(fs, `${root}/${folder}`)) return [];
  return fs
    .list(`${root}/${folder}`)
    .filter(({ name, kind }) => kind !== "directory" && name.endsWith(".jsonl") && name !== NO_STREAM)
    .map(({ name }) => `${folder}/${name}`);
}

/** A deleted stream leaves its log, which lies in a folder of its name. */
function logsIn(fs: Reading, root: string, folder: string): string[] {
  return foldersIn(fs, root, folder)
    .filter((path) => hasLog(`${path}.jsonl`) && fs.stat(`${root}/${path}/checkpoint`) !== undefined)
    .map((path) => `${path}.jsonl`);
}

/** A deleted stream leaves its head, which names it. */
function headed(fs: Reading, directory: string): string[] {
  if (!isFolder(fs, directory)) return [];
  return fs
    .list(directory)
    .filter(({ name, kind }) => kind === "file" && name.endsWith(".json"))
    .flatMap(({ name }) => {
      const stream = streamOfHead(fs, `${directory}/${name}`);
      return stream !== undefined && name === `${stream.replaceAll("/", "__")}.json` ? [stream] : [];
    });
}

function streamOfHead(fs: Reading, path: string): string | undefined {
  if ((fs.stat(path)?.size_bytes ?? 0) > HEAD_BYTES_MAX) return undefined;
  try {
    const { stream } = JSON.parse(fs.read(path).toString("utf8")) as { stream?: unknown };
    return typeof stream === "string" && isStreamName(stream) ? stream : undefined;
  } catch {
    return undefined;
  }
}
