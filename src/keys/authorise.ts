/** The one door: every operation that changes something asks here first. */
import type { AuthAction, PackageTier, Principal, TokenClaims } from "../contracts/index.ts";
import { raise } from "./faults.ts";
import { type Roles, roleMay, roleOf } from "./roles.ts";
import type { Revoked } from "./token-log.ts";
import { type Narrowing, readToken } from "./token-text.ts";

/** What the plane knows about tokens. */
export interface AuthState {
  readonly secret: string;
  readonly roles: Roles;
  readonly revoked: Revoked;
  readonly plane_uid: string;
  readonly now_s: number;
  /** Where a token of this plane lies that the caller can read. */
  readonly token_file?: string | undefined;
}

/** What is to be done. A token narrowed to packages or tiers is refused when the request does not name its own. */
export interface AuthRequest {
  readonly action: AuthAction;
  readonly package_ids?: readonly string[];
  readonly tiers?: readonly PackageTier[];
  /** Only asks who it is: what the token is narrowed to is told, not judged. */
  readonly identifies?: true;
  /** What the user typed, where that is not named like the action: `integrity-check --fix` updates files. */
  readonly command?: string;
}

/**
 * Who acts, if they may.
 * @throws AUTH_TOKEN_MISSING, AUTH_TOKEN_MALFORMED, AUTH_TOKEN_INVALID, AUTH_TOKEN_FOREIGN_PLANE, AUTH_TOKEN_EXPIRED,
 * AUTH_TOKEN_REVOKED, AUTH_ROLE, AUTH_NARROWED (checked in this order; none holds the token).
 */
export function authorise(state: AuthState, token: string | undefined, request: AuthRequest): Principal {
  const { action } = request;
  if (token === undefined || token === "") {
    const { command } = request;
    const { token_file } = state;
    return raise("AUTH_TOKEN_MISSING", `${command ?? action} needs a token`, {
      action,
      ...(command === undefined ? {} : { command }),
      ...(token_file === undefined ? {} : { token_file }),
    });
  }
  const reading = readToken(token, state.secret);
  if (reading.form === "claims") return authoriseClaims(state, reading.claims, request);
  if (reading.form === "user") return authoriseUser(state, reading.user, request);
  if (reading.form === "malformed")
    raise("AUTH_TOKEN_MALFORMED", "the token is not in a form we know", { action });
  return raise("AUTH_TOKEN_INVALID", "the token was not signed with this plane's secret", { action });
}

function authoriseUser(state: AuthState, user: string, { action }: AuthRequest): Principal {
  if (state.revoked.users.has(user)) refuseRevoked(action, user);
  const role = roleOf(state.roles, user);
  requireRole({ user, role }, action);
  return { user, role };
}

function authoriseClaims(state: AuthState, claims: TokenClaims, request: AuthRequest): Principal {
  const { action } = request;
  const { user, role, plane_uid, expires_at_s, token_id } = claims;
  if (plane_uid !== state.plane_uid) {
    const message = `the token of ${user} was issued for another plane`;
    raise("AUTH_TOKEN_FOREIGN_PLANE", message, { action, user, plane_uid: state.plane_uid });
  }
  if (state.now_s >= expires_at_s) {
    const when = new Date(expires_at_s * 1000).toISOString();
    raise("AUTH_TOKEN_EXPIRED", `the token of ${user} expired at ${when}`, { action, user, expires_at_s });
  }
  const user_revoked_at_s = state.revoked.users.get(user);
  const is_user_revoked = user_revoked_at_s !== undefined && claims.issued_at_s <= user_revoked_at_s;
  if (is_user_revoked || state.revoked.token_ids.has(token_id)) refuseRevoked(action, user);
  requireRole({ user, role }, action);
  if (request.identifies !== true) requireWithin(claims, user, request);
  const { actions, tiers, packages } = claims;
  const narrowing = {
    ...(actions === undefined ? {} : { actions }),
    ...(tiers === undefined ? {} : { tiers }),
    ...(packages === undefined ? {} : { packages }),
  };
  return {
    user,
    role,
    token_id,
    expires_at_s,
    ...(request.identifies === true && isNarrowed(claims) ? { narrowing } : {}),
  };
}

function refuseRevoked(action: AuthAction, user: string): never {
  return raise("AUTH_TOKEN_REVOKED", `the token of ${user} was revoked`, { action, user });
}

function requireRole(who: Pick<Principal, "user" | "role">, action: AuthAction): void {
  if (roleMay(who.role, action)) return;
  raise("AUTH_ROLE", `${who.user} has the role ${who.role}, which may not ${action}`, { action, ...who });
}

function requireWithin(narrowing: Narrowing, user: string, request: AuthRequest): void {
  const { action } = request;
  const refuse = (field: keyof Narrowing, what: string): never =>
    raise("AUTH_NARROWED", `the token of ${user} is narrowed to other ${field}: ${what}`, {
      action,
      user,
      field,
    });
  if (narrowing.actions !== undefined && !narrowing.actions.includes(action)) refuse("actions", action);
  for (const [field, asked] of [
    ["packages", request.package_ids],
    ["tiers", request.tiers],
  ] as const) {
    const allowed: readonly string[] | undefined = narrowing[field];
    if (allowed === undefined) continue;
    // A request that names none concerns all of them.
    if (asked === undefined || asked.length === 0) refuse(field, `${action} names none`);
    const outside = asked?.find((name) => !allowed.includes(name));
    if (outside !== undefined) refuse(field, outside);
  }
  // Who can issue tokens could issue one that is not narrowed.
  if (action === "auth_admin" && isNarrowed(narrowing))
    refuse("actions", "a narrowed token cannot manage tokens");
}

const isNarrowed = ({ actions, tiers, packages }: Narrowing): boolean =>
  actions !== undefined || tiers !== undefined || packages !== undefined;
