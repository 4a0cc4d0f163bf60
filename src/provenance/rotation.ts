/**
 * What both keys sign when one takes the other's place. The text can be mistaken neither for an archive's digest nor for
 * a DSSE envelope nor for a checkpoint, and it names the plane, so it cannot be carried to another.
 */
import type { Effects } from "../effects/index.ts";
import { parseVerifierKey, type SigningKey, verifyEd25519 } from "../keys/index.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";

/** Metadata of a `key_rotated` ledger entry. */
export interface Rotation {
  readonly old_vkey: string;
  readonly new_vkey: string;
  /** ISO time, UTC. */
  readonly rotated_at: string;
  /** Base64 of 64 bytes each. */
  readonly old_signature: string;
  readonly new_signature: string;
}

export function signRotation(
  { clock }: Pick<Effects, "clock">,
  plane_uid: string,
  before: SigningKey,
  after: SigningKey,
): Rotation {
  const rotated_at = new Date(clock.now_ms()).toISOString();
  const about = { old_vkey: before.vkey, new_vkey: after.vkey, rotated_at };
  const bytes = rotationBytes(plane_uid, about);
  return {
    ...about,
    old_signature: encodeBase64(before.sign(bytes)),
    new_signature: encodeBase64(after.sign(bytes)),
  };
}

/** True when both keys signed this very exchange for this plane. Never throws. */
export function rotationHolds(plane_uid: string, rotation: Readonly<Record<string, unknown>>): boolean {
  const { old_vkey, new_vkey, rotated_at, old_signature, new_signature } = rotation;
  if (typeof old_vkey !== "string" || typeof new_vkey !== "string" || typeof rotated_at !== "string")
    return false;
  const bytes = rotationBytes(plane_uid, { old_vkey, new_vkey, rotated_at });
  return (
    old_vkey !== new_vkey && isBy(old_vkey, bytes, old_signature) && isBy(new_vkey, bytes, new_signature)
  );
}

function isBy(vkey: string, bytes: Uint8Array, signature: unknown): boolean {
  const key = parseVerifierKey(vkey);
  const decoded = typeof signature === "string" ? decodeBase64(signature) : undefined;
  return key !== undefined && decoded !== undefined && verifyEd25519(key.public_key, bytes, decoded);
}

const rotationBytes = (
  plane_uid: string,
  { old_vkey, new_vkey, rotated_at }: Pick<Rotation, "old_vkey" | "new_vkey" | "rotated_at">,
): Uint8Array =>
  Buffer.from(
    `holdfast key rotation v1\nplane ${plane_uid}\nold ${old_vkey}\nnew ${new_vkey}\nat ${rotated_at}\n`,
  );
