/** Going back: what the plane knew of plugins before a change is put back with everything else, each with an event that vouches for it. */
import { type PluginRecord, PluginRecord as PluginRecordShape } from "../../contracts/index.ts";
import type { Effects } from "../../effects/index.ts";
import { EVENTS, namespaceOf, PLUGINS_DIRECTORY } from "../../grants/index.ts";
import { reversibleChanges, type Transaction } from "../../journal/index.ts";
import { sha256Hex } from "../../kernel/index.ts";
import { digestOf, GOVERNANCE_STREAM, type Plane } from "../../plane/index.ts";
import type { LedgerNote } from "../transact.ts";
import { grantDigest } from "./stage-record.ts";

/** Plans the files a generation displaced in the folders of plugins. */
export function restoreRecords(
  { fs }: Pick<Effects, "fs">,
  plane: Plane,
  transaction: Transaction,
  { generation, user }: { readonly generation: number; readonly user: string },
): LedgerNote[] {
  const { root } = plane;
  const changes = reversibleChanges(fs, root, generation).filter(({ path }) =>
    path.startsWith(`${PLUGINS_DIRECTORY}/`),
  );
  const entries: LedgerNote[] = [];
  for (const { path, kind, displaced } of changes.reverse()) {
    const from = displaced === undefined ? undefined : displaced.file;
    if (kind === "make_directory") transaction.removeDirectory(path);
    if (kind === "make_directory" || kind === "remove_directory") continue;
    entries.push(...restoredEvents({ fs }, plane, [{ path, from }], user));
    const now = digestOf(fs, `${root}/${path}`);
    if (from === undefined) transaction.remove(path, now);
    else transaction.put(path, { kept: from }, now);
  }
  return entries;
}

/** @param files where each comes from; undefined for one that goes */
export function restoredEvents(
  { fs }: Pick<Effects, "fs">,
  { root }: Plane,
  files: readonly { readonly path: string; readonly from: string | undefined }[],
  user: string,
): LedgerNote[] {
  return files.flatMap(({ path, from }) => {
    const namespace = namespaceOf(path);
    if (namespace === undefined) return [];
    const now = recordAt(fs, `${root}/${path}`);
    const then = from === undefined ? undefined : recordAt(fs, `${root}/${from}`);
    const about = (then ?? now)?.record;
    if (about === undefined) return [];
    const { package_id, version } = about;
    const previous_state = now?.record.state ?? null;
    const subject = { user, namespace, package_id, version, previous_state, undone: true };
    return [
      {
        stream: GOVERNANCE_STREAM,
        event_type: EVENTS.update,
        submission_id: namespace,
        decision: "UNDONE",
        reason: `${package_id} ${version}: ${namespace} is ${then?.record.state ?? "unknown"} again (undone)`,
        metadata: { ...subject, ...standing(then) },
      },
    ];
  });
}

interface RecordAt {
  readonly record: PluginRecord;
  readonly digest: string;
}

/** What the event says of the record that is there again; of one that goes, that there is none. */
const standing = (then: RecordAt | undefined) =>
  then === undefined
    ? { state: null, reason: null, grant_digest: null, record_digest: null }
    : {
        state: then.record.state,
        reason: then.record.reason ?? null,
        grant_digest: grantDigest(then.record.grant),
        record_digest: then.digest,
      };

function recordAt(fs: Effects["fs"], path: string): RecordAt | undefined {
  if (fs.stat(path)?.kind !== "file") return undefined;
  const bytes = fs.read(path);
  try {
    const record = PluginRecordShape.safeParse(JSON.parse(bytes.toString("utf8"))).data;
    return record === undefined ? undefined : { record, digest: sha256Hex(bytes) };
  } catch {
    return undefined;
  }
}
