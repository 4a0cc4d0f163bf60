/** Everything that can be said about one archive without installing it: one verdict for each thing. Changes nothing. */
import type { Effects } from "../effects/index.ts";
import { Fault, sameDigest } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import {
  brokenVouchers,
  enforcePolicy,
  findHmacKey,
  judgeVouchers,
  readPolicy,
  trustedKeys,
  type Voucher,
  type Vouching,
} from "../provenance/index.ts";
import { readSidecar, sidecarPath } from "../store/index.ts";
import { type Candidate, checkCandidate, readCandidate } from "./candidate.ts";
import { sourceOf } from "./signature-policy.ts";

/** `absent`: there was nothing to look at · `not_verifiable`: there was, and it proves nothing here. */
export type CheckVerdict = "pass" | "fail" | "absent" | "not_verifiable";

export interface ArchiveCheck {
  readonly check: "digest" | "canonical_form" | "content" | "signature" | "provenance" | "policy";
  readonly verdict: CheckVerdict;
  readonly message: string;
  readonly code?: string;
  readonly next_step?: string;
}

export interface ArchiveReport {
  readonly package_id: string;
  readonly version: string;
  readonly archive: string;
  readonly digest: string;
  readonly content_digest: string;
  /** Nothing failed, and at least one trusted key vouches for these very bytes. */
  readonly verified: boolean;
  readonly signed_by: readonly string[];
  readonly builders: readonly string[];
  readonly checks: readonly ArchiveCheck[];
}

/**
 * @param named an archive file, or an id in the store with or without `@version`
 * @throws NOT_IN_STORE, ARCHIVE_*, MANIFEST_*: what cannot be read has no verdicts
 */
export async function verifyArchive(effects: Effects, plane: Plane, named: string): Promise<ArchiveReport> {
  const is_id = /^PKG-[^/]*$/.test(named) && !named.endsWith(".tar.gz");
  const candidate = await readCandidate(effects, plane, is_id ? { id: named } : { archive: named });
  const { manifest, listing, path } = candidate;
  const { package_id, version } = manifest;
  const checks: ArchiveCheck[] = [...checkBytes(effects, plane, candidate)];
  const keys = settled(() => trustedKeys(effects, plane));
  if (keys instanceof Fault) checks.push(failed("signature", keys));
  const trust = { keys: keys instanceof Fault ? [] : keys, hmac_key: findHmacKey(effects) };
  const vouching = judgeVouchers(effects.fs, path, listing.digest, trust);
  const problems = brokenVouchers({ package_id, digest: listing.digest }, vouching);
  checks.push(
    ...vouchersAsChecks("signature", vouching.signatures, problems, vouching.signature_path),
    ...vouchersAsChecks("provenance", vouching.provenance, problems, vouching.provenance_path),
  );
  const judged = checkPolicy(effects, plane, candidate, vouching);
  checks.push(judged.check);
  const vouched = [...vouching.signatures, ...vouching.provenance].some(({ verdict }) => verdict === "valid");
  return {
    package_id,
    version,
    archive: sourceOf(effects, plane, { candidate, wanted: {} }),
    digest: listing.digest,
    content_digest: listing.content_digest,
    verified: vouched && checks.every(({ verdict }) => verdict !== "fail"),
    signed_by: judged.signed_by,
    builders: judged.builders,
    checks,
  };
}

