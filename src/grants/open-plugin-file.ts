/**
 * A plugin's files as they were installed, or not at all: the path is walked from the plane's own folder by descriptors, no
 * link is followed, and the bytes are hashed from the very descriptor that is handed out.
 */
import { checkEntryPath } from "../archive/index.ts";
import type { ReceiptFile } from "../contracts/index.ts";
import type { Effects, ReadHandle } from "../effects/index.ts";
import { prefixed, sha256Hex } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { readReceipt, tierPrefix } from "../receipts/index.ts";
import { make } from "./faults.ts";
import type { Plugin } from "./record.ts";
import { plainText } from "./scopes.ts";

export interface OpenedFile {
  /** Plane-relative. */
  readonly path: string;
  readonly bytes: Buffer;
  /** The descriptor the bytes came from; the caller closes it. */
  readonly handle: ReadHandle;
}

/**
 * @param relative within the plugin's own root, for example the entrypoint of its manifest
 * @throws PLUGIN_FILE_REFUSED, PLUGIN_OPEN_UNSUPPORTED, RECEIPT_DAMAGED
 */
export function openPluginFile(
  { fs }: Pick<Effects, "fs">,
  plane: Plane,
  plugin: Pick<Plugin, "record" | "manifest" | "asked">,
  relative: string,
): OpenedFile {
  const { record, asked } = plugin;
  const path = `${tierPrefix(record.plane_id)}${asked.root}/${relative}`;
  const refuse = (problem: string, cause?: unknown) =>
    make(
      "PLUGIN_FILE_REFUSED",
      `${plainText(path)} of ${record.namespace} is not opened: ${problem}`,
      { namespace: record.namespace, path: plainText(path), problem },
      cause,
    );
  const trusted = plane.config.plugin_roots.some((root) => asked.root.startsWith(`${root}/`));
  if (!trusted) throw refuse("its folder is no longer within a trusted root");
  if (checkEntryPath(path) !== undefined) throw refuse("it is no path within the plugin's own root");
  const file = installedFile({ fs }, plane, plugin, path);
  if (file === undefined) throw refuse("it is no file of what was installed");
  let handle: ReadHandle;
  try {
    handle = fs.openBeneath(plane.root, path.split("/"));
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    if (code === "ENOSYS") throw make("PLUGIN_OPEN_UNSUPPORTED", message, { path, problem: message }, error);
    if (code === "") throw error;
    throw refuse(PROBLEMS[code] ?? code, error);
  }
  try {
    const bytes = readAll(handle, file.size_bytes);
    if (bytes === undefined || prefixed(sha256Hex(bytes)) !== file.sha256)
      throw refuse("it is not as it was installed");
    return { path, bytes, handle };
  } catch (error) {
    handle.close();
    throw error;
  }
}

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: "it is not there",
  ELOOP: "a link stands on the way to it",
  ENOTDIR: "a link or a file stands where a folder was installed",
  EISDIR: "a folder stands in its place",
  ENXIO: "what stands there is no regular file",
};

/** As receipt and recorded manifest agree on it. */
function installedFile(
  { fs }: Pick<Effects, "fs">,
  plane: Plane,
  { record, manifest }: Pick<Plugin, "record" | "manifest">,
  path: string,
): ReceiptFile | undefined {
  const installed = readReceipt(fs, plane.root, record.package_id, record.plane_id);
  if (installed?.receipt.manifest_hash !== record.manifest_hash) return undefined;
  const prefix = tierPrefix(record.plane_id);
  const asset = manifest.assets.find((one) => prefix + one.path === path);
  const file = installed.receipt.files.find((one) => one.path === path);
  return file !== undefined && asset?.sha256 === file.sha256 ? file : undefined;
}

/** Undefined when the file is longer or shorter than it should be. */
function readAll(handle: ReadHandle, size_bytes: number): Buffer | undefined {
  const buffer = Buffer.allocUnsafe(size_bytes + 1);
  let filled = 0;
  while (filled < buffer.length) {
    const count = handle.read(buffer.subarray(filled), filled);
    if (count === 0) break;
    filled += count;
  }
  return filled === size_bytes ? buffer.subarray(0, size_bytes) : undefined;
}
