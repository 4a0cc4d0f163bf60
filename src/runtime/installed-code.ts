/**
 * What runs is what was installed: every file of a plugin is hashed from a descriptor that no link led to, and held against
 * the receipt; what lies in its folder without being installed stops it, since an interpreter would find that too.
 */
import type { Effects, FileStat } from "../effects/index.ts";
import { openPluginFile, type Plugin } from "../grants/index.ts";
import { Fault, prefixed, sha256Hex } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { readReceipt, tierPrefix } from "../receipts/index.ts";
import { make } from "./faults.ts";
import { judgeFile } from "./judge-file.ts";
import { stampOf } from "./stamps.ts";
import { strangersIn } from "./strangers.ts";

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
  /** What lies there besides and is not to be seen. */
  readonly strangers: readonly string[];
  /** Of a small plugin: the bytes that were judged, to be shown to it instead of what lies there. */
  readonly bytes: readonly { readonly path: string; readonly bytes: Uint8Array }[];
}

/** Of a larger plugin the files themselves are shown, and looked at again when it ended. */
const SHOWN_BYTES_MAX = 1 << 20;
const SHOWN_FILES_MAX = 64;

/** Edited by operators or written by programs; a plugin that reads them knows that. */
const NOT_JUDGED: ReadonlySet<string> = new Set(["config", "state", "data", "doc"]);
/** A stamp younger than this may stay the same through another change. */
const SETTLED_MS = 2000;

/**
 * Plugins judged in this process, by the digest of the record; trusted again while every stamp is the same. What is shown of a
 * small one are the bytes that were judged.
 */
const judged = new WeakMap<Effects["fs"], Map<string, InstalledCode>>();
const JUDGED_MAX = 64;

/** @throws plugin_entrypoint_missing, PLUGIN_FILE_REFUSED, PLUGIN_OPEN_UNSUPPORTED, RECEIPT_DAMAGED */
export function installedCode(effects: Needs, plane: Plane, plugin: Plugin): InstalledCode {
  const { fs, clock } = effects;
  const known = judged.get(fs) ?? new Map<string, InstalledCode>();
  judged.set(fs, known);
  const key = `${plane.root}\n${plugin.record_digest}`;
  const before = known.get(key);
  if (before !== undefined && changedSince(fs, before) === undefined) {
    return { ...before, strangers: strangersIn(fs, plugin, before) };
  }
  known.delete(key);
  const { code, stats } = judge(fs, plane, plugin);
  const newest_ms = Math.max(0, ...stats.map(({ ctime_ns }) => Number(ctime_ns / 1_000_000n)));
  if (known.size >= JUDGED_MAX) known.clear();
  if (clock.now_ms() - newest_ms > SETTLED_MS) known.set(key, code);
  return code;
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
  const strangers = strangersIn(fs, plugin, { root, own });
  const code_files = files.filter(({ classification }) => !NOT_JUDGED.has(classification));
  const size_bytes = code_files.reduce((sum, one) => sum + one.size_bytes, 0);
  const keeps_bytes = size_bytes <= SHOWN_BYTES_MAX && code_files.length <= SHOWN_FILES_MAX;
  const judged_files = code_files.map((file) => ({
    path: `${plane.root}/${file.path}`,
    ...judgeFile(fs, plane, plugin, file, keeps_bytes),
  }));
  const lines = code_files.map(
    ({ sha256, executable, path }) => `${sha256} ${executable ? "x" : "-"} ${path}\n`,
  );
  const code = {
    entrypoint,
    root,
    digest: prefixed(sha256Hex(lines.join(""))),
    archive_hash: installed?.receipt.archive_hash ?? "",
    stamps: new Map(judged_files.map(({ path, stat }) => [path, stampOf(stat)])),
    own,
    strangers,
    bytes: judged_files.flatMap(({ path, bytes }) => (bytes === undefined ? [] : [{ path, bytes }])),
  };
  return { code, stats: judged_files.map(({ stat }) => stat) };
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