function settled<T>(work: () => T): T | Fault {
  try {
    return work();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

const failed = (check: ArchiveCheck["check"], { code, message, next_step }: Fault): ArchiveCheck => ({
  check,
  verdict: "fail",
  message,
  code,
  next_step,
});

/** The digest beside it and in the registry, the form of the archive, and its content against its manifest. */
function checkBytes(effects: Effects, plane: Plane, candidate: Candidate): ArchiveCheck[] {
  const { manifest, listing, path } = candidate;
  const id = `${manifest.package_id}@${manifest.version}`;
  const problems = checkCandidate(effects, plane, candidate, { archive: path, id });
  const ofDigest = problems.filter(({ code }) => code === "DIGEST_MISMATCH" || code === "NOT_REGISTERED");
  const others = problems.filter((problem) => !ofDigest.includes(problem));
  return [
    checkDigest(effects, path, listing.digest, ofDigest),
    listing.profile === "canonical"
      ? { check: "canonical_form", verdict: "pass", message: "the bytes are the one encoding of their files" }
      : {
          check: "canonical_form",
          verdict: "not_verifiable",
          message: `a plain archive: ${listing.plain_because ?? "made by another program"}`,
        },
    ...(others.length === 0
      ? ([
          {
            check: "content",
            verdict: "pass",
            message: `${manifest.assets.length} files are those the manifest names`,
          },
        ] as const)
      : others.map((problem) => failed("content", problem))),
  ];
}

function checkDigest(
  { fs }: Effects,
  path: string,
  digest: string,
  problems: readonly Fault[],
): ArchiveCheck {
  const mismatch = problems.find(({ code }) => code === "DIGEST_MISMATCH");
  if (mismatch !== undefined) return failed("digest", mismatch);
  const beside = readSidecar(fs, path);
  if (beside !== undefined && !sameDigest(beside, digest)) {
    return {
      check: "digest",
      verdict: "fail",
      message: `${sidecarPath(path)} names ${beside}, the archive has ${digest}`,
      code: "DIGEST_MISMATCH",
      next_step: "Fetch the archive together with its .sha256 again.",
    };
  }
  if (problems.length === 0)
    return { check: "digest", verdict: "pass", message: `sha256 ${digest} is registered` };
  return beside === undefined
    ? { check: "digest", verdict: "absent", message: `no registry row and no .sha256 names ${digest}` }
    : {
        check: "digest",
        verdict: "pass",
        message: `sha256 ${digest} is the one beside it; it is not registered`,
      };
}

function vouchersAsChecks(
  check: "signature" | "provenance",
  vouchers: readonly Voucher[],
  problems: readonly Fault[],
  path: string,
): ArchiveCheck[] {
  if (vouchers.length === 0) return [{ check, verdict: "absent", message: `there is no ${path}` }];
  const faults = problems.filter(({ details }) => details["path"] === path).map((one) => failed(check, one));
  return [
    ...vouchers.flatMap(({ verdict, signer, reason = "", builder_id, algorithm }): ArchiveCheck[] => {
      if (verdict === "valid") {
        const built = builder_id === undefined ? "" : `, built by ${builder_id}`;
        const by = algorithm === "hmac-sha256" ? "somebody who knows the shared key" : signer;
        return [{ check, verdict: "pass", message: `by ${by}${built}` }];
      }
      if (verdict !== "untrusted" && verdict !== "not_verifiable") return [];
      const who = signer === "" ? "an unnamed key" : JSON.stringify(signer);
      return [{ check, verdict: "not_verifiable", message: `by ${who}: ${reason}` }];
    }),
    ...faults,
  ];
}

function checkPolicy(
  effects: Effects,
  plane: Plane,
  candidate: Candidate,
  vouching: Vouching,
): { check: ArchiveCheck; signed_by: readonly string[]; builders: readonly string[] } {
  const { package_id, version, tier } = candidate.manifest;
  const source = sourceOf(effects, plane, { candidate, wanted: {} });
  const subject = { package_id, version, tier, source, digest: candidate.listing.digest };
  const policy = settled(() => readPolicy(effects, plane));
  const rules = policy instanceof Fault ? { signatures: [], waivers: [] } : policy;
  const { problems, note } = enforcePolicy(rules, subject, vouching, effects.clock.now_ms());
  const { signed_by, builders, waiver } = note;
  const [problem] = policy instanceof Fault ? [policy] : problems;
  if (problem !== undefined) return { check: failed("policy", problem), signed_by, builders };
  const message =
    waiver === undefined
      ? "every rule that concerns it is met"
      : `waived by ${waiver.owner} until ${waiver.expires}: ${waiver.reason}`;
  const check: ArchiveCheck =
    rules.signatures.length === 0
      ? { check: "policy", verdict: "absent", message: "config/policy.toml demands no signatures" }
      : { check: "policy", verdict: "pass", message };
  return { check, signed_by, builders };
}
