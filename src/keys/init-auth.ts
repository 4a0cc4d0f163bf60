import type { Effects } from "../effects/index.ts";
import { prettyJson } from "../kernel/index.ts";
import { raise } from "./faults.ts";
import { ensureSigningKeys } from "./first-signing-keys.ts";
import { draftToken } from "./issue-token.ts";
import { type KeysPlaces, keysPlaces, requireOutside } from "./places.ts";
import { makePrivateDirectory, requirePrivateDirectory, writePrivate, writing } from "./private-file.ts";
import { SECRET_NAME } from "./secrets-env.ts";
import { addTokenEvent, whileAuthLocked } from "./token-log.ts";

const FIRST_TOKEN_LIFETIME_S = 90 * 86_400;
const FIRST_ROLES = { admin: "admin", maintainer: "maintainer" };

export interface InitialisedAuth {
  readonly places: KeysPlaces;
  /** Of the admin token, whose text is in `places.admin_token` and nowhere else. */
  readonly expires_at_s: number;
}

/**
 * Makes the keys of a plane: a random secret, a role map, a place for heads, and an admin token for 90 days in a file
 * of its own. Directories 0700, files 0600 from the first byte. The secret is written last, so an interrupted call can
 * be repeated. `force` replaces secret, admin token and role map; the list of issued and revoked tokens stays, and so do
 * signing keys, which have their own rotation.
 * @throws AUTH_EXISTS, AUTH_KEYS_INSIDE_PLANE, AUTH_SECRET_EXPOSED, AUTH_STATE_UNWRITABLE, AUTH_BUSY
 */
export async function initAuth(
  effects: Pick<Effects, "fs" | "locks" | "clock" | "random">,
  options: {
    /** Absolute; see `keysDirectory`. */
    readonly directory: string;
    readonly plane_root: string;
    readonly plane_uid: string;
    readonly force: boolean;
  },
): Promise<InitialisedAuth> {
  const { fs } = effects;
  const places = keysPlaces(options.directory);
  requireOutside(fs, places.directory, options.plane_root);
  refuseExisting(effects, places, options.force);
  writing(places.directory, () => {
    makePrivateDirectory(fs, places.directory);
    makePrivateDirectory(fs, places.heads);
  });
  requirePrivateDirectory(fs, places.directory);
  const secret = effects.random.hex(32);
  const { token, claims, event } = draftToken(effects, secret, {
    plane_uid: options.plane_uid,
    user: "admin",
    role: "admin",
    lifetime_s: FIRST_TOKEN_LIFETIME_S,
  });
  await addTokenEvent(effects, places.token_log, event);
  await whileAuthLocked(effects, places.directory, () => {
    // Again, now that nobody else can be doing the same.
    refuseExisting(effects, places, options.force);
    writing(places.directory, () => {
      ensureSigningKeys(effects, places, options.plane_uid);
      writePrivate(effects, places.roles, prettyJson(FIRST_ROLES));
      writePrivate(effects, places.admin_token, `${token}\n`);
      writePrivate(effects, places.secrets, `${SECRET_NAME}=${secret}\n`);
    });
  });
  return { places, expires_at_s: claims.expires_at_s };
}

function refuseExisting(effects: Pick<Effects, "fs">, places: KeysPlaces, force: boolean): void {
  if (force || effects.fs.stat(places.secrets) === undefined) return;
  raise("AUTH_EXISTS", `${places.secrets} exists already`, { path: places.secrets });
}
