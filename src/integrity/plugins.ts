/** What the plane knows of plugins against who vouches for it: the seal, the ledger, and what is installed. */
import type { PluginRecord } from "../contracts/index.ts";
import type { Effects, FileSystem } from "../effects/index.ts";
import {
  configPath,
  isSealed,
  knownNamespaces,
  pluginDirectory,
  pluginManifestPath,
  recordPath,
  sealKey,
  unjudgedRecord,
} from "../grants/index.ts";
import { Fault } from "../kernel/index.ts";
import { manifestHash } from "../metadata/index.ts";
import { digestOf, GOVERNANCE_STREAM, type Plane, planeStream } from "../plane/index.ts";
import { type InstalledHead, receiptPath } from "../receipts/index.ts";
import type { Outcome } from "./outcome.ts";
import { entriesHolding } from "./package-events.ts";
import { shellWord, shown } from "./shown.ts";

type Needs = Pick<Effects, "fs" | "host">;

export function judgePlugins(
  effects: Needs,
  plane: Plane,
  installed: readonly InstalledHead[],
  outcome: Outcome,
): void {
  const { fs } = effects;
  const named = recordedDigests(fs, plane);
  const key = keyOf(effects, plane);
  const known = knownNamespaces(fs, plane.root);
  for (const namespace of known) {
    const path = recordPath(namespace);
    const record = unjudgedRecord(effects, plane, namespace);
    const last = named.get(namespace);
    const problem = problemOf(effects, plane, { namespace, record, key, last });
    const about = { owner: record?.package_id, classification: "state" } as const;
    if (problem === undefined) outcome.judgeRecord(path, "match", about);
    else refuse(effects, plane, { namespace, ...problem, ...about }, outcome);
    if (problem === undefined && record !== undefined) judgeInstalled(record, installed, outcome);
  }
  for (const [namespace, last] of named)
    if (last.digest !== null && !known.includes(namespace)) {
      const path = recordPath(namespace);
      const message = `${shown(path)} is gone: the ledger names it as the state of a plugin`;
      const cure = `pkg plugin register ${shellWord(last.package_id)}`;
      outcome.judgeRecord(path, "missing", { owner: last.package_id, classification: "state", cure });
      outcome.find("PLUGIN_RECORD_MISSING", message, `Run "${cure}".`, { path, package_id: last.package_id });
    }
}

interface Recorded {
  readonly package_id: string;
  /** Bare hex; null when the record was given up. */
  readonly digest: string | null;
}

/** The newest digest of each namespace's record, by the ledger alone. */
function recordedDigests(fs: FileSystem, plane: Plane): Map<string, Recorded> {
  const found = new Map<string, Recorded>();
  for (const entry of entriesHolding(fs, planeStream(plane, GOVERNANCE_STREAM), '"record_digest"')) {
    const { record_digest, package_id } = entry.metadata;
    if (!entry.event_type.startsWith("plugin.") || typeof package_id !== "string") continue;
    if (record_digest !== null && typeof record_digest !== "string") continue;
    found.set(entry.submission_id, { package_id, digest: record_digest });
  }
  return found;
}

/** Undefined where this user cannot read the plane's secret: then the ledger alone vouches. */
function keyOf(effects: Needs, plane: Plane): string | undefined {
  try {
    return sealKey(effects, plane);
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

interface Problem {
  readonly path: string;
  readonly message: string;
}

function problemOf(
  { fs }: Needs,
  plane: Plane,
  about: {
    readonly namespace: string;
    readonly record: PluginRecord | undefined;
    readonly key: string | undefined;
    readonly last: Recorded | undefined;
  },
): Problem | undefined {
  const { namespace, record, key, last } = about;
  const path = recordPath(namespace);
  if (record?.namespace !== namespace)
    return { path, message: "it cannot be read as the record of this plugin" };
  if (key !== undefined && !isSealed(record, key))
    return { path, message: "it was changed by other means than pkg: its seal is not the plane's" };
  if (last?.digest !== digestOf(fs, `${plane.root}/${path}`))
    return { path, message: "the ledger names another record as the newest" };
  const manifest_path = pluginManifestPath(namespace);
  if (hashAt(fs, `${plane.root}/${manifest_path}`) !== record.manifest_hash)
    return { path: manifest_path, message: "it is not the manifest that its record names" };
  const config_path = configPath(namespace);
  const config_digest = digestOf(fs, `${plane.root}/${config_path}`);
  return config_digest === record.config_digest
    ? undefined
    : { path: config_path, message: "it is not the configuration that its record names" };
}

function hashAt(fs: FileSystem, path: string): string | undefined {
  try {
    return manifestHash(JSON.parse(fs.readText(path)) as never);
  } catch {
    return undefined;
  }
}

function refuse(
  { fs }: Needs,
  plane: Plane,
  {
    namespace,
    path,
    message,
    owner,
  }: Problem & { readonly namespace: string; readonly owner: string | undefined },
  outcome: Outcome,
): void {
  const cure = `rm -r ${shellWord(pluginDirectory(namespace))} && pkg plugin register ${owner ?? "ID"}`;
  const verdict = fs.stat(`${plane.root}/${path}`) === undefined ? "missing" : "drift";
  outcome.judgeRecord(path, verdict, { owner, classification: "state", cure });
  const step = `Run "${cure}": what it may do is then asked for anew.`;
  outcome.find("PLUGIN_RECORD_DAMAGED", `${shown(path)}: ${message}`, step, {
    path,
    ...(owner === undefined ? {} : { package_id: owner }),
  });
}

/** A plugin that counts as installed has its package there, with the manifest its record names. */
function judgeInstalled(record: PluginRecord, installed: readonly InstalledHead[], outcome: Outcome): void {
  const { namespace, package_id, plane_id, state, manifest_hash } = record;
  if (state === "registered") return;
  const there = installed.some(
    ({ receipt }) =>
      receipt.package_id === package_id &&
      receipt.plane_id === plane_id &&
      receipt.manifest_hash === manifest_hash,
  );
  if (there) return;
  const message = `${namespace} counts as ${state}, and ${receiptPath(package_id, plane_id)} is not of what its record names`;
  const step = `Run "pkg plugin inspect ${namespace}", then "pkg install ${package_id}".`;
  outcome.find("PLUGIN_NOT_INSTALLED", message, step, { path: recordPath(namespace), package_id });
}
