/**
 * The record of a plugin as it was judged before in this process, while nothing it rests on has changed: the record itself, its
 * manifest, and the ledger that says which record is the newest. A host that runs many actions would else parse and search
 * the same files for each of them.
 */
import type { Effects } from "../effects/index.ts";
import { knownNamespaces, type Plugin, pluginManifestPath, readPlugin, recordPath } from "../grants/index.ts";
import { nearest } from "../kernel/index.ts";
import { GOVERNANCE_STREAM, type Plane } from "../plane/index.ts";
import { make } from "./faults.ts";
import { stampOf } from "./stamps.ts";

interface Known {
  readonly stamp: string;
  readonly plugin: Plugin;
}

const judged = new WeakMap<Effects["fs"], Map<string, Known>>();
const KNOWN_MAX = 256;

/** @throws plugin_not_found, PLUGIN_RECORD_DAMAGED, AUTH_SECRET_* */
export function requireKnown(effects: Effects, plane: Plane, namespace: string): Plugin {
  const { fs } = effects;
  const known = judged.get(fs) ?? new Map<string, Known>();
  judged.set(fs, known);
  const key = `${plane.root}\n${namespace}`;
  const before = known.get(key);
  if (before !== undefined && before.stamp === stampFor(fs, plane, namespace)) return before.plugin;
  known.delete(key);
  // Taken first: what changes while it is read is read again the next time.
  const stamp = /^[a-z0-9]/.test(namespace) ? stampFor(fs, plane, namespace) : "";
  const plugin = readPlugin(effects, plane, namespace);
  if (plugin === undefined) throw unknown(effects, plane, namespace.slice(0, 128));
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(key, { stamp, plugin });
  return plugin;
}

const stampFor = (fs: Effects["fs"], plane: Plane, namespace: string): string =>
  [recordPath(namespace), pluginManifestPath(namespace), GOVERNANCE_STREAM]
    .map((path) => stampOf(fs.stat(`${plane.root}/${path}`)))
    .join("\n");

const unknown = ({ fs }: Effects, plane: Plane, namespace: string) =>
  make("plugin_not_found", `no plugin is called ${JSON.stringify(namespace)}`, {
    namespace,
    near: nearest(namespace, knownNamespaces(fs, plane.root)),
  });
