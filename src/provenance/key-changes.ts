/** New keys, keys of others, and the end of keys; see `record-keys.ts` for how each change becomes durable. */
import type { Effects } from "../effects/index.ts";
import {
  destroySigningKey,
  firstKeyName,
  isOwnKeyName,
  type KeyUse,
  keyId,
  makeSigningKey,
  parseVerifierKey,
  readSigningKey,
  type TrustedKey,
} from "../keys/index.ts";
import type { Plane } from "../plane/index.ts";
import { make, raise } from "./faults.ts";
import { changeKeys, idOf, type KeyRequest, listed, unknownKey } from "./record-keys.ts";
import { placesOf } from "./trusted-keys.ts";

/** A new key of this plane, trusted at once. @throws SIGNING_KEY_EXISTS, SIGNING_KEY_NAME_INVALID, TRUSTED_KEYS_CHANGED */
export async function generateKey(
  effects: Effects,
  plane: Plane,
  request: KeyRequest & { readonly name?: string | undefined; readonly use: KeyUse },
): Promise<TrustedKey> {
  const name = request.name ?? firstKeyName(plane.config.plane_uid, request.use);
  if (!isOwnKeyName(name))
    raise("SIGNING_KEY_NAME_INVALID", `${JSON.stringify(name)} cannot be the name of a key`, { name });
  return changeKeys(effects, plane, request, (keys, since) => {
    const places = placesOf(plane);
    if (keys.some((key) => key.name === name && key.status !== "revoked"))
      raise("SIGNING_KEY_EXISTS", `there is a key called ${name}`, { name });
    const revoked = new Set(keys.map(({ vkey }) => vkey));
    const left = readSigningKey(effects.fs, places, name);
    // One made by a call that was cut short is taken up again, so that its entry stays true.
    const { vkey } =
      left === undefined || revoked.has(left.vkey) ? makeSigningKey(effects, places, name) : left;
    const result: TrustedKey = { name, vkey, uses: [request.use], status: "active", since };
    return {
      keys: [...listed(keys), result],
      event: "key_generated",
      subject: idOf(vkey),
      once: vkey,
      metadata: { vkey, uses: [request.use] },
      result,
    };
  });
}

/** Trusts a key of somebody else. @throws VERIFIER_KEY_INVALID, SIGNING_KEY_EXISTS, TRUSTED_KEYS_CHANGED */
export async function trustKey(
  effects: Effects,
  plane: Plane,
  request: KeyRequest & { readonly vkey: string; readonly use: KeyUse },
): Promise<TrustedKey> {
  const parsed = parseVerifierKey(request.vkey);
  if (parsed === undefined)
    throw make("VERIFIER_KEY_INVALID", "the key is not an Ed25519 verifier key", { field: "vkey" });
  const { name } = parsed;
  return changeKeys(effects, plane, request, (keys, since) => {
    if (keys.some(({ vkey }) => vkey === request.vkey))
      raise("SIGNING_KEY_EXISTS", `${keyId(parsed)} is in the list already`, { name });
    const result: TrustedKey = { name, vkey: request.vkey, uses: [request.use], status: "active", since };
    return {
      keys: [...listed(keys), result],
      event: "key_trusted",
      subject: keyId(parsed),
      once: request.vkey,
      metadata: { vkey: request.vkey, uses: [request.use] },
      result,
    };
  });
}

/**
 * Ends all trust in a key: whatever it signed, whenever, is refused from now on.
 * @param key its name, or its id `<name>+<8 hex>` or verifier key where several keys bear the name
 * @throws SIGNING_KEY_UNKNOWN, SIGNING_KEY_AMBIGUOUS, TRUSTED_KEYS_CHANGED
 */
export async function revokeKey(
  effects: Effects,
  plane: Plane,
  request: KeyRequest & { readonly key: string; readonly reason: string },
): Promise<TrustedKey> {
  const { key, reason } = request;
  return changeKeys(effects, plane, request, (keys, at) => {
    const [found, ...others] = keys.filter(
      (one) => one.status !== "revoked" && [one.name, keyId(one), one.vkey].includes(key),
    );
    if (found === undefined) return unknownKey(key, keys);
    if (others.length > 0) {
      const ids = [found, ...others].map(keyId);
      raise("SIGNING_KEY_AMBIGUOUS", `${key} names ${ids.length} keys`, { name: key, keys: ids });
    }
    const result = listed([{ ...found, status: "revoked", revoked: { at, reason } }])[0] as TrustedKey;
    const places = placesOf(plane);
    return {
      keys: listed(keys).map((one) => (one.vkey === found.vkey ? result : one)),
      event: "key_revoked",
      subject: keyId(found),
      once: found.vkey,
      metadata: { vkey: found.vkey, key_reason: reason },
      result,
      after: () => {
        const own = isOwnKeyName(found.name) ? readSigningKey(effects.fs, places, found.name) : undefined;
        if (own?.vkey === found.vkey) destroySigningKey(effects, places, found.name);
      },
    };
  });
}
