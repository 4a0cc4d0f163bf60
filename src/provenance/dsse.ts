/**
 * DSSE envelopes (github.com/secure-systems-lab/dsse, protocol 1.0.0). A verifier works in this order and no other:
 *
 *     1. decode payload, payload type and signatures; refuse what does not decode
 *     2. verify each signature against PAE(type, payload) with every key; a key id narrows nothing and proves nothing
 *     3. count the unique public keys that verified; refuse fewer than the threshold
 *     4. only then look at the payload type, and only then at the payload
 */

import { compactAsciiJson } from "../kernel/index.ts";
import { type SigningKey, verifyEd25519 } from "../keys/index.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";

/** Many more than anybody needs, few enough to try each with each key. */
const SIGNATURES_MAX = 64;

export interface Envelope {
  readonly payload_type: string;
  readonly payload: Uint8Array;
  readonly signatures: readonly { readonly key_id: string | undefined; readonly bytes: Uint8Array }[];
}

/** The exact bytes that are signed. */
export function preAuthEncoding(payload_type: string, payload: Uint8Array): Uint8Array {
  const type = Buffer.from(payload_type);
  const head = Buffer.from(`DSSEv1 ${type.length} `);
  return new Uint8Array(Buffer.concat([head, type, Buffer.from(` ${payload.length} `), payload]));
}

/** One line of JSON without its newline; the same bytes for the same payload and keys. */
export function signedEnvelope(
  payload_type: string,
  payload: Uint8Array,
  keys: readonly SigningKey[],
): string {
  const signed = preAuthEncoding(payload_type, payload);
  return compactAsciiJson({
    payloadType: payload_type,
    payload: encodeBase64(payload),
    signatures: keys.map((key) => ({
      keyid: `${key.name}+${key.key_hash}`,
      sig: encodeBase64(key.sign(signed)),
    })),
  });
}

/** Step 1. Undefined when it is no envelope; unknown members are passed over, as the format asks. */
export function readEnvelope(text: string): Envelope | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { payload, payloadType: payload_type, signatures } = value;
  if (typeof payload !== "string" || typeof payload_type !== "string" || !payload_type.isWellFormed())
    return undefined;
  const bytes = decodeBase64(payload);
  if (bytes === undefined || !Array.isArray(signatures)) return undefined;
  if (signatures.length === 0 || signatures.length > SIGNATURES_MAX) return undefined;
  const read = signatures.map(readSignature);
  return read.every((one) => one !== undefined)
    ? { payload_type, payload: bytes, signatures: read }
    : undefined;
}

function readSignature(value: unknown): Envelope["signatures"][number] | undefined {
  if (!isRecord(value)) return undefined;
  const { sig, keyid: key_id } = value;
  const bytes = typeof sig === "string" ? decodeBase64(sig) : undefined;
  if (bytes === undefined || (key_id !== undefined && typeof key_id !== "string")) return undefined;
  return { key_id, bytes };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Step 2. The keys that signed this envelope, each public key once, in the order given. */
export function signersOf<K extends { readonly public_key: Uint8Array }>(
  { payload_type, payload, signatures }: Envelope,
  keys: readonly K[],
): K[] {
  const signed = preAuthEncoding(payload_type, payload);
  const seen = new Set<string>();
  return keys.filter(({ public_key }) => {
    const identity = encodeBase64(public_key);
    if (seen.has(identity)) return false;
    const verifies = signatures.some(({ bytes }) => verifyEd25519(public_key, signed, bytes));
    if (verifies) seen.add(identity);
    return verifies;
  });
}

/**
 * Steps 1 to 4 as one answer: the payload, if at least `threshold` unique keys signed it and its type is one of ours.
 * @param threshold at least 1
 */
export function openEnvelope(
  text: string,
  keys: readonly { readonly public_key: Uint8Array }[],
  { threshold, payload_types }: { readonly threshold: number; readonly payload_types: readonly string[] },
): Uint8Array | undefined {
  const envelope = readEnvelope(text);
  if (envelope === undefined || signersOf(envelope, keys).length < Math.max(1, threshold)) return undefined;
  const is_known = envelope.payload_type !== "" && payload_types.includes(envelope.payload_type);
  return is_known ? envelope.payload : undefined;
}
