import type { Role } from "../contracts/index.ts";
import type { Effects, FileSystem } from "../effects/index.ts";
import { raise } from "./faults.ts";
import type { FoundSecret } from "./find-secret.ts";
import { readRoles } from "./roles.ts";
import { addTokenEvent, readTokenLog } from "./token-log.ts";
import type { Narrowing } from "./token-text.ts";

/** One token of ours by its id, or everything a user holds: the `user:HMAC` token and ours issued until now. */
export type Revocation = { readonly token_id: string } | { readonly user: string };

/**
 * Revokes durably before it resolves. Revoking twice is harmless.
 * @throws AUTH_TOKEN_UNKNOWN, AUTH_USER_UNKNOWN: a misspelt name would revoke nothing in silence; AUTH_BUSY,
 * AUTH_STATE_DAMAGED, AUTH_STATE_UNWRITABLE
 */
export async function revokeToken(
  effects: Pick<Effects, "fs" | "locks" | "clock">,
  found: Pick<FoundSecret, "roles_path" | "token_log_path">,
  what: Revocation,
): Promise<void> {
  const { issued } = readTokenLog(effects.fs, found.token_log_path);
  if ("token_id" in what) {
    const { token_id } = what;
    if (!issued.some((token) => token.token_id === token_id)) {
      raise("AUTH_TOKEN_UNKNOWN", `no token with the id ${JSON.stringify(token_id)} was issued`, {
        token_id,
      });
    }
  } else {
    const { user } = what;
    const roles = readRoles(effects.fs, found.roles_path);
    if (!roles.has(user) && !issued.some((token) => token.user === user)) {
      const message = `no user is called ${JSON.stringify(user)}`;
      raise("AUTH_USER_UNKNOWN", message, { user, path: found.roles_path });
    }
  }
  const revoked_at_s = Math.floor(effects.clock.now_ms() / 1000);
  await addTokenEvent(effects, found.token_log_path, { event: "revoked", revoked_at_s, ...what });
}

export interface ListedToken {
  /** Absent for a user of the role map, whose token is `user:HMAC`. */
  readonly token_id?: string;
  readonly user: string;
  readonly role: Role;
  /** Absent: never. */
  readonly expires_at_s?: number;
  readonly revoked: boolean;
  readonly narrowing: Narrowing;
}

/** Users of the role map first, then issued tokens in order of issue. @throws AUTH_STATE_DAMAGED */
export function listTokens(
  fs: FileSystem,
  found: Pick<FoundSecret, "roles_path" | "token_log_path">,
): ListedToken[] {
  const { issued, revoked } = readTokenLog(fs, found.token_log_path);
  const users = [...readRoles(fs, found.roles_path)].map(
    ([user, role]): ListedToken => ({ user, role, revoked: revoked.users.has(user), narrowing: {} }),
  );
  const tokens = issued.map(({ issued_at_s, ...token }): ListedToken => {
    const by_user = issued_at_s <= (revoked.users.get(token.user) ?? Number.NEGATIVE_INFINITY);
    return { ...token, revoked: by_user || revoked.token_ids.has(token.token_id) };
  });
  return [...users, ...tokens];
}
