/** The plugin of a package: what was granted and approved, by whom and until when, with the entries that say so. */
import type { Evidence, TracedPlugin, TraceStatement } from "../contracts/index.ts";
import { inWords, knownNamespaces, recordPath, unjudgedRecord } from "../grants/index.ts";
import { entryEvidence, inJson } from "./evidence.ts";
import { linesAbout } from "./history.ts";
import type { Sight } from "./sight.ts";

/** Empty for a package that is no known plugin. */
export function pluginsOf(sight: Sight, package_id: string): TracedPlugin[] {
  const { effects, plane } = sight;
  return knownNamespaces(effects.fs, plane.root).flatMap((namespace) => {
    const record = unjudgedRecord(effects, plane, namespace);
    if (record?.package_id !== package_id) return [];
    const { version, state, reason, grant, approvals } = record;
    return [
      {
        namespace,
        version,
        state,
        reason: reason ?? null,
        granted:
          grant === null
            ? null
            : {
                by: grant.granted_by,
                at: grant.granted_at,
                version_range: grant.version_range,
                pinned: grant.archive_hash !== null,
                scopes: grant.scopes,
              },
        approvals: approvals.map(({ approval_id, approved_by, approved_at, expires_at, scopes, ...one }) => ({
          approval_id,
          by: approved_by,
          at: approved_at,
          expires_at,
          reason: one.reason,
          scopes,
        })),
      },
    ];
  });
}

/** The package of a plugin that is called so. */
export const packageOfPlugin = ({ effects, plane }: Sight, name: string): string | undefined =>
  /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/.test(name) ? unjudgedRecord(effects, plane, name)?.package_id : undefined;

export function pluginStatements(sight: Sight, plugins: readonly TracedPlugin[]): TraceStatement[] {
  return plugins.flatMap(({ namespace, state, reason, granted, approvals }, index) => {
    const about = `/plugins/${index}`;
    const record = (words: readonly string[]): Evidence =>
      inJson(sight, "document", recordPath(namespace), words);
    return [
      {
        about: `${about}/state`,
        says: `the plugin ${namespace} is ${state}${reason === null ? "" : ` (${reason})`}`,
        evidence: [record(['"state"'])],
      },
      ...(granted === null
        ? []
        : [
            {
              about: `${about}/granted`,
              says: `${granted.by} granted ${granted.scopes.map(inWords).join(", ") || "nothing beyond its own folder"} at ${granted.at}`,
              evidence: [record(['"grant"', '"granted_by"'])],
            },
          ]),
      ...approvals.map((one, number) => ({
        about: `${about}/approvals/${number}`,
        says: `${one.by} approved ${one.scopes.map(inWords).join(", ")} until ${one.expires_at}: ${one.reason}`,
        evidence: [...approvalEntries(sight, one.approval_id), record([one.approval_id])],
      })),
    ];
  });
}

function approvalEntries(sight: Sight, approval_id: string): Evidence[] {
  for (const { event, metadata } of linesAbout(sight, approval_id))
    if (event.event === "plugin.approved" && metadata["approval_id"] === approval_id)
      return [entryEvidence(event)];
  return [];
}
