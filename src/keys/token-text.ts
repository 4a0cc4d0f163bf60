/**
 * The two forms of a token.
 *
 *     hft1.<base64url of the claims as JSON>.<base64url of HMAC-SHA256>     what we issue
 *     user:<64 lower-case hex digits of HMAC-SHA256(secret, user)>          older, still accepted
 *
 * The new form is signed with a key derived from the secret, so no signature of one form can pass as one of the other.
 */
import { createHmac, createSecretKey, hash, hkdfSync, type KeyObject, timingSafeEqual } from "node:crypto";
import type { AuthAction, PackageTier, TokenClaims } from "../contracts/index.ts";
import { spacedJson } from "../kernel/index.ts";
import { isRole } from "./roles.ts";

const TOKEN_CHARACTERS_MAX = 4096;
const PREFIX = "hft1.";
const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** What the text of a token claims, and whether the secret vouches for it. */
export type TokenReading =
  | { readonly form: "malformed" }
  | { readonly form: "forged" }
  | { readonly form: "claims"; readonly claims: TokenClaims }
  | { readonly form: "user"; readonly user: string };

/** Reads and checks a token. Never throws; comparisons take the same time whatever differs. */
export function readToken(token: string, secret: string): TokenReading {
  if (token.length > TOKEN_CHARACTERS_MAX || !/^[\x21-\x7e]+$/.test(token)) return { form: "malformed" };
  if (token.startsWith(PREFIX)) return readClaimsToken(token, secret);
  const colon = token.indexOf(":");
  if (colon < 1 || colon === token.length - 1) return { form: "malformed" };
  const user = token.slice(0, colon);
  return sameText(token.slice(colon + 1), userSignature(user, secret))
    ? { form: "user", user }
    : { form: "forged" };
}

function readClaimsToken(token: string, secret: string): TokenReading {
  const [, payload = "", signature = "", ...more] = token.split(".");
  if (more.length > 0 || !BASE64URL.test(payload) || !BASE64URL.test(signature)) return { form: "malformed" };
  if (!sameText(signature, claimsSignature(PREFIX + payload, secret))) return { form: "forged" };
  const claims = asClaims(Buffer.from(payload, "base64url").toString("utf8"));
  return claims === undefined ? { form: "malformed" } : { form: "claims", claims };
}

/** Text of a new token. Claims must already be checked. */
export function writeToken(claims: TokenClaims, secret: string): string {
  const signed = PREFIX + Buffer.from(spacedJson(claims)).toString("base64url");
  return `${signed}.${claimsSignature(signed, secret)}`;
}

/** Text of an older token. */
export const userToken = (user: string, secret: string): string => `${user}:${userSignature(user, secret)}`;

function userSignature(user: string, secret: string): string {
  return createHmac("sha256", secret).update(user).digest("hex");
}

function claimsSignature(signed: string, secret: string): string {
  return createHmac("sha256", signingKey(secret)).update(signed).digest("base64url");
}

/** Of the secret asked for last: to derive it takes longer than to sign, and a host asks for the same at each call. */
let derived: { readonly secret: string; readonly key: KeyObject } | undefined;

function signingKey(secret: string): KeyObject {
  if (derived?.secret !== secret) {
    const bytes = Buffer.from(hkdfSync("sha256", secret, "", "holdfast token hft1", 32));
    derived = { secret, key: createSecretKey(bytes) };
  }
  return derived.key;
}

/** Equal lengths by hashing first, so that a short guess takes as long as a full one. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => hash("sha256", text, "buffer");
  return timingSafeEqual(digest(a), digest(b));
}

/** Signed by us, so this guards against other versions of us, not against strangers; zod would cost start-up time. */
function asClaims(json: string): TokenClaims | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const claims = value as Readonly<Record<string, unknown>>;
  const is_whole =
    ["token_id", "user", "plane_uid"].every((key) => typeof claims[key] === "string") &&
    ["issued_at_s", "expires_at_s"].every((key) => Number.isSafeInteger(claims[key])) &&
    isRole(claims["role"]) &&
    Object.keys(claims).every((key) => CLAIM_KEYS.has(key)) &&
    NARROWING_KEYS.every((key) => claims[key] === undefined || isTextList(claims[key]));
  return is_whole ? (value as TokenClaims) : undefined;
}

const NARROWING_KEYS = ["actions", "tiers", "packages"] as const;
/** An unknown claim could be a restriction we would fail to apply. */
const CLAIM_KEYS = new Set<string>([
  "token_id",
  "user",
  "role",
  "plane_uid",
  "issued_at_s",
  "expires_at_s",
  ...NARROWING_KEYS,
]);

const isTextList = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

/** What a token may be narrowed to; an absent list does not narrow, an empty one allows nothing. */
export interface Narrowing {
  readonly actions?: readonly AuthAction[] | undefined;
  readonly tiers?: readonly PackageTier[] | undefined;
  readonly packages?: readonly string[] | undefined;
}

/** Only the lists that are there. */
export function narrowingOf(claims: Narrowing): Narrowing {
  return {
    ...(claims.actions && { actions: claims.actions }),
    ...(claims.tiers && { tiers: claims.tiers }),
    ...(claims.packages && { packages: claims.packages }),
  };
}
