/**
 * What vouches for one archive: each detached signature and each provenance statement beside it gets one verdict. Order
 * for a signature: parse, hold its archive_hash against the archive, find the key, verify, and only then ask whether the
 * key is trusted, revoked or unknown. Order for a statement: see `dsse.ts`, then the statement's form, then its subject.
 */
import type { FileSystem } from "../effects/index.ts";
import { type Hex, sameDigest } from "../kernel/index.ts";
import { keyId, verifyEd25519 } from "../keys/index.ts";
import { type Envelope, readEnvelope, signersOf } from "./dsse.ts";
import { provenancePath, readSidecarText, signaturePath } from "./sidecars.ts";
import { type DetachedSignature, hmacVerifies, parseSignatureFile, signedBytes } from "./signature-file.ts";
import { readProvenance, STATEMENT_PAYLOAD_TYPE } from "./statement.ts";
import type { KnownKey } from "./trusted-keys.ts";

/**
 * `valid`: by a trusted key over exactly this archive · `revoked`: the same by a revoked key · `untrusted`: by a key the
 * plane does not know, so nothing is proven · `invalid`: broken, or not of this archive · `mismatch`: sound provenance of
 * another archive · `not_verifiable`: HMAC without its key, or a statement of another type.
 */
export type Verdict = "valid" | "revoked" | "untrusted" | "invalid" | "mismatch" | "not_verifiable";

export interface Voucher {
  readonly verdict: Verdict;
  /** Who signed, as a key id; for an unknown key what the file claims. */
  readonly signer: string;
  readonly algorithm: "ed25519" | "hmac-sha256" | "dsse";
  /** The keys behind a valid or revoked verdict, each public key once. */
  readonly keys: readonly KnownKey[];
  /** A phrase, for every verdict but `valid`. */
  readonly reason?: string;
  readonly builder_id?: string;
  /** Subject of provenance that is of another archive. */
  readonly subject?: Hex;
}

export interface Vouching {
  /** Plane-relative or absolute, as the archive's own path. */
  readonly signature_path: string;
  readonly provenance_path: string;
  readonly signatures: readonly Voucher[];
  readonly provenance: readonly Voucher[];
}

/** Whether anything lies there to judge; then, and only then, the trusted keys are needed. */
export const hasVouchers = (fs: FileSystem, archive: string): boolean =>
  fs.stat(signaturePath(archive)) !== undefined || fs.stat(provenancePath(archive)) !== undefined;

/** @param archive absolute path @param digest sha256 of its bytes as just read, bare */
export function judgeVouchers(
  fs: FileSystem,
  archive: string,
  digest: Hex,
  trust: { readonly keys: readonly KnownKey[]; readonly hmac_key: string | undefined },
): Vouching {
  const keys = trust.keys.filter(({ uses }) => uses.includes("package"));
  const signature_path = signaturePath(archive);
  const provenance_path = provenancePath(archive);
  return {
    signature_path,
    provenance_path,
    signatures: judgeSignatures(readSidecarText(fs, signature_path), digest, keys, trust.hmac_key),
    provenance: judgeProvenance(readSidecarText(fs, provenance_path), digest, keys),
  };
}

const broken = (algorithm: Voucher["algorithm"], reason: string, signer = ""): Voucher => ({
  verdict: "invalid",
  signer,
  algorithm,
  keys: [],
  reason,
});

function judgeSignatures(
  text: string | null | undefined,
  digest: Hex,
  keys: readonly KnownKey[],
  hmac_key: string | undefined,
): Voucher[] {
  if (text === undefined) return [];
  const file = text === null ? "it is not a small text file" : parseSignatureFile(text);
  if (typeof file === "string") return [broken("ed25519", file)];
  return file.signatures.map((one): Voucher => {
    if (!sameDigest(file.archive_hash, digest))
      return broken(one.algorithm, `it is of the archive ${file.archive_hash}`, one.signer);
    return one.algorithm === "ed25519" ? judgeEd25519(one, digest, keys) : judgeHmac(one, digest, hmac_key);
  });
}

