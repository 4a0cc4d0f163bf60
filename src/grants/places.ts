/** Where the plane keeps what it knows of plugins. Plane-relative. */
import type { FileSystem } from "../effects/index.ts";
import { STATE_DIRECTORY } from "../plane/index.ts";

export const PLUGINS_DIRECTORY = `${STATE_DIRECTORY}/plugins`;

export const pluginDirectory = (namespace: string): string => `${PLUGINS_DIRECTORY}/${namespace}`;
export const recordPath = (namespace: string): string => `${pluginDirectory(namespace)}/state.json`;
/** The manifest that the record speaks of; its hash is in the record. */
export const pluginManifestPath = (namespace: string): string =>
  `${pluginDirectory(namespace)}/manifest.json`;
export const configPath = (namespace: string): string => `${pluginDirectory(namespace)}/config.json`;
/** An earlier configuration. */
export const keptConfigPath = (namespace: string, version: number): string =>
  `${pluginDirectory(namespace)}/config-${version}.json`;

/** The namespace whose record a path is. */
export function namespaceOf(path: string): string | undefined {
  const [, namespace] = /^\.holdfast\/state\/plugins\/([^/]+)\/state\.json$/.exec(path) ?? [];
  return namespace;
}

/** Namespaces with a folder, sorted. A folder without a record is listed too: it is damage, not absence. */
export function knownNamespaces(fs: FileSystem, root: string): string[] {
  const directory = `${root}/${PLUGINS_DIRECTORY}`;
  if (fs.stat(directory)?.kind !== "directory") return [];
  return fs
    .list(directory)
    .filter(({ kind }) => kind === "directory")
    .map(({ name }) => name);
}
