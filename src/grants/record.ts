/** Reading what the plane knows of a plugin. A record that was not written by this program is refused, whatever it says. */
import {
  type Manifest,
  Manifest as ManifestShape,
  Namespace,
  type PluginRecord,
  PluginRecord as PluginRecordShape,
} from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { nearest, sha256Hex } from "../kernel/index.ts";
import { manifestHash } from "../metadata/index.ts";
import type { Plane } from "../plane/index.ts";
import { type Asked, askedOf } from "./asked.ts";
import { make } from "./faults.ts";
import { lastRecorded } from "./last-event.ts";
import { knownNamespaces, pluginDirectory, pluginManifestPath, recordPath } from "./places.ts";
import { isSealed, sealKey } from "./seal.ts";

export type RecordEffects = Pick<Effects, "fs" | "host" | "clock" | "databases">;

export interface Plugin {
  readonly record: PluginRecord;
  /** Bare hex of the record's bytes. */
  readonly record_digest: string;
  readonly manifest: Manifest;
  readonly asked: Asked;
}

/** Undefined when nobody registered it. @throws PLUGIN_RECORD_DAMAGED, AUTH_SECRET_* */
export function readPlugin(effects: RecordEffects, plane: Plane, namespace: string): Plugin | undefined {
  if (!Namespace.safeParse(namespace).success) return undefined;
  const { fs } = effects;
  if (fs.stat(`${plane.root}/${pluginDirectory(namespace)}`) === undefined) return undefined;
  const bytes = bytesOf(effects, plane, namespace, recordPath(namespace));
  const record = recordIn(bytes, namespace);
  if (!isSealed(record, sealKey(effects, plane)))
    throw damaged(record, "it was changed by other means than pkg");
  const record_digest = sha256Hex(bytes);
  const last = lastRecorded(effects, plane, record);
  if (last?.record_digest !== record_digest)
    throw damaged(record, "the ledger names another one as the newest");
  const manifest = manifestIn(bytesOf(effects, plane, namespace, pluginManifestPath(namespace)));
  const asked = manifest === undefined ? undefined : askedOf(manifest);
  if (manifest === undefined || asked === undefined || manifestHash(manifest) !== record.manifest_hash)
    throw damaged(record, "its manifest is not the one recorded");
  return { record, record_digest, manifest, asked };
}

/** @throws PLUGIN_NOT_FOUND, PLUGIN_RECORD_DAMAGED, AUTH_SECRET_* */
export function requirePlugin(effects: RecordEffects, plane: Plane, namespace: string): Plugin {
  const found = readPlugin(effects, plane, namespace);
  if (found !== undefined) return found;
  const near = nearest(namespace, knownNamespaces(effects.fs, plane.root));
  throw make("PLUGIN_NOT_FOUND", `no plugin is called ${JSON.stringify(namespace.slice(0, 128))}`, {
    namespace: namespace.slice(0, 128),
    near,
  });
}

/** By namespace, or by the id of its package. @throws PLUGIN_NOT_FOUND, PLUGIN_RECORD_DAMAGED, AUTH_SECRET_* */
export function findPlugin(effects: RecordEffects, plane: Plane, name: string): Plugin {
  if (!name.startsWith("PKG-")) return requirePlugin(effects, plane, name);
  return pluginOfPackage(effects, plane, name) ?? requirePlugin(effects, plane, name);
}

/** Every plugin, sorted by namespace. @throws PLUGIN_RECORD_DAMAGED, AUTH_SECRET_* */
export const readPlugins = (effects: RecordEffects, plane: Plane): Plugin[] =>
  knownNamespaces(effects.fs, plane.root).flatMap((name) => readPlugin(effects, plane, name) ?? []);

/** Undefined when the package is no known plugin. */
export function pluginOfPackage(
  effects: RecordEffects,
  plane: Plane,
  package_id: string,
): Plugin | undefined {
  const namespace = knownNamespaces(effects.fs, plane.root).find(
    (name) => ownerOf(effects, plane, name) === package_id,
  );
  return namespace === undefined ? undefined : readPlugin(effects, plane, namespace);
}

/** As it lies there, whoever wrote it; undefined where it has not the form of one. */
export function unjudgedRecord(
  { fs }: Pick<Effects, "fs">,
  plane: Plane,
  namespace: string,
): PluginRecord | undefined {
  try {
    return PluginRecordShape.safeParse(JSON.parse(fs.readText(`${plane.root}/${recordPath(namespace)}`)))
      .data;
  } catch {
    return undefined;
  }
}

/** The package a record names, not yet judged; undefined where there is none that can be read. */
export function ownerOf({ fs }: Pick<Effects, "fs">, plane: Plane, namespace: string): string | undefined {
  return unjudgedRecord({ fs }, plane, namespace)?.package_id;
}

const RECORD_BYTES_MAX = 16 << 20;

function bytesOf({ fs }: Pick<Effects, "fs">, plane: Plane, namespace: string, path: string): Buffer {
  const stat = fs.stat(`${plane.root}/${path}`);
  if (stat?.kind === "file" && stat.size_bytes <= RECORD_BYTES_MAX) return fs.read(`${plane.root}/${path}`);
  const problem = stat === undefined ? "it is missing" : "it is no regular file of sound size";
  throw damaged({ namespace, package_id: ownerOf({ fs }, plane, namespace) ?? "ID" }, problem, path);
}

function recordIn(bytes: Buffer, namespace: string): PluginRecord {
  const unreadable = (problem: string) => damaged({ namespace, package_id: "ID" }, problem);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    throw unreadable("it is not JSON");
  }
  const parsed = PluginRecordShape.safeParse(value);
  if (!parsed.success) throw unreadable("it has not the form of a record");
  // A record of another plugin, copied here with its seal.
  if (parsed.data.namespace !== namespace) throw unreadable(`it is the record of ${parsed.data.namespace}`);
  return parsed.data;
}

function manifestIn(bytes: Buffer): Manifest | undefined {
  try {
    return ManifestShape.safeParse(JSON.parse(bytes.toString("utf8"))).data;
  } catch {
    return undefined;
  }
}

function damaged(
  { namespace, package_id }: Pick<PluginRecord, "namespace" | "package_id">,
  problem: string,
  path = recordPath(namespace),
) {
  const cure = `rm -r ${pluginDirectory(namespace)} && pkg plugin register ${package_id}`;
  return make("PLUGIN_RECORD_DAMAGED", `${path} cannot be used: ${problem}`, {
    namespace,
    path,
    problem,
    cure,
  });
}
