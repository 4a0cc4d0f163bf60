/**
 * The detached signature beside an archive, `<archive>.sig`. What is signed is the archive's sha256 as 64 ASCII hex
 * digits. One signature is written in the form existing readers know, several in a list of them:
 *
 *     {"version": "1.0", "algorithm": "ed25519", "archive_hash": "<hex>", "signer": "<name>+<8 hex>", "signature": "<base64>"}
 *     {"version": "2.0", "archive_hash": "<hex>", "signatures": [{"algorithm", "signer", "signature"}, …]}
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { type Hex, type Json, prettyJson, sortedBy } from "../kernel/index.ts";
import type { SigningKey } from "../keys/index.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";

const SIGNATURES_MAX = 64;

export interface DetachedSignature {
  readonly algorithm: "ed25519" | "hmac-sha256";
  /** `<name>+<8 hex>` as we write it, any name in files by others. A hint, no proof. */
  readonly signer: string;
  readonly bytes: Uint8Array;
  /** Only in the older form. */
  readonly timestamp?: string | undefined;
}

export interface SignatureFile {
  readonly archive_hash: Hex;
  readonly signatures: readonly DetachedSignature[];
}

export const signedBytes = (digest: Hex): Uint8Array => Buffer.from(digest, "ascii");

export const signArchive = (key: SigningKey, digest: Hex): DetachedSignature => ({
  algorithm: "ed25519",
  signer: `${key.name}+${key.key_hash}`,
  bytes: key.sign(signedBytes(digest)),
});

/** The older form: proves only that somebody knew the shared key. @param timestamp ISO; existing readers expect one */
export const signArchiveHmac = (key: string, digest: Hex, timestamp: string): DetachedSignature => ({
  algorithm: "hmac-sha256",
  signer: "holdfast",
  bytes: hmac(key, digest),
  timestamp,
});

export function hmacVerifies(key: string, digest: Hex, signature: Uint8Array): boolean {
  const wanted = hmac(key, digest);
  return signature.length === wanted.length && timingSafeEqual(signature, wanted);
}

const hmac = (key: string, digest: Hex): Uint8Array =>
  new Uint8Array(createHmac("sha256", key).update(signedBytes(digest)).digest());

/** Bytes of the file. A signer's newer signature stands in for its older one. */
export function signatureFileText({ archive_hash, signatures }: SignatureFile): string {
  const by_signer = new Map(signatures.map((one) => [`${one.algorithm} ${one.signer}`, one]));
  const members = sortedBy(by_signer.entries(), ([name]) => name).map(([, one]) => ({
    algorithm: one.algorithm,
    signer: one.signer,
    signature: encodeBase64(one.bytes),
    ...(one.timestamp === undefined ? {} : { timestamp: one.timestamp }),
  }));
  const [only, ...more] = members;
  const value: Json =
    only !== undefined && more.length === 0
      ? { version: "1.0", archive_hash, ...only }
      : { version: "2.0", archive_hash, signatures: members };
  return prettyJson(value);
}

/** The file's content, or what is wrong with it as a phrase. Nothing unknown is passed over. */
export function parseSignatureFile(text: string): SignatureFile | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "it is not JSON";
  }
  if (!isRecord(value)) return "it is not an object";
  const { version, archive_hash, signatures, ...rest } = value;
  if (typeof archive_hash !== "string" || !/^[0-9a-fA-F]{64}$/.test(archive_hash))
    return "archive_hash is not 64 hex digits";
  if (version !== "1.0" && version !== "2.0") return "version is neither 1.0 nor 2.0";
  const is_single = version === "1.0";
  const misplaced = is_single ? signatures !== undefined : Object.keys(rest).length > 0;
  if (misplaced) return "it has members its version does not have";
  const read = parseSignatures(is_single ? [rest] : signatures);
  return typeof read === "string" ? read : { archive_hash: archive_hash.toLowerCase(), signatures: read };
}

function parseSignatures(listed: unknown): DetachedSignature[] | string {
  if (!Array.isArray(listed) || listed.length === 0 || listed.length > SIGNATURES_MAX)
    return `signatures is not a list of 1 to ${SIGNATURES_MAX}`;
  const read: DetachedSignature[] = [];
  for (const [index, one] of listed.entries()) {
    const parsed = parseSignature(one);
    if (typeof parsed === "string") return `signatures[${index}]: ${parsed}`;
    read.push(parsed);
  }
  return read;
}

function parseSignature(value: unknown): DetachedSignature | string {
  if (!isRecord(value)) return "it is not an object";
  const { algorithm, signer, signature, timestamp, ...rest } = value;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return `${JSON.stringify(unknown.slice(0, 64))} is not a known member`;
  if (algorithm !== "ed25519" && algorithm !== "hmac-sha256")
    return "algorithm is neither ed25519 nor hmac-sha256";
  if (typeof signer !== "string" || signer.length > 256) return "signer is not a short text";
  if (timestamp !== undefined && typeof timestamp !== "string") return "timestamp is not a text";
  const bytes = typeof signature === "string" ? decodeBase64(signature) : undefined;
  return bytes === undefined ? "signature is not base64" : { algorithm, signer, bytes, timestamp };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
