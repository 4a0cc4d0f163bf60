/** Holds what vouches for an archive against the policy. Pure: returns every problem, changes nothing. */
import type { PackageTier, SignaturePolicy, SignatureRule, SignatureWaiver } from "../contracts/index.ts";
import type { Fault, Hex } from "../kernel/index.ts";
import { keyId } from "../keys/index.ts";
import { matchesGlob } from "../metadata/index.ts";
import { make } from "./faults.ts";
import type { Voucher, Vouching } from "./vouching.ts";

export interface Subject {
  readonly package_id: string;
  readonly version: string;
  readonly tier: PackageTier;
  /** URL, plane-relative path, or absolute path. */
  readonly source: string;
  /** sha256 of the archive, bare. */
  readonly digest: Hex;
}

/** What the ledger keeps of the judgement. */
export interface SignatureNote {
  /** Key ids, and "hmac" for a valid HMAC signature. */
  readonly signed_by: readonly string[];
  readonly builders: readonly string[];
  readonly waiver?: { readonly owner: string; readonly reason: string; readonly expires: string };
}

export interface Judged {
  readonly problems: readonly Fault[];
  readonly note: SignatureNote;
}

const HMAC = "hmac";

/**
 * A broken, revoked or swapped voucher is refused whatever the policy says; what the policy demands can be waived until
 * the waiver expires.
 * @param now_ms time of the judgement
 */
export function enforcePolicy(
  policy: SignaturePolicy,
  subject: Subject,
  vouching: Vouching,
  now_ms: number,
): Judged {
  const note = {
    signed_by: [...new Set(vouching.signatures.filter(isValid).flatMap(signersOfVoucher))].sort(),
    builders: [
      ...new Set(vouching.provenance.filter(isValid).flatMap(({ builder_id }) => builder_id ?? [])),
    ].sort(),
  };
  const broken = brokenVouchers(subject, vouching);
  if (broken.length > 0) return { problems: broken, note };
  const unmet = policy.signatures
    .filter((rule) => concerns(rule, subject))
    .flatMap((rule) => unmetBy(rule, subject, vouching));
  if (unmet.length === 0) return { problems: [], note };
  const waivers = policy.waivers.filter((waiver) => waives(waiver, subject));
  const live = waivers.find(({ expires }) => now_ms < Date.parse(expires));
  if (live !== undefined) {
    const { owner, reason, expires } = live;
    return { problems: [], note: { ...note, waiver: { owner, reason, expires } } };
  }
  const [expired] = waivers;
  return { problems: expired === undefined ? unmet : [waiverExpired(expired, subject), ...unmet], note };
}

const isValid = ({ verdict }: Voucher): boolean => verdict === "valid";

const signersOfVoucher = ({ algorithm, keys }: Voucher): string[] =>
  algorithm === "hmac-sha256" ? [HMAC] : keys.map(keyId);

const waives = (waiver: SignatureWaiver, { package_id, version }: Subject): boolean =>
  matchesGlob(package_id, waiver.package) && (waiver.version === undefined || waiver.version === version);

function concerns(rule: SignatureRule, { package_id, tier, source }: Subject): boolean {
  if (!rule.packages.some((pattern) => matchesGlob(package_id, pattern))) return false;
  if (rule.tiers !== undefined && !rule.tiers.includes(tier)) return false;
  return rule.sources === undefined || rule.sources.some((pattern) => matchesGlob(source, pattern));
}

/** @returns one fault for every voucher that is worse than none */
export function brokenVouchers(
  { package_id, digest }: Pick<Subject, "package_id" | "digest">,
  vouching: Vouching,
): Fault[] {
  const { signature_path, provenance_path } = vouching;
  const of = (voucher: Voucher, path: string, what: string): Fault[] => {
    const { verdict, reason = "", signer, keys, subject = "" } = voucher;
    const about = { package_id, path };
    if (verdict === "revoked") {
      const { at = "", reason: why = "" } = keys[0]?.revoked ?? {};
      const message = `${what} ${path} is by ${signer}, which was revoked: ${why}`;
      return [make("SIGNING_KEY_REVOKED", message, { ...about, key: signer, revoked_at: at, reason: why })];
    }
    if (verdict === "mismatch") {
      const message = `${what} ${path} is of another archive`;
      return [make("PROVENANCE_MISMATCH", message, { ...about, expected: digest, actual: subject })];
    }
    if (verdict !== "invalid") return [];
    const code = path === signature_path ? "SIGNATURE_INVALID" : "PROVENANCE_INVALID";
    return [make(code, `${what} ${path} does not hold: ${reason}`, { ...about, reason })];
  };
  return [
    ...vouching.signatures.flatMap((one) => of(one, signature_path, "the signature")),
    ...vouching.provenance.flatMap((one) => of(one, provenance_path, "the provenance")),
  ];
}

