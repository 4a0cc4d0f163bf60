/** The files beside a packed archive that vouch for it: its detached signature and its provenance. */
import type { Effects, FileSystem } from "../effects/index.ts";
import type { Transaction } from "../journal/index.ts";
import { sha256Hex } from "../kernel/index.ts";
import { loadSigningKey, type SigningKey } from "../keys/index.ts";
import { digestOf, type Plane, secretOf } from "../plane/index.ts";
import {
  type DetachedSignature,
  judgeVouchers,
  makeProvenanceFault,
  parseSignatureFile,
  placesOf,
  provenancePath,
  provenanceStatement,
  readSidecarText,
  requireHmacKey,
  STATEMENT_PAYLOAD_TYPE,
  signArchive,
  signArchiveHmac,
  signatureFileText,
  signaturePath,
  signedEnvelope,
  treeDigest,
  trustedKeys,
} from "../provenance/index.ts";
import type { Prepared } from "./build-archive.ts";

export interface VouchRequest {
  /** With the package key in force. */
  readonly sign?: boolean | undefined;
  /** With these keys of this machine instead; implies `sign`. */
  readonly sign_keys?: readonly string[] | undefined;
  /** The older form, with the shared key of CONTROL_PLANE_SIGNING_KEY. */
  readonly sign_hmac?: boolean | undefined;
  readonly attest?: boolean | undefined;
  /** Writes the time into the provenance, which then differs each time. */
  readonly attest_time?: boolean | undefined;
  readonly source_repo?: string | undefined;
  readonly source_revision?: string | undefined;
  readonly source_branch?: string | undefined;
  readonly program_version?: string | undefined;
}

/** Keys found before anything is packed, so that a missing one costs nothing. Secret: print none of it. */
export interface Signers {
  readonly request: VouchRequest;
  readonly signing: readonly SigningKey[];
  readonly attesting: readonly SigningKey[];
  readonly hmac_key: string | undefined;
}

/** What the archive is to carry beside it. */
export interface Vouched {
  readonly signature: string | undefined;
  readonly provenance: string | undefined;
  /** Who signed, as in the signature file. */
  readonly signed_by: readonly string[];
}

/** @throws SIGNING_KEY_NONE, TRUSTED_KEYS_CHANGED, HMAC_KEY_MISSING, HMAC_KEY_UNFIT, SIGNING_STATE_DAMAGED */
export function findSigners(effects: Effects, plane: Plane, request: VouchRequest): Signers {
  const { sign_keys = [], sign, attest, sign_hmac } = request;
  const signs = sign === true || sign_keys.length > 0;
  const keys = signs || attest === true ? packageKeys(effects, plane, sign_keys) : [];
  return {
    request,
    signing: signs ? keys : [],
    attesting: attest === true ? keys : [],
    hmac_key: sign_hmac === true ? requireHmacKey(effects, secretOf(effects, plane).secret) : undefined,
  };
}

function packageKeys(effects: Effects, plane: Plane, names: readonly string[]): SigningKey[] {
  // A key the plane's own list does not agree on would sign what nobody accepts.
  trustedKeys(effects, plane);
  const wanted = names.length === 0 ? [undefined] : [...new Set(names)];
  return wanted.map((name) => {
    const key = loadSigningKey(effects, placesOf(plane), { use: "package", name });
    if (key !== undefined) return key;
    const which = name === undefined ? "no key" : `no key ${JSON.stringify(name)}`;
    throw makeProvenanceFault("SIGNING_KEY_NONE", `${which} of this machine may sign packages`, {
      use: "package",
    });
  });
}

/**
 * Signature and provenance as they will lie beside the archive. What lies there already for the very same bytes is kept:
 * a second signer adds to the first. What a revoked key made goes when somebody signs anew: it would be refused for ever.
 */
export function vouchFor(
  effects: Effects,
  plane: Plane,
  { request, signing, attesting, hmac_key }: Signers,
  packed: {
    readonly archive: string;
    readonly digest: string;
    readonly content_digest: string;
    readonly manifest_hash: string;
    readonly prepared: Prepared;
  },
): Vouched {
  const { archive, digest } = packed;
  const path = `${plane.root}/${archive}`;
  const made_anew = signing.length > 0 || attesting.length > 0;
  const lying = digestOf(effects.fs, path) === digest ? keepable(effects, plane, packed, made_anew) : NONE;
  const { kept } = lying;
  const now = new Date(effects.clock.now_ms()).toISOString();
  const signatures = [
    ...kept,
    ...signing.map((key) => signArchive(key, digest)),
    ...(hmac_key === undefined ? [] : [signArchiveHmac(hmac_key, digest, now)]),
  ];
  const is_signing = signatures.length > kept.length;
  return {
    signature: is_signing ? signatureFileText({ archive_hash: digest, signatures }) : lying.signature,
    provenance: attesting.length > 0 ? attestation(plane, request, packed, attesting, now) : lying.provenance,
    signed_by: [...new Set(signatures.map(({ signer }) => signer))].sort(),
  };
}

