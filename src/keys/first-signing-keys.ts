import type { Effects } from "../effects/index.ts";
import { readPinnedKeys, writePinnedKeys } from "./pinned-keys.ts";
import type { KeysPlaces } from "./places.ts";
import { makeSigningKey, readSigningKey } from "./signing-key.ts";
import type { KeyUse, TrustedKey } from "./trusted-list.ts";

const FIRST_USES = ["ledger", "package"] as const satisfies readonly KeyUse[];

/** `plane-<first 12 digits of the plane's uid>-<use>` */
export const firstKeyName = (plane_uid: string, use: KeyUse): string =>
  `plane-${plane_uid.slice(0, 12)}-${use}`;

/**
 * Makes and pins the ledger key and the package key of a plane that has nothing pinned; otherwise changes nothing.
 * Keys come before the pin, so an interrupted call is simply repeated.
 * @returns the keys now pinned
 * @throws AUTH_STATE_UNWRITABLE, SIGNING_STATE_DAMAGED, AUTH_SECRET_EXPOSED
 */
export function ensureSigningKeys(
  effects: Pick<Effects, "fs" | "random" | "clock">,
  places: Pick<KeysPlaces, "signing" | "pinned_keys">,
  plane_uid: string,
): readonly TrustedKey[] {
  const pinned = readPinnedKeys(effects.fs, places);
  if (pinned !== undefined) return pinned;
  const since = new Date(effects.clock.now_ms()).toISOString();
  const keys = FIRST_USES.map((use): TrustedKey => {
    const name = firstKeyName(plane_uid, use);
    const { vkey } = readSigningKey(effects.fs, places, name) ?? makeSigningKey(effects, places, name);
    return { name, vkey, uses: [use], status: "active", since };
  });
  writePinnedKeys(effects, places, keys);
  return keys;
}