function unmetBy(rule: SignatureRule, subject: Subject, vouching: Vouching): Fault[] {
  const { package_id, version } = subject;
  const { signers, threshold, require_provenance } = rule;
  const problems: Fault[] = [];
  const counted = countSigners(rule, vouching.signatures);
  if (counted < threshold) {
    const path = vouching.signature_path;
    const wanted = signers.join(", ");
    const by = vouching.signatures.map(({ signer, algorithm }) =>
      algorithm === "hmac-sha256" ? HMAC : signer,
    );
    problems.push(
      by.length === 0
        ? make("SIGNATURE_MISSING", `${package_id} ${version} is not signed; the policy wants ${wanted}`, {
            package_id,
            path,
            wanted: signers,
            threshold,
          })
        : make(
            "SIGNING_KEY_UNTRUSTED",
            `${package_id} ${version} is signed by ${by.join(", ")}; the policy wants ${threshold} of ${wanted}, ${counted} count`,
            { package_id, path, signers: by, wanted: signers },
          ),
    );
  }
  if (require_provenance) problems.push(...unmetProvenance(rule, subject, vouching));
  return problems;
}

/** Unique public keys among the named ones; a second name for one key counts for nothing. */
function countSigners({ signers, accept_hmac }: SignatureRule, signatures: readonly Voucher[]): number {
  const valid = signatures.filter(isValid);
  const keys = valid.flatMap((voucher) => voucher.keys).filter(({ name }) => signers.includes(name));
  const unique = new Set(keys.map(({ public_key }) => Buffer.from(public_key).toString("hex")));
  const by_hmac = accept_hmac && valid.some(({ algorithm }) => algorithm === "hmac-sha256");
  return unique.size + (by_hmac ? 1 : 0);
}

function unmetProvenance(rule: SignatureRule, { package_id, version }: Subject, vouching: Vouching): Fault[] {
  const { signers, builders } = rule;
  const path = vouching.provenance_path;
  const by_signers = vouching.provenance
    .filter(isValid)
    .filter(({ keys }) => keys.some(({ name }) => signers.includes(name)));
  const fits = by_signers.some(
    ({ builder_id }) => builders === undefined || (builder_id !== undefined && builders.includes(builder_id)),
  );
  if (fits) return [];
  if (vouching.provenance.length === 0) {
    const message = `${package_id} ${version} has no provenance, which the policy wants`;
    return [make("PROVENANCE_MISSING", message, { package_id, path, wanted: signers })];
  }
  const by = vouching.provenance.map(({ signer, builder_id }) =>
    builder_id === undefined ? signer : `${signer} (${builder_id})`,
  );
  const about = { package_id, path, signers: by, wanted: signers };
  const whose = `the provenance of ${package_id} ${version} is by ${by.join(", ")}`;
  if (by_signers.length > 0 && builders !== undefined) {
    const message = `${whose}; the policy wants it built by ${builders.join(" or ")}`;
    return [make("SIGNING_KEY_UNTRUSTED", message, { ...about, builders })];
  }
  return [make("SIGNING_KEY_UNTRUSTED", `${whose}, not by whom the policy wants`, about)];
}

function waiverExpired({ owner, expires, reason }: SignatureWaiver, { package_id }: Subject): Fault {
  const message = `the waiver of ${owner} for ${package_id} expired at ${expires} (${reason})`;
  return make("WAIVER_EXPIRED", message, { package_id, owner, expires });
}
