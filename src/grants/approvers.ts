/** Whether those who approved still may: their token may have been revoked, or their role taken. */
import type { ElevationApproval } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import { type Revoked, type Roles, readRoles, readTokenLog, roleMay } from "../keys/index.ts";
import { type Plane, secretOf } from "../plane/index.ts";
import type { Judges } from "./effective.ts";

/**
 * What it takes to judge is read when the first approval is judged: most plugins need none.
 * @throws AUTH_NOT_INITIALISED, AUTH_SECRET_*, AUTH_STATE_DAMAGED from `isRevoked`
 */
export function judgesOf(effects: Pick<Effects, "fs" | "host" | "clock">, plane: Plane): Judges {
  let known: { readonly revoked: Revoked; readonly roles: Roles } | undefined;
  const read = () => {
    const { roles_path, token_log_path } = secretOf(effects, plane);
    const roles = readRoles(effects.fs, roles_path);
    return { roles, revoked: readTokenLog(effects.fs, token_log_path).revoked };
  };
  return {
    now_ms: effects.clock.now_ms(),
    isRevoked: (approval) => {
      known ??= read();
      return isRevoked(approval, known.revoked, known.roles);
    },
  };
}

/** A token says its own role; a `user:HMAC` token has the one in `roles.json`, where somebody may have lowered it. */
function isRevoked(approval: ElevationApproval, revoked: Revoked, roles: Roles): boolean {
  const { approved_by, token_id, approved_at } = approval;
  if (token_id !== undefined && revoked.token_ids.has(token_id)) return true;
  const revoked_at_s = revoked.users.get(approved_by);
  // What a user was revoked for came before that second; a token issued later is another one.
  if (revoked_at_s !== undefined && Date.parse(approved_at) < (revoked_at_s + 1) * 1000) return true;
  const role = roles.get(approved_by);
  if (role !== undefined) return !roleMay(role, "plugin_approve");
  return token_id === undefined;
}
