/** Records of plugins go with their packages: in the same transaction, with one event for each that changes. */
import type { PluginState } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import {
  askedOf,
  differenceOf,
  EVENTS,
  knownNamespaces,
  ownerOf,
  type Plugin,
  readPlugin,
  sealKey,
  type UnsealedRecord,
} from "../../grants/index.ts";
import type { Transaction } from "../../journal/index.ts";
import type { Plane } from "../../plane/index.ts";
import type { PackageChange } from "../package-change.ts";
import { refuseAll } from "../refuse.ts";
import type { Entering } from "../target.ts";
import type { LedgerNote } from "../transact.ts";
import { checkNamespace } from "./namespace.ts";
import {
  type Code,
  codeFields,
  disabledRecord,
  installedRecord,
  registeredRecord,
  uninstalledRecord,
  unsealed,
} from "./records.ts";
import { type RecordChange, stageRecord } from "./stage-record.ts";

/** @throws PLUGIN_NAMESPACE_TAKEN, PLUGIN_RECORD_DAMAGED */
export function followPackages(
  effects: Effects,
  plane: Plane,
  transaction: Transaction,
  change: PackageChange,
  user: string,
): LedgerNote[] {
  const known = namespacesByPackage(effects, plane);
  if (known.size === 0 && change.entering.every(({ target }) => target.manifest.plugin === undefined))
    return [];
  const now = new Date(effects.clock.now_ms()).toISOString();
  const installedIn = (package_id: string, tier: string): Plugin[] =>
    (known.get(package_id) ?? [])
      .flatMap((namespace) => readPlugin(effects, plane, namespace) ?? [])
      .filter(({ record }) => record.plane_id === tier && record.state !== "registered");
  const changes = [
    ...change.entering.flatMap(({ target, tier }) => {
      const { manifest, manifest_hash, archive_hash } = target;
      const renamed = installedIn(manifest.package_id, tier).filter(
        ({ record }) => record.namespace !== manifest.plugin?.namespace,
      );
      const code = { manifest, manifest_hash, archive_hash, tier };
      return [...renamed.map(leaving), ...entering(effects, plane, code, now)];
    }),
    ...change.leaving.flatMap(({ installed: { receipt } }) =>
      installedIn(receipt.package_id, receipt.plane_id).map(leaving),
    ),
  ];
  if (changes.length === 0) return [];
  const key = sealKey(effects, plane);
  return changes.map((one) => stageRecord(transaction, key, { ...one, user }));
}

type Planned = Omit<RecordChange, "user"> & { readonly expansions?: readonly string[] };

/** Not judged yet: a damaged record of a package that is not concerned is no reason to stop. */
function namespacesByPackage(effects: Effects, plane: Plane): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const namespace of knownNamespaces(effects.fs, plane.root)) {
    const owner = ownerOf(effects, plane, namespace);
    if (owner !== undefined) found.set(owner, [...(found.get(owner) ?? []), namespace]);
  }
  return found;
}

const leaving = (plugin: Plugin): Planned => ({
  record: uninstalledRecord(unsealed(plugin)),
  previous_state: plugin.record.state,
  before_digest: plugin.record_digest,
  event: EVENTS.uninstall,
});

/** What becomes of a plugin when its package enters. */
export interface PluginOutlook {
  readonly namespace: string;
  readonly package_id: string;
  readonly previous_state: RecordChange["previous_state"];
  readonly state: PluginState;
  readonly reason: string | null;
  /** What it asks for beyond the grant in force, in words; empty where nothing is granted or nothing is added. */
  readonly expansions: readonly string[];
}

/** The same judgement as when they enter, of a plan. Changes nothing. */
export function outlookOf(effects: Effects, plane: Plane, planned: readonly Entering[]): PluginOutlook[] {
  const now = new Date(effects.clock.now_ms()).toISOString();
  return planned.flatMap(({ target: { manifest, manifest_hash, archive_hash }, tier }) =>
    entering(effects, plane, { manifest, manifest_hash, archive_hash, tier }, now).map(
      ({ record, previous_state, expansions = [] }) => {
        const { namespace, package_id, state, reason = null } = record;
        return { namespace, package_id, previous_state, state, reason, expansions };
      },
    ),
  );
}

/** Nothing for a package that is no plugin. */
function entering(effects: Effects, plane: Plane, code: Code, now: string): Planned[] {
  const { manifest, tier } = code;
  const asked = askedOf(manifest);
  if (asked === undefined) return [];
  refuseAll(checkNamespace(effects, plane, manifest, tier));
  const before = readPlugin(effects, plane, asked.namespace);
  const record = before === undefined ? undefined : { ...unsealed(before), ...codeFields(code) };
  const common = { before_digest: before?.record_digest, manifest };
  if (before === undefined || record === undefined || record.state === "registered") {
    const fresh = record ?? registeredRecord(asked.namespace, code, now);
    const previous_state = before?.record.state ?? null;
    return [{ ...common, record: installedRecord(fresh, now), previous_state, event: EVENTS.install }];
  }
  const { state, grant } = record;
  const { expansions } = differenceOf(grant, asked, code.archive_hash);
  const permissions_expanded = grant !== null && expansions.length > 0;
  const after: UnsealedRecord =
    permissions_expanded && state === "enabled"
      ? disabledRecord(record, "permissions_expanded", now)
      : record;
  const shown = expansions.slice(0, 50).map((line) => line.slice(0, 300));
  const metadata = { permissions_expanded, ...(permissions_expanded ? { expansions: shown } : {}) };
  const added = permissions_expanded ? expansions : [];
  return [
    { ...common, record: after, previous_state: state, event: EVENTS.update, metadata, expansions: added },
  ];
}