interface Lying {
  readonly signature: string | undefined;
  readonly provenance: string | undefined;
  /** Those of the signatures that stay when another is added. */
  readonly kept: readonly DetachedSignature[];
}

const NONE: Lying = { signature: undefined, provenance: undefined, kept: [] };

/** What lies beside an archive of these very bytes; without what revoked keys made, where somebody signs anew. */
function keepable(
  effects: Effects,
  plane: Plane,
  { archive, digest }: { readonly archive: string; readonly digest: string },
  made_anew: boolean,
): Lying {
  const path = `${plane.root}/${archive}`;
  const signature = readSidecarText(effects.fs, signaturePath(path)) ?? undefined;
  const provenance = readSidecarText(effects.fs, provenancePath(path)) ?? undefined;
  const parsed = signature === undefined ? undefined : parseSignatureFile(signature);
  const fitting = typeof parsed === "object" && parsed.archive_hash === digest ? parsed.signatures : [];
  if (!made_anew) return { signature, provenance, kept: fitting };
  const trust = { keys: trustedKeys(effects, plane), hmac_key: undefined };
  const judged = judgeVouchers(effects.fs, path, digest, trust);
  const is_revoked = judged.provenance.some(({ verdict }) => verdict === "revoked");
  return {
    signature,
    provenance: is_revoked ? undefined : provenance,
    kept: fitting.filter((_, index) => judged.signatures[index]?.verdict !== "revoked"),
  };
}

function attestation(
  plane: Plane,
  request: VouchRequest,
  packed: Parameters<typeof vouchFor>[3],
  keys: readonly SigningKey[],
  now: string,
): string {
  const { prepared, digest, content_digest, manifest_hash } = packed;
  const { package_id, version } = prepared.manifest;
  const { source_repo: uri, source_revision: revision, source_branch: branch } = request;
  const inside = `${plane.root}/`;
  const source = prepared.source.startsWith(inside)
    ? prepared.source.slice(inside.length)
    : prepared.source.slice(prepared.source.lastIndexOf("/") + 1);
  const statement = provenanceStatement({
    plane_uid: plane.config.plane_uid,
    program_version: request.program_version ?? "0.0.0",
    package_id,
    version,
    digest,
    content_digest,
    manifest_hash,
    source,
    source_digest: treeDigest(prepared.files.map(({ path, digest: file }) => ({ path, ...file }))),
    ...(uri === undefined
      ? {}
      : {
          repository: {
            uri,
            ...(revision === undefined ? {} : { revision }),
            ...(branch === undefined ? {} : { branch }),
          },
        }),
    ...(request.attest_time === true ? { finished_at: now } : {}),
  });
  return `${signedEnvelope(STATEMENT_PAYLOAD_TYPE, statement, keys)}\n`;
}

/** Plans both files beside each of the archive's names, and removes what belonged to other bytes. */
export function stageVouched(
  fs: FileSystem,
  transaction: Transaction,
  plane: Plane,
  archives: readonly string[],
  { signature, provenance }: Pick<Vouched, "signature" | "provenance">,
): void {
  for (const archive of archives) {
    for (const [path, text] of [
      [signaturePath(archive), signature],
      [provenancePath(archive), provenance],
    ] as const) {
      const there = fs.stat(`${plane.root}/${path}`);
      if (text === undefined && there !== undefined) transaction.remove(path);
      if (text === undefined || digestOf(fs, `${plane.root}/${path}`) === sha256Hex(text)) continue;
      transaction.put(path, { bytes: Buffer.from(text), mode: 0o644 });
    }
  }
}

/** Registry cells that name these files; empty where there are none. */
export function vouchedCells(
  archive: string,
  { signature, provenance }: Vouched,
): Record<"signature" | "attestation_path" | "attestation_digest", string> {
  return {
    signature: signature === undefined ? "" : signaturePath(archive),
    attestation_path: provenance === undefined ? "" : provenancePath(archive),
    attestation_digest: provenance === undefined ? "" : sha256Hex(provenance),
  };
}
