/** What was in force at a moment, from the entries recorded until then and nothing else. */
import type { LedgerEntry } from "../contracts/index.ts";
import { entriesHaving, type StreamRef } from "../ledger/index.ts";
import type { Context } from "./define.ts";

/** Includes the entry at this place of its stream; of the other streams everything up to its time. */
export interface Moment {
  readonly at_ms: number;
  readonly entry?: { readonly stream: string; readonly line: number };
}

export interface PackageInForce {
  readonly package_id: string;
  readonly plane_id: string;
  /** Null where an older writer did not record it. */
  readonly version: string | null;
  readonly manifest_hash: string | null;
  readonly archive_digest: string | null;
  readonly since: string;
  readonly user: string | null;
  /** The entry that says so. */
  readonly evidence: { readonly stream: string; readonly line: number; readonly id: string };
}

export interface ApprovalInForce {
  readonly subject: string;
  readonly reason: string;
  readonly approved_by: string | null;
  readonly expires_at: string;
  readonly evidence: PackageInForce["evidence"];
}

const CAME = new Set(["INSTALLED", "UPDATED", "REVERTED"]);
const marks = (events: Iterable<string>): string[] => [...events].map((event) => `"event_type": "${event}"`);

/** Packages by plane tier and id. `generation`: the newest that the entries name. */
export function packagesInForce(
  { effects }: Pick<Context, "effects">,
  stream: StreamRef,
  moment: Moment,
): { readonly packages: PackageInForce[]; readonly generation: number | null } {
  const packages = new Map<string, PackageInForce>();
  let generation: number | null = null;
  for (const { line, entry } of until(effects, stream, marks([...CAME, "UNINSTALLED"]), moment)) {
    const { event_type, submission_id: package_id, metadata } = entry;
    const plane_id = textOf(metadata["plane_id"]) ?? "ho3";
    const key = `${plane_id} ${package_id}`;
    if (event_type === "UNINSTALLED") packages.delete(key);
    else if (CAME.has(event_type)) {
      packages.set(key, {
        package_id,
        plane_id,
        version: textOf(metadata["version"]),
        manifest_hash: textOf(metadata["manifest_hash"]),
        archive_digest: textOf(metadata["archive_digest"]),
        since: entry.timestamp,
        user: textOf(metadata["user"]),
        evidence: { stream: stream.name, line, id: entry.id },
      });
    } else continue;
    if (typeof metadata["generation"] === "number") generation = metadata["generation"];
  }
  const order = [...packages].sort(([a], [b]) => (a < b ? -1 : 1));
  return { packages: order.map(([, one]) => one), generation };
}

/** What operators had approved and not withdrawn, and what had not expired. */
export function approvalsInForce(
  { effects }: Pick<Context, "effects">,
  stream: StreamRef,
  moment: Moment,
): ApprovalInForce[] {
  const approvals = new Map<string, ApprovalInForce>();
  for (const { line, entry } of until(effects, stream, marks(["approval"]), moment)) {
    const { event_type, submission_id: subject, decision, reason, metadata } = entry;
    if (event_type !== "approval") continue;
    approvals.delete(subject);
    const expires_at = textOf(metadata["expires_at"]) ?? "";
    // Not `<=`: an approval without an end that can be read is none.
    if (decision !== "APPROVED" || !(Date.parse(expires_at) > moment.at_ms)) continue;
    const evidence = { stream: stream.name, line, id: entry.id };
    approvals.set(subject, { subject, reason, approved_by: textOf(metadata["user"]), expires_at, evidence });
  }
  return [...approvals.values()].sort((a, b) => (a.subject < b.subject ? -1 : 1));
}

function* until(
  { fs }: Context["effects"],
  stream: StreamRef,
  texts: readonly string[],
  { at_ms, entry: named }: Moment,
): Generator<{ line: number; entry: LedgerEntry }> {
  const is_own = named?.stream === stream.name;
  for (const { line, entry } of entriesHaving(fs, stream, texts)) {
    if (is_own && line > named.line) return;
    if (is_own || Date.parse(entry.timestamp) <= at_ms) yield { line, entry };
  }
}

const textOf = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
