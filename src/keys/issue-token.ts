import type { Role, TokenClaims } from "../contracts/index.ts";
import type { Effects } from "../effects/index.ts";
import type { Json } from "../kernel/index.ts";
import { raise } from "./faults.ts";
import type { FoundSecret } from "./find-secret.ts";
import { isAction, isRole, roleMay } from "./roles.ts";
import { addTokenEvent } from "./token-log.ts";
import { type Narrowing, narrowingOf, writeToken } from "./token-text.ts";

const LIFETIME_S_MAX = 366 * 86_400;

// The forms of the TokenClaims contract, checked without loading zod.
const USER = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/;
const PACKAGE = /^PKG(-[A-Z0-9]+)+$/;
const TIERS: readonly string[] = ["G0", "T0", "T1", "T2", "T3"];
const PLANE_UID = /^[0-9a-f]{32}$/;
/** So that the text stays below what the reader accepts. */
const NARROWED_CHARACTERS_MAX = 2048;

export interface TokenRequest extends Narrowing {
  readonly plane_uid: string;
  readonly user: string;
  readonly role: Role;
  /** Seconds from now, 1 to 366 days. */
  readonly lifetime_s: number;
}

/** A token and what it says. The text exists only here: show it once, store it nowhere. */
export interface NewToken {
  readonly token: string;
  readonly claims: TokenClaims;
}

/**
 * Issues a token, recording that it exists before it is returned. The caller has authorised `auth_admin`.
 * @throws AUTH_REQUEST_INVALID, AUTH_BUSY, AUTH_STATE_UNWRITABLE
 */
export async function issueToken(
  effects: Pick<Effects, "fs" | "locks" | "clock" | "random">,
  found: Pick<FoundSecret, "secret" | "token_log_path">,
  request: TokenRequest,
): Promise<NewToken> {
  const { event, ...issued } = draftToken(effects, found.secret, request);
  await addTokenEvent(effects, found.token_log_path, event);
  return issued;
}

/** The token and the event that must be on disk before anyone gets it. @throws AUTH_REQUEST_INVALID */
export function draftToken(
  effects: Pick<Effects, "clock" | "random">,
  secret: string,
  request: TokenRequest,
): NewToken & { readonly event: { readonly [key: string]: Json } } {
  requireSound(request);
  const issued_at_s = Math.floor(effects.clock.now_ms() / 1000);
  const narrowing = narrowingOf(request);
  const about = {
    token_id: effects.random.hex(8),
    user: request.user,
    role: request.role,
    issued_at_s,
    expires_at_s: issued_at_s + request.lifetime_s,
  };
  const claims = { ...about, plane_uid: request.plane_uid, ...narrowing } as TokenClaims;
  return {
    token: writeToken(claims, secret),
    claims,
    event: { event: "issued", ...about, narrowing: narrowing as { readonly [key: string]: Json } },
  };
}

function requireSound(request: TokenRequest): void {
  const { user, role, lifetime_s, plane_uid } = request;
  if (!USER.test(user)) refuse("user", "must be letters, digits and . _ @ -, at most 64");
  if (!isRole(role)) refuse("role", "must be admin, maintainer, auditor or reader");
  if (!PLANE_UID.test(plane_uid)) refuse("plane_uid", "must be 32 lower-case hex digits");
  if (!Number.isSafeInteger(lifetime_s) || lifetime_s < 1 || lifetime_s > LIFETIME_S_MAX) {
    refuse("lifetime_s", `must be from 1 to ${LIFETIME_S_MAX} seconds`);
  }
  requireSoundNarrowing(request, role);
}

/** A token can be narrowed only to what its role may do anyway. */
function requireSoundNarrowing(narrowing: Narrowing, role: Role): void {
  const { actions = [], tiers = [], packages = [] } = narrowing;
  for (const action of actions) {
    if (!isAction(action)) refuse("actions", `name ${JSON.stringify(action)}, which is no action`);
    if (!roleMay(role, action)) refuse("actions", `name ${action}, which the role ${role} may not do`);
    if (action === "auth_admin") refuse("actions", "name auth_admin, which a narrowed token cannot do");
  }
  if (!tiers.every((tier) => TIERS.includes(tier))) refuse("tiers", `must be among ${TIERS.join(", ")}`);
  if (!packages.every((id) => id.length <= 128 && PACKAGE.test(id))) {
    refuse("packages", "must look like PKG-T1-NAME-001");
  }
  if (JSON.stringify({ actions, tiers, packages }).length > NARROWED_CHARACTERS_MAX) {
    refuse("packages", "are too many for one token");
  }
}

function refuse(field: keyof TokenRequest, problem: string): never {
  return raise("AUTH_REQUEST_INVALID", `${field} ${problem}`, { field });
}
