import { defineFaults, kind } from "../kernel/index.ts";

const NEW_TOKEN = `Ask an admin for one ("pkg auth issue"), then pass it with --token-file or HOLDFAST_TOKEN.`;
const LOG_IN = `Pass a token with --token-file or HOLDFAST_TOKEN; "pkg auth init" makes the first one.`;

/** Faults of tokens and secrets. No message, detail or next step ever holds a token or a secret. */
export const { raise, catalogue: keysFaults } = defineFaults({
  AUTH_TOKEN_MISSING: kind<{ action: string; command?: string; token_file?: string }>(3, (d) => {
    if (d.token_file === undefined) return LOG_IN;
    const option = `--token-file ${shellQuoted(d.token_file)}`;
    return d.command === undefined
      ? `Add ${option} to the command, or pass a token with HOLDFAST_TOKEN.`
      : `Run "${d.command} ${option}", or pass a token with HOLDFAST_TOKEN.`;
  }),
  AUTH_TOKEN_MALFORMED: kind<{ action: string }>(3, () => LOG_IN),
  AUTH_TOKEN_INVALID: kind<{ action: string }>(3, () => NEW_TOKEN),
  AUTH_TOKEN_EXPIRED: kind<{ action: string; user: string; expires_at_s: number }>(3, () => NEW_TOKEN),
  AUTH_TOKEN_REVOKED: kind<{ action: string; user: string }>(3, () => NEW_TOKEN),
  AUTH_TOKEN_FOREIGN_PLANE: kind<{ action: string; user: string; plane_uid: string }>(3, () => NEW_TOKEN),
  AUTH_ROLE: kind<{ action: string; user: string; role: string }>(
    3,
    (d) => `Use a token whose role may ${d.action}; "pkg auth list" shows the roles.`,
  ),
  AUTH_NARROWED: kind<{ action: string; user: string; field: string }>(
    3,
    (d) => `Use a token that is not narrowed to other ${d.field}; "pkg auth list" shows them.`,
  ),
  AUTH_NOT_INITIALISED: kind<{ path: string }>(3, () => `Run "pkg auth init".`),
  AUTH_EXISTS: kind<{ path: string }>(
    3,
    () =>
      `Keep the keys, or run "pkg auth init --force" to replace them: every token issued so far stops working.`,
  ),
  AUTH_KEYS_INSIDE_PLANE: kind<{ path: string }>(
    3,
    () => `Set HOLDFAST_HOME to a directory outside the plane and run the command again.`,
  ),
  AUTH_SECRET_EXPOSED: kind<{ path: string; mode: string; wanted_mode: string }>(
    3,
    (d) => `Run: chmod ${d.wanted_mode} ${shellQuoted(d.path)}`,
  ),
  AUTH_SECRET_UNREADABLE: kind<{ path: string; reason: string }>(
    5,
    (d) => `Make ${d.path} a regular file that only this user can read, then run the command again.`,
  ),
  AUTH_STATE_DAMAGED: kind<{ path: string; reason: string }>(
    4,
    (d) => `Restore ${d.path} from a backup, or run "pkg auth init --force" to start over.`,
  ),
  AUTH_STATE_UNWRITABLE: kind<{ path: string; reason: string }>(
    5,
    (d) => `Make ${d.path} writable for this user, then run the command again.`,
  ),
  AUTH_BUSY: kind<{ path: string }>(
    5,
    () => `Wait for the other "pkg auth" command to end, then run this one again.`,
  ),
  AUTH_TOKEN_UNKNOWN: kind<{ token_id: string }>(1, () => `Run "pkg auth list" and take an id from it.`),
  AUTH_USER_UNKNOWN: kind<{ user: string; path: string }>(
    1,
    (d) => `Run "pkg auth list" and take a user from it, or add the user to ${d.path}.`,
  ),
  AUTH_REQUEST_INVALID: kind<{ field: string }>(
    2,
    (d) => `Correct ${d.field} and run "pkg auth issue" again.`,
  ),
  SIGNING_STATE_DAMAGED: kind<{ path: string; reason: string }>(
    4,
    (d) => `Restore ${d.path} from a backup, or revoke the key with "pkg keys revoke" and make a new one.`,
  ),
  AUTH_TOKEN_SOURCE_UNREADABLE: kind<{ path: string; reason: string }>(
    2,
    () => `Name a readable file with --token-file, or pass the token with HOLDFAST_TOKEN.`,
  ),
});

/** So that the command can be pasted whatever the path holds. */
function shellQuoted(path: string): string {
  return /^[\w./@+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
