import type { Effects } from "../effects/index.ts";
import {
  activateSigningKey,
  isOwnKeyName,
  makeSigningKey,
  nextKeyPath,
  readSigningKey,
  type SigningKey,
  type TrustedKey,
} from "../keys/index.ts";
import type { Plane } from "../plane/index.ts";
import { raise } from "./faults.ts";
import { changeKeys, idOf, type KeyRequest, listed, unknownKey } from "./record-keys.ts";
import { signRotation } from "./rotation.ts";
import { placesOf } from "./trusted-keys.ts";

/**
 * Replaces a key of this plane by a new one of the same name; the entry is signed by both. The old key still verifies
 * what it signed, and its private half is gone.
 * @throws SIGNING_KEY_UNKNOWN, SIGNING_KEY_NOT_HERE, TRUSTED_KEYS_CHANGED
 */
export async function rotateKey(
  effects: Effects,
  plane: Plane,
  request: KeyRequest & { readonly name: string },
): Promise<TrustedKey> {
  const { name } = request;
  return changeKeys(effects, plane, request, (keys, since) => {
    const places = placesOf(plane);
    const old = keys.find((key) => key.name === name && key.status === "active");
    if (old === undefined) return unknownKey(name, keys);
    const before = isOwnKeyName(name) ? keyInForce(effects, plane, old) : undefined;
    if (before === undefined)
      return raise("SIGNING_KEY_NOT_HERE", `the private half of ${name} does not lie on this machine`, {
        name,
      });
    const after = successor(effects, plane, name);
    const result: TrustedKey = { name, vkey: after.vkey, uses: old.uses, status: "active", since };
    const others = keys.map((key) => (key === old ? { ...key, status: "retired" as const } : key));
    return {
      keys: [...listed(others), result],
      event: "key_rotated",
      subject: idOf(old.vkey),
      once: `${old.vkey}:${after.vkey}`,
      metadata: { ...signRotation(effects, plane.config.plane_uid, before, after) },
      result,
      after: () => activateSigningKey(effects, places, name),
    };
  });
}

/** The private half of a key, put in its place first where a rotation was cut short behind its entry. */
function keyInForce(effects: Effects, plane: Plane, { name, vkey }: TrustedKey): SigningKey | undefined {
  const places = placesOf(plane);
  const waiting = readSigningKey(effects.fs, places, name, nextKeyPath(places, name));
  if (waiting?.vkey === vkey) activateSigningKey(effects, places, name);
  const key = readSigningKey(effects.fs, places, name);
  return key?.vkey === vkey ? key : undefined;
}

/** One left by a call that was cut short is taken up again, so that the entry it may have written stays true. */
function successor(effects: Effects, plane: Plane, name: string): SigningKey {
  const places = placesOf(plane);
  const path = nextKeyPath(places, name);
  return readSigningKey(effects.fs, places, name, path) ?? makeSigningKey(effects, places, name, path);
}
