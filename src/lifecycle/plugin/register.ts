/** Register: a plugin is known by its manifest, read from the archive by the one reader; nothing of it is installed. */
import type { Effects } from "../../effects/index.ts";
import {
  checkPluginPlace,
  EVENTS,
  makeGrantFault,
  type Plugin,
  readPlugin,
  sealKey,
} from "../../grants/index.ts";
import { type Fault, prefixed } from "../../kernel/index.ts";
import { authorise, type Plane, reading, writing } from "../../plane/index.ts";
import { checkPlugin } from "../../preflight/index.ts";
import { type Candidate, checkCandidate, readCandidate, type Wanted } from "../candidate.ts";
import { locateArchive } from "../locate.ts";
import { refuseAll, refuseToken } from "../refuse.ts";
import { transact } from "../transact.ts";
import { type PluginChange, unchanged } from "./change-plugin.ts";
import { checkNamespace, noPlugin } from "./namespace.ts";
import { codeFields, registeredRecord, unsealed } from "./records.ts";
import { type RecordChange, stageRecord } from "./stage-record.ts";

export interface RegisterPluginRequest {
  readonly wanted: Wanted;
  readonly token: string | undefined;
  readonly wait_ms?: number | undefined;
}

/** @throws PLUGIN_SECTION_MISSING, PLUGIN_NAMESPACE_TAKEN, PLUGIN_TRANSITION, ARCHIVE_*, MANIFEST_*, AUTH_*, TRANSACTION_FAILED */
export async function registerPlugin(
  effects: Effects,
  plane: Plane,
  { wanted, token, wait_ms }: RegisterPluginRequest,
): Promise<PluginChange> {
  refuseToken(token, { archive: wanted.archive, id: wanted.id });
  const archive = await locateArchive(effects, plane, wanted);
  const located = archive === undefined ? wanted : { ...wanted, archive };
  const candidate = await readCandidate(effects, plane, located);
  const { manifest } = candidate;
  const { user } = await authorise(effects, plane, token, {
    action: "register",
    package_ids: [manifest.package_id],
    tiers: [manifest.tier],
  });
  refuseAll(await reading(effects, plane, async () => problemsOf(effects, plane, candidate, located)));
  const namespace = manifest.plugin?.namespace ?? "";
  const waits = wait_ms === undefined ? {} : { wait_ms };
  return writing(effects, plane, { user, ...waits }, async (session) => {
    refuseAll(checkNamespace(effects, plane, manifest, manifest.plane_id));
    const before = readPlugin(effects, plane, namespace);
    const change = registered(effects, candidate, before);
    if (change === undefined && before !== undefined) return unchanged(before);
    if (change === undefined) throw new Error("a new plugin always makes a record");
    const about = { operation: "plugin_register", subject: namespace, user };
    const done = await transact<object>(effects, session, about, async (transaction) => {
      const entry = stageRecord(transaction, sealKey(effects, plane), { ...change, user });
      return { registries: [], entries: [entry], result: {} };
    });
    const { package_id, version, state } = change.record;
    const { previous_state } = change;
    const { transaction_id, generation } = done;
    return {
      namespace,
      package_id,
      version,
      previous_state,
      state,
      reason: null,
      changed: true,
      transaction_id,
      generation,
    };
  });
}

function problemsOf(effects: Effects, plane: Plane, candidate: Candidate, wanted: Wanted): Fault[] {
  const { manifest } = candidate;
  if (manifest.plugin === undefined) return noPlugin(candidate);
  return [
    ...checkCandidate(effects, plane, candidate, wanted),
    ...checkPlugin(manifest),
    ...checkPluginPlace(plane, manifest),
    ...checkNamespace(effects, plane, manifest, manifest.plane_id),
  ];
}

/** Undefined when it is so already. @throws PLUGIN_TRANSITION for one that is installed with another manifest */
function registered(
  { clock }: Pick<Effects, "clock">,
  { manifest, manifest_hash, listing }: Candidate,
  before: Plugin | undefined,
): Omit<RecordChange, "user"> | undefined {
  const namespace = manifest.plugin?.namespace ?? "";
  const code = { manifest, manifest_hash, archive_hash: prefixed(listing.digest), tier: manifest.plane_id };
  const now = new Date(clock.now_ms()).toISOString();
  if (before === undefined)
    return {
      record: registeredRecord(namespace, code, now),
      previous_state: null,
      before_digest: undefined,
      event: EVENTS.register,
      manifest,
    };
  const { record } = before;
  if (record.manifest_hash === manifest_hash && record.archive_hash === code.archive_hash) return undefined;
  if (record.state !== "registered") {
    const command = `pkg update ${record.package_id} --to ${manifest.version}`;
    throw makeGrantFault(
      "PLUGIN_TRANSITION",
      `${namespace} is ${record.state} with another manifest, which only an update replaces`,
      { namespace, from: record.state, to: "registered", command },
    );
  }
  return {
    record: { ...unsealed(before), ...codeFields(code) },
    previous_state: record.state,
    before_digest: before.record_digest,
    event: EVENTS.update,
    manifest,
    // Nothing is granted to what is only registered.
    metadata: { permissions_expanded: false },
  };
}
