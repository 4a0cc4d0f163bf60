/**
 * What runs is what was installed: every file of a plugin is hashed from a descriptor that no link led to, and held against
 * the receipt; what lies in its folder without being installed stops it, since an interpreter would find that too.
 */
import type { ReceiptFile } from "../contracts/index.ts";
import type { Effects, FileStat } from "../effects/index.ts";
import { makeGrantFault, openPluginFile, type Plugin } from "../grants/index.ts";
import { Fault, prefixed, sha256Hex, sha256Stream } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { readReceipt, tierPrefix } from "../receipts/index.ts";
import { make } from "./faults.ts";

type Needs = Pick<Effects, "fs" | "clock">;

export interface InstalledCode {
  /** Absolute. */
  readonly entrypoint: string;
  /** Absolute folder of the plugin. */
  readonly root: string;
  /** `sha256:` over paths, digests and executable bits of all that was judged. */
  readonly digest: string;
  /** Of the archive it came from. */
  readonly archive_hash: string;
  readonly stamps: ReadonlyMap<string, string>;
  /** Absolute paths of all that was installed in the folder, also of what is not judged. */
  readonly own: readonly string[];
}

/** Edited by operators or written by programs; a plugin that reads them knows that. */
const NOT_JUDGED: ReadonlySet<string> = new Set(["config", "state", "data", "doc"]);
const BUFFER_BYTES = 1 << 20;
/** A stamp younger than this may stay the same through another change. */
const SETTLED_MS = 2000;

/** Judged in this process, by the digest of the record; trusted again while every stamp is the same. */
const judged = new WeakMap<Effects["fs"], Map<string, InstalledCode>>();
const JUDGED_MAX = 256;

/** @throws plugin_entrypoint_missing, PLUGIN_FILE_REFUSED, PLUGIN_OPEN_UNSUPPORTED, RECEIPT_DAMAGED */
export function installedCode(effects: Needs, plane: Plane, plugin: Plugin): InstalledCode {
  const { fs, clock } = effects;
  const known = judged.get(fs) ?? new Map<string, InstalledCode>();
  judged.set(fs, known);
  const key = `${plane.root}\n${plugin.record_digest}`;
  const before = known.get(key);
  if (before !== undefined && changedSince(fs, before) === undefined) {
    refuseStrangers(fs, plugin, before);
    return before;
  }
  known.delete(key);
  const found = judge(fs, plane, plugin);
  const newest_ms = Math.max(...found.stats.map(({ ctime_ns }) => Number(ctime_ns / 1_000_000n)));
  if (known.size >= JUDGED_MAX) known.clear();
  if (clock.now_ms() - newest_ms > SETTLED_MS) known.set(key, found.code);
  return found.code;
}

/** The first file that is no longer what was judged; undefined when all are. */
export function changedSince(fs: Pick<Effects["fs"], "stat">, { stamps }: InstalledCode): string | undefined {
  for (const [path, stamp] of stamps) if (stampOf(fs.stat(path)) !== stamp) return path;
  return undefined;
}

function judge(
  fs: Effects["fs"],
  plane: Plane,
  plugin: Plugin,
): { readonly code: InstalledCode; readonly stats: readonly FileStat[] } {
  const { record, asked } = plugin;
  const folder = `${tierPrefix(record.plane_id)}${asked.root}`;
  const entrypoint = entrypointOf(fs, plane, plugin);
  const installed = readReceipt(fs, plane.root, record.package_id, record.plane_id);
  const files = (installed?.receipt.files ?? []).filter(({ path }) => path.startsWith(`${folder}/`));
  const own = [...files, ...(installed?.receipt.new_defaults ?? [])].map(
    ({ path }) => `${plane.root}/${path}`,
  );
  const root = `${plane.root}/${folder}`;
  refuseStrangers(fs, plugin, { root, own });
  const stamps = new Map<string, string>();
  const stats: FileStat[] = [];
  const lines: string[] = [];
  for (const file of files) {
    if (NOT_JUDGED.has(file.classification)) continue;
    const stat = judgeFile(fs, plane, plugin, file);
    stats.push(stat);
    stamps.set(`${plane.root}/${file.path}`, stampOf(stat));
    lines.push(`${file.sha256} ${file.executable ? "x" : "-"} ${file.path}\n`);
  }
  const archive_hash = installed?.receipt.archive_hash ?? "";
  const digest = prefixed(sha256Hex(lines.join("")));
  return { code: { entrypoint, root, digest, archive_hash, stamps, own }, stats };
}

