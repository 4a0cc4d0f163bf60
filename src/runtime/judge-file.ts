/** One installed file, opened by descriptors from the plane's own folder and hashed from the descriptor. */
import type { ReceiptFile } from "../contracts/index.ts";
import type { Effects, FileStat, ReadHandle } from "../effects/index.ts";
import { makeGrantFault, type Plugin } from "../grants/index.ts";
import { type Fault, prefixed, sha256Hex, sha256Stream } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { tierPrefix } from "../receipts/index.ts";

const BUFFER_BYTES = 1 << 20;

export interface JudgedFile {
  readonly stat: FileStat;
  /** Where they were asked for. */
  readonly bytes?: Uint8Array;
}

/** @throws PLUGIN_FILE_REFUSED for anything but the regular file that was installed */
export function judgeFile(
  fs: Effects["fs"],
  plane: Plane,
  plugin: Plugin,
  file: ReceiptFile,
  keeps_bytes: boolean,
): JudgedFile {
  const asset = plugin.manifest.assets.find(
    ({ path }) => tierPrefix(plugin.record.plane_id) + path === file.path,
  );
  if (asset?.sha256 !== file.sha256)
    throw refused(plugin, file.path, "receipt and manifest disagree about it");
  const handle = opened(fs, plane, plugin, file);
  try {
    const stat = handle.stat();
    if (stat.size_bytes !== file.size_bytes || stat.executable !== file.executable)
      throw refused(plugin, file.path, "it is not as it was installed");
    const bytes = keeps_bytes ? whole(handle, file.size_bytes) : undefined;
    const digest = bytes === undefined ? digestOf(handle) : sha256Hex(bytes);
    if (prefixed(digest) !== file.sha256) throw refused(plugin, file.path, "it is not as it was installed");
    return bytes === undefined ? { stat } : { stat, bytes };
  } finally {
    handle.close();
  }
}

function opened(fs: Effects["fs"], plane: Plane, plugin: Plugin, { path }: ReceiptFile): ReadHandle {
  try {
    return fs.openBeneath(plane.root, path.split("/"));
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "" || code === "ENOSYS") throw error;
    throw refused(
      plugin,
      path,
      code === "ENOENT" ? "it is not there" : "it is not the file that was installed",
    );
  }
}

function whole(handle: ReadHandle, size_bytes: number): Buffer {
  const buffer = Buffer.alloc(size_bytes);
  let filled = 0;
  for (let count = 1; count > 0 && filled < size_bytes; filled += count)
    count = handle.read(buffer.subarray(filled), filled);
  return buffer.subarray(0, filled);
}

function digestOf(handle: ReadHandle): string {
  const digest = sha256Stream();
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (let at = 0, count = handle.read(buffer, 0); count > 0; at += count, count = handle.read(buffer, at))
    digest.update(buffer.subarray(0, count));
  return digest.digest("hex");
}

export const refused = (plugin: Plugin, path: string, problem: string): Fault =>
  makeGrantFault("PLUGIN_FILE_REFUSED", `${path} keeps ${plugin.record.namespace} from running: ${problem}`, {
    namespace: plugin.record.namespace,
    path,
    problem,
  });
