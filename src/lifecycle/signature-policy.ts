/** The signature policy at the door: every archive of a change is held against it before anything is extracted. */
import type { Effects } from "../effects/index.ts";
import type { Fault } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import {
  enforcePolicy,
  findHmacKey,
  hasVouchers,
  judgeVouchers,
  readPolicy,
  type SignatureNote,
  trustedKeys,
} from "../provenance/index.ts";
import { isRemote } from "../store/index.ts";
import type { Candidate, Wanted } from "./candidate.ts";
import { registeredUrl } from "./locate.ts";

/** An archive and how it was named. */
export interface Arrival {
  readonly candidate: Candidate;
  readonly wanted: Wanted;
}

export interface SignaturesJudged {
  readonly problems: readonly Fault[];
  /** By package id; a package nobody signed and no rule concerns has none. */
  readonly notes: ReadonlyMap<string, SignatureNote>;
}

/** @throws POLICY_INVALID, POLICY_CHANGED, TRUSTED_KEYS_CHANGED */
export function checkSignatures(
  effects: Pick<Effects, "fs" | "clock" | "host">,
  plane: Plane,
  chosen: readonly Arrival[],
): SignaturesJudged {
  const { fs, clock } = effects;
  const policy = readPolicy(effects, plane);
  const needs_keys =
    policy.signatures.length > 0 || chosen.some(({ candidate: { path } }) => hasVouchers(fs, path));
  if (!needs_keys) return { problems: [], notes: new Map() };
  const trust = { keys: trustedKeys(effects, plane), hmac_key: findHmacKey(effects) };
  const problems: Fault[] = [];
  const notes = new Map<string, SignatureNote>();
  for (const one of chosen) {
    const { manifest, listing, path } = one.candidate;
    const { package_id, version, tier } = manifest;
    const subject = {
      package_id,
      version,
      tier,
      source: sourceOf(effects, plane, one),
      digest: listing.digest,
    };
    const vouching = judgeVouchers(fs, path, listing.digest, trust);
    const judged = enforcePolicy(policy, subject, vouching, clock.now_ms());
    problems.push(...judged.problems);
    const { signed_by, builders, waiver } = judged.note;
    if (signed_by.length + builders.length > 0 || waiver !== undefined) notes.set(package_id, judged.note);
  }
  return { problems, notes };
}

/** What a rule's `sources` are held against: a URL, a plane-relative path, or an absolute path. */
export function sourceOf(
  effects: Pick<Effects, "fs">,
  plane: Plane,
  { candidate: { path, manifest }, wanted: { archive } }: Arrival,
): string {
  if (archive !== undefined && isRemote(archive)) return archive;
  if (!path.startsWith(`${plane.root}/`)) return path;
  const inside = path.slice(plane.root.length + 1);
  // A download is judged by where it came from, not by where it waits.
  const is_download = inside.startsWith(".holdfast/cache/");
  const registered = is_download ? registeredUrl(effects, plane, manifest.package_id) : undefined;
  return registered?.source ?? inside;
}