function judgeEd25519({ signer, bytes }: DetachedSignature, digest: Hex, keys: readonly KnownKey[]): Voucher {
  const named = keys.filter((key) => keyId(key) === signer);
  // The name is a hint: files by others name their keys as they like.
  const verifying = keys.find(({ public_key }) => verifyEd25519(public_key, signedBytes(digest), bytes));
  if (verifying !== undefined) return byKeys([verifying], "ed25519");
  if (named.length > 0)
    return broken("ed25519", `it is not a signature of this archive by ${signer}`, signer);
  return {
    verdict: "untrusted",
    signer,
    algorithm: "ed25519",
    keys: [],
    reason: "no trusted key made it",
  };
}

function judgeHmac({ signer, bytes }: DetachedSignature, digest: Hex, key: string | undefined): Voucher {
  const about = { signer, algorithm: "hmac-sha256", keys: [] } as const;
  if (key === undefined)
    return { ...about, verdict: "not_verifiable", reason: "CONTROL_PLANE_SIGNING_KEY is not set" };
  if (hmacVerifies(key, digest, bytes)) return { ...about, verdict: "valid" };
  return { ...about, verdict: "invalid", reason: "it was not made with the shared key" };
}

/** A revoked key spoils what it signed even where another key signed as well: somebody else may hold it. */
function byKeys(keys: readonly KnownKey[], algorithm: Voucher["algorithm"]): Voucher {
  const signer = keys.map(keyId).join(", ");
  const revoked = keys.filter(({ status }) => status === "revoked");
  if (revoked.length === 0) return { verdict: "valid", signer, algorithm, keys };
  return {
    verdict: "revoked",
    signer: revoked.map(keyId).join(", "),
    algorithm,
    keys: revoked,
    reason: `the key was revoked at ${revoked[0]?.revoked?.at ?? ""}: ${revoked[0]?.revoked?.reason ?? ""}`,
  };
}

function judgeProvenance(text: string | null | undefined, digest: Hex, keys: readonly KnownKey[]): Voucher[] {
  if (text === undefined) return [];
  if (text === null) return [broken("dsse", "it is not a small text file")];
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.length === 0) return [broken("dsse", "it is empty")];
  return lines.map((line) => judgeLine(line, digest, keys));
}

function judgeLine(line: string, digest: Hex, keys: readonly KnownKey[]): Voucher {
  const envelope = readEnvelope(line);
  if (envelope === undefined) return broken("dsse", "it is not a DSSE envelope");
  const signers = signersOf(envelope, keys);
  if (signers.length === 0) return unsignedLine(envelope, keys);
  const by = byKeys(signers, "dsse");
  if (by.verdict !== "valid") return by;
  if (envelope.payload_type !== STATEMENT_PAYLOAD_TYPE)
    return {
      ...by,
      verdict: "not_verifiable",
      keys: [],
      reason: `its type ${envelope.payload_type} is not ours`,
    };
  const statement = readProvenance(envelope.payload);
  if (statement === undefined)
    return { ...by, verdict: "not_verifiable", keys: [], reason: "it is not a provenance statement" };
  const { subjects, builder_id } = statement;
  if (subjects.includes(digest)) return { ...by, builder_id };
  const subject = subjects[0] ?? "";
  return {
    ...by,
    verdict: "mismatch",
    keys: [],
    builder_id,
    subject,
    reason: `it is of the archive ${subject}`,
  };
}

function unsignedLine({ signatures }: Envelope, keys: readonly KnownKey[]): Voucher {
  const claimed = signatures.map(({ key_id }) => key_id ?? "").join(", ");
  const about = { signer: claimed, algorithm: "dsse", keys: [] } as const;
  const is_known = keys.some((key) => signatures.some(({ key_id }) => key_id === keyId(key)));
  return is_known
    ? { ...about, verdict: "invalid", reason: `the signature of ${claimed} does not hold` }
    : { ...about, verdict: "untrusted", reason: "no trusted key made it" };
}
