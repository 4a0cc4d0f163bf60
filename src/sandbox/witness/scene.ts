/** A small plane in a private folder for a probe to be let loose in, and what must not have changed in it. */

import type { PluginKind } from "../../contracts/index.ts";
import type { FileSystem } from "../../effects/index.ts";
import { profileFor, type SandboxProfile } from "../profile.ts";

export interface Scene {
  readonly plane: string;
  readonly plugin: string;
  readonly outside: string;
  readonly profile: SandboxProfile;
  /** Granted to write in; empty for a kind that writes nothing. */
  readonly written: readonly string[];
  readonly entrypoint: string;
}

const NAMESPACE = "probe";
/** A name that no resolver knows. */
const DOMAIN = "granted.invalid";

export function layOut(
  fs: FileSystem,
  folder: string,
  kind: PluginKind,
  runtime: SandboxProfile["runtime"],
  text: string,
): Scene {
  const plane = `${folder}/plane`;
  const plugin = `${plane}/plugin`;
  const outside = `${folder}/outside`;
  const data = `${plane}/data/${NAMESPACE}`;
  for (const path of [plane, plugin, `${plane}/data`, data, `${plane}/other`, `${plane}/.holdfast`, outside])
    fs.makeDirectory(path, 0o755);
  fs.makeDirectory(`${plugin}/secret`, 0o755);
  const entrypoint = `${plugin}/probe.${runtime === "python" ? "py" : "mjs"}`;
  const files = {
    [entrypoint]: text,
    [`${plugin}/own`]: "own",
    [`${plugin}/secret/file`]: "forbidden",
    [`${plane}/other/file`]: "other",
    [`${plane}/.holdfast/file`]: "ours",
    [`${outside}/file`]: "outside",
  };
  for (const [path, content] of Object.entries(files)) write(fs, path, content);
  const scopes = [
    `files.forbidden:plugin/secret/**`,
    ...(kind === "integration" ? [`network:${DOMAIN}`] : []),
  ];
  return {
    plane,
    plugin,
    outside,
    profile: profileFor({ kind, runtime, namespace: NAMESPACE, root: "plugin", scopes }),
    written: kind === "quality_gate" ? [] : [data],
    entrypoint,
  };
}

/** Names, sizes, modes and times of what no profile may change. */
export function fingerprint(fs: FileSystem, { plane, plugin, outside }: Scene): string {
  const folders = [plane, plugin, `${plugin}/secret`, `${plane}/other`, `${plane}/.holdfast`, outside];
  return folders
    .flatMap((folder) => [folder, ...fs.list(folder).map(({ name }) => `${folder}/${name}`)])
    .map((path) => {
      const found = fs.stat(path);
      return `${path} ${found?.size_bytes} ${found?.mode} ${found?.mtime_ns} ${found?.ctime_ns}`;
    })
    .join("\n");
}

function write(fs: FileSystem, path: string, text: string): void {
  const file = fs.openWrite(path, { mode: 0o644, how: "exclusive" });
  file.write(Buffer.from(text));
  file.close();
}