function entrypointOf(fs: Effects["fs"], plane: Plane, plugin: Plugin): string {
  const { namespace } = plugin.record;
  const relative = plugin.manifest.plugin?.entrypoint;
  if (relative === undefined)
    throw make("plugin_entrypoint_missing", `${namespace} names no entrypoint, so nothing of it can be run`, {
      namespace,
      path: "",
      problem: "none is named",
    });
  try {
    const opened = openPluginFile({ fs }, plane, plugin, relative);
    opened.handle.close();
    return `${plane.root}/${opened.path}`;
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "PLUGIN_FILE_REFUSED") throw error;
    const { path, problem } = error.details as { path: string; problem: string };
    if (!/^it is (not there|no file of)/.test(problem)) throw error;
    throw make(
      "plugin_entrypoint_missing",
      `the entrypoint ${path} of ${namespace} cannot be run: ${problem}`,
      {
        namespace,
        path,
        problem,
      },
    );
  }
}

function judgeFile(fs: Effects["fs"], plane: Plane, plugin: Plugin, file: ReceiptFile): FileStat {
  const asset = plugin.manifest.assets.find(
    ({ path }) => tierPrefix(plugin.record.plane_id) + path === file.path,
  );
  if (asset?.sha256 !== file.sha256)
    throw refused(plugin, file.path, "receipt and manifest disagree about it");
  let handle: ReturnType<Effects["fs"]["openBeneath"]>;
  try {
    handle = fs.openBeneath(plane.root, file.path.split("/"));
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "" || code === "ENOSYS") throw error;
    throw refused(
      plugin,
      file.path,
      code === "ENOENT" ? "it is not there" : "it is not the file that was installed",
    );
  }
  try {
    const stat = handle.stat();
    const same =
      stat.size_bytes === file.size_bytes &&
      stat.executable === file.executable &&
      prefixed(digestOf(handle)) === file.sha256;
    if (!same) throw refused(plugin, file.path, "it is not as it was installed");
    return stat;
  } finally {
    handle.close();
  }
}

function digestOf(handle: ReturnType<Effects["fs"]["openBeneath"]>): string {
  const digest = sha256Stream();
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (let at = 0, count = handle.read(buffer, 0); count > 0; at += count, count = handle.read(buffer, at))
    digest.update(buffer.subarray(0, count));
  return digest.digest("hex");
}

/** Bytecode is neither read nor written by what we run, so it may lie there. */
function refuseStrangers(
  fs: Effects["fs"],
  plugin: Plugin,
  { root, own }: Pick<InstalledCode, "root" | "own">,
): void {
  const known = new Set(own);
  const folders = new Set(own.flatMap((path) => parentsOf(path, root)));
  const look = (folder: string): void => {
    for (const { name, kind } of fs.list(folder)) {
      const path = `${folder}/${name}`;
      if (kind === "directory" && name === "__pycache__") continue;
      if (kind === "directory" && folders.has(path)) look(path);
      else if (kind === "directory" ? hasFile(fs, path) : !known.has(path))
        throw refused(plugin, path, "nobody installed it with the plugin");
    }
  };
  if (fs.stat(root)?.kind === "directory") look(root);
}

/** An empty folder harms nobody. */
const hasFile = (fs: Effects["fs"], folder: string): boolean =>
  fs.list(folder).some(({ name, kind }) => kind !== "directory" || hasFile(fs, `${folder}/${name}`));

function parentsOf(path: string, root: string): string[] {
  const found: string[] = [];
  for (let at = path.lastIndexOf("/"); at > root.length; at = path.lastIndexOf("/", at - 1))
    found.push(path.slice(0, at));
  return found;
}

const refused = (plugin: Plugin, path: string, problem: string): Fault =>
  makeGrantFault("PLUGIN_FILE_REFUSED", `${path} stops ${plugin.record.namespace}: ${problem}`, {
    namespace: plugin.record.namespace,
    path,
    problem,
  });

const stampOf = (stat: FileStat | undefined): string =>
  stat === undefined
    ? ""
    : [stat.kind, stat.size_bytes, stat.mode, stat.mtime_ns, stat.ctime_ns, stat.inode, stat.device].join(
        " ",
      );
