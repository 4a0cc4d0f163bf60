/**
 * The list of keys a plane trusts. The same text lies in two places (decision 0006): `config/trusted_keys.json` in the
 * plane, to be read, reviewed and versioned, and `signing/trusted.json` beside the plane's secrets, which pins it.
 *
 *     {"format_version": 1, "keys": [{"name": "plane-…-package", "since": "…", "status": "active",
 *       "uses": ["package"], "vkey": "plane-…-package+0f1e2d3c+AS…"}]}
 *
 * `active` signs and verifies, `retired` (rotated away) only verifies, `revoked` does neither.
 */
import { type Json, prettyJson } from "../kernel/index.ts";
import { parseVerifierKey } from "./verifier-key.ts";

export type KeyUse = "ledger" | "package";
export type KeyStatus = "active" | "retired" | "revoked";

export interface TrustedKey {
  readonly name: string;
  readonly vkey: string;
  readonly uses: readonly KeyUse[];
  readonly status: KeyStatus;
  /** ISO time, UTC. */
  readonly since: string;
  /** Present when, and only when, the status is `revoked`. */
  readonly revoked?: { readonly at: string; readonly reason: string };
}

/** Plane-relative. */
export const TRUSTED_KEYS_PATH = "config/trusted_keys.json";

const KEYS_MAX = 1000;
const USES: readonly string[] = ["ledger", "package"] satisfies KeyUse[];
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/;

const isKeyUse = (value: unknown): value is KeyUse => typeof value === "string" && USES.includes(value);

export const trustedListText = (keys: readonly TrustedKey[]): string =>
  prettyJson({ format_version: 1, keys: keys as unknown as Json });

/** The keys, or what is wrong as a phrase that names the entry. Nothing unknown is passed over: it could restrict. */
export function parseTrustedList(text: string): TrustedKey[] | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "it is not JSON";
  }
  if (!isRecord(value) || !hasOnly(value, ["format_version", "keys"])) return "it is not a list of keys";
  if (value["format_version"] !== 1) return "its format_version is not 1";
  const { keys } = value;
  if (!Array.isArray(keys) || keys.length > KEYS_MAX) return `keys is not a list of at most ${KEYS_MAX}`;
  const seen = new Set<string>();
  for (const [index, key] of keys.entries()) {
    const problem = problemOf(key);
    if (problem !== undefined) return `keys[${index}]: ${problem}`;
    const { vkey } = key as TrustedKey;
    if (seen.has(vkey)) return `keys[${index}]: ${vkey} is listed twice`;
    seen.add(vkey);
  }
  return keys as TrustedKey[];
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const hasOnly = (value: object, names: readonly string[]): boolean =>
  Object.keys(value).every((name) => names.includes(name));

function problemOf(key: unknown): string | undefined {
  if (!isRecord(key)) return "it is not an object";
  if (!hasOnly(key, ["name", "vkey", "uses", "status", "since", "revoked"]))
    return "it has an unknown member";
  const { name, vkey, uses, status, since, revoked } = key;
  const parsed = typeof vkey === "string" ? parseVerifierKey(vkey) : undefined;
  if (parsed === undefined) return "vkey is not an Ed25519 verifier key";
  if (parsed.name !== name) return "name is not the one in vkey";
  if (!Array.isArray(uses) || uses.length === 0 || !uses.every(isKeyUse))
    return "uses is not ledger or package";
  if (typeof since !== "string" || !TIME.test(since)) return "since is not a UTC time";
  return statusProblem(status, revoked);
}

function statusProblem(status: unknown, revoked: unknown): string | undefined {
  if (status === "active" || status === "retired") {
    return revoked === undefined ? undefined : "it is revoked, yet its status says otherwise";
  }
  if (status !== "revoked") return "status is not active, retired or revoked";
  return isRevocation(revoked) ? undefined : "revoked does not say when and why";
}

function isRevocation(value: unknown): boolean {
  if (!isRecord(value) || !hasOnly(value, ["at", "reason"])) return false;
  const { at, reason } = value;
  return typeof at === "string" && TIME.test(at) && typeof reason === "string" && reason !== "";
}
