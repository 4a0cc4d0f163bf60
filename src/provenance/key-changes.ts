/**
 * Every change of the trusted keys: under the plane's lock, recorded in the ledger first, then pinned outside the plane,
 * then published in it. A change cut short is completed by repeating it; in between the two lists differ, which refuses.
 * The caller has authorised `auth_admin`.
 */
import type { Effects } from "../effects/index.ts";
import { sha256Hex } from "../kernel/index.ts";
import {
  activateSigningKey,
  destroySigningKey,
  firstKeyName,
  isOwnKeyName,
  type KeyUse,
  keyId,
  makeSigningKey,
  nextKeyPath,
  parseVerifierKey,
  readSigningKey,
  type SigningKey,
  type TrustedKey,
  trustedListText,
  writePinnedKeys,
} from "../keys/index.ts";
import { appendOnce } from "../ledger/index.ts";
import { GOVERNANCE_STREAM, type Plane, planeStream, writing } from "../plane/index.ts";
import { make, raise } from "./faults.ts";
import { signRotation } from "./rotation.ts";
import { compareKeys, type KnownKey, placesOf, publishKeys, trustedKeys } from "./trusted-keys.ts";

export interface KeyRequest {
  readonly user: string;
  readonly wait_ms?: number | undefined;
}

/** Events whose name nobody else may record. */
export const KEY_EVENTS = [
  "key_generated",
  "key_trusted",
  "key_rotated",
  "key_revoked",
  "trusted_keys_accepted",
] as const;
type KeyEvent = (typeof KEY_EVENTS)[number];

interface Change {
  readonly keys: readonly TrustedKey[];
  readonly event: KeyEvent;
  readonly subject: string;
  /** The same for the same change, so that repeating it records it once. */
  readonly once: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Plans from lists that agree, then settles. @throws TRUSTED_KEYS_CHANGED */
async function changeKeys<T>(
  effects: Effects,
  plane: Plane,
  { user, wait_ms }: KeyRequest,
  plan: (
    keys: readonly KnownKey[],
    now: string,
  ) => Change & { readonly result: T; readonly after?: () => void },
): Promise<T> {
  const waits = wait_ms === undefined ? {} : { wait_ms };
  return writing(effects, plane, { user, ...waits }, async () => {
    const now = new Date(effects.clock.now_ms()).toISOString();
    const { result, after, ...change } = plan(trustedKeys(effects, plane), now);
    await settleKeys(effects, plane, user, change);
    after?.();
    return result;
  });
}

async function settleKeys(
  effects: Effects,
  plane: Plane,
  user: string,
  { keys, event, subject, once, metadata }: Change,
): Promise<void> {
  const entry = {
    event_type: event,
    submission_id: subject,
    decision: "RECORDED",
    reason: `${event} ${subject}`,
    metadata: { user, ...metadata } as never,
  };
  await appendOnce(effects, planeStream(plane, GOVERNANCE_STREAM), [entry], `${event}:${once}`);
  writePinnedKeys(effects, placesOf(plane), keys);
  publishKeys(effects, plane, keys);
}

/** A new key of this plane, trusted at once. @throws SIGNING_KEY_EXISTS, SIGNING_KEY_NAME_INVALID, TRUSTED_KEYS_CHANGED */
export async function generateKey(
  effects: Effects,
  plane: Plane,
  request: KeyRequest & { readonly name?: string | undefined; readonly use: KeyUse },
): Promise<TrustedKey> {
  const name = request.name ?? firstKeyName(plane.config.plane_uid, request.use);
  if (!isOwnKeyName(name))
    raise("SIGNING_KEY_NAME_INVALID", `${JSON.stringify(name)} cannot be the name of a key`, { name });
  return changeKeys(effects, plane, request, (keys, since) => {
    const places = placesOf(plane);
    if (keys.some((key) => key.name === name && key.status !== "revoked"))
      raise("SIGNING_KEY_EXISTS", `there is a key called ${name}`, { name });
    const revoked = new Set(keys.map(({ vkey }) => vkey));
    const left = readSigningKey(effects.fs, places, name);
    // One made by a call that was cut short is taken up again, so that its entry stays true.
    const { vkey } =
      left === undefined || revoked.has(left.vkey) ? makeSigningKey(effects, places, name) : left;
    const result: TrustedKey = { name, vkey, uses: [request.use], status: "active", since };
    return {
      keys: [...listed(keys), result],
      event: "key_generated",
      subject: idOf(vkey),
      once: vkey,
      metadata: { vkey, uses: [request.use] },
      result,
    };
  });
}

/** Trusts a key of somebody else. @throws VERIFIER_KEY_INVALID, SIGNING_KEY_EXISTS, TRUSTED_KEYS_CHANGED */
export async function trustKey(
  effects: Effects,
  plane: Plane,
  request: KeyRequest & { readonly vkey: string; readonly use: KeyUse },
): Promise<TrustedKey> {
  const parsed = parseVerifierKey(request.vkey);
  if (parsed === undefined)
    throw make("VERIFIER_KEY_INVALID", "the key is not an Ed25519 verifier key", { field: "vkey" });
  const { name } = parsed;
  return changeKeys(effects, plane, request, (keys, since) => {
    if (keys.some(({ vkey }) => vkey === request.vkey))
      raise("SIGNING_KEY_EXISTS", `${keyId(parsed)} is in the list already`, { name });
    const result: TrustedKey = { name, vkey: request.vkey, uses: [request.use], status: "active", since };
    return {
      keys: [...listed(keys), result],
      event: "key_trusted",
      subject: keyId(parsed),
      once: request.vkey,
      metadata: { vkey: request.vkey, uses: [request.use] },
      result,
    };
  });
}

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

/**
 * Ends all trust in a key: whatever it signed, whenever, is refused from now on.
 * @param key its name, or its id `<name>+<8 hex>` where several keys bear the name
 * @throws SIGNING_KEY_UNKNOWN, SIGNING_KEY_AMBIGUOUS, TRUSTED_KEYS_CHANGED
 */
export async function revokeKey(
  effects: Effects,
  plane: Plane,
  request: KeyRequest & { readonly key: string; readonly reason: string },
): Promise<TrustedKey> {
  const { key, reason } = request;
  return changeKeys(effects, plane, request, (keys, at) => {
    const [found, ...others] = keys.filter(
      (one) => one.status !== "revoked" && (one.name === key || keyId(one) === key),
    );
    if (found === undefined) return unknownKey(key, keys);
    if (others.length > 0) {
      const ids = [found, ...others].map(keyId);
      raise("SIGNING_KEY_AMBIGUOUS", `${key} names ${ids.length} keys`, { name: key, keys: ids });
    }
    const result = listed([{ ...found, status: "revoked", revoked: { at, reason } }])[0] as TrustedKey;
    const places = placesOf(plane);
    return {
      keys: listed(keys).map((one) => (one.vkey === found.vkey ? result : one)),
      event: "key_revoked",
      subject: keyId(found),
      once: found.vkey,
      metadata: { vkey: found.vkey, key_reason: reason },
      result,
      after: () => {
        const own = isOwnKeyName(found.name) ? readSigningKey(effects.fs, places, found.name) : undefined;
        if (own?.vkey === found.vkey) destroySigningKey(effects, places, found.name);
      },
    };
  });
}

function unknownKey(key: string, keys: readonly KnownKey[]): never {
  const near = keys.length === 0 ? "the list is empty" : "no active key of the list is called that";
  return raise("SIGNING_KEY_UNKNOWN", `there is no key ${JSON.stringify(key)}: ${near}`, { key });
}

/**
 * Takes over the plane's list as it lies there. Active keys of this machine that it lacks stay and are published: a second
 * machine of the same plane makes keys of its own before it has seen the list. Revoking is what ends a key.
 * @returns what differed, as phrases
 */
export async function acceptKeys(
  effects: Effects,
  plane: Plane,
  request: KeyRequest,
): Promise<readonly string[]> {
  const waits = request.wait_ms === undefined ? {} : { wait_ms: request.wait_ms };
  return writing(effects, plane, { user: request.user, ...waits }, async () => {
    const { differences, pinned, published } = compareKeys(effects.fs, plane);
    if (differences.length === 0) return [];
    // Nothing that can be read lies there, so there is nothing to take over.
    if (published === undefined) trustedKeys(effects, plane);
    const theirs = published ?? [];
    const known = new Set(theirs.map(({ vkey }) => vkey));
    const ours = pinned.filter((key) => !known.has(key.vkey) && isHeldHere(effects, plane, key));
    const keys = [...theirs, ...ours];
    const digest = sha256Hex(trustedListText(keys));
    await settleKeys(effects, plane, request.user, {
      keys,
      event: "trusted_keys_accepted",
      subject: digest,
      once: `${digest}:${effects.clock.now_ms()}`,
      metadata: {
        differences: differences.slice(0, 50),
        keys: keys.map(({ vkey, status }) => `${status} ${vkey}`).slice(0, 200),
      },
    });
    return differences;
  });
}

function isHeldHere(effects: Effects, plane: Plane, { name, vkey, status }: TrustedKey): boolean {
  if (status !== "active" || !isOwnKeyName(name)) return false;
  return readSigningKey(effects.fs, placesOf(plane), name)?.vkey === vkey;
}

/** Puts the plane's list back as it is pinned. @returns what it undid, as phrases */
export async function restoreKeys(
  effects: Effects,
  plane: Plane,
  request: KeyRequest,
): Promise<readonly string[]> {
  const waits = request.wait_ms === undefined ? {} : { wait_ms: request.wait_ms };
  return writing(effects, plane, { user: request.user, ...waits }, async () => {
    const { differences, pinned } = compareKeys(effects.fs, plane);
    if (differences.length === 0) return [];
    // Nothing is pinned here, so there is nothing to put back.
    if (pinned.length === 0) trustedKeys(effects, plane);
    publishKeys(effects, plane, pinned);
    return differences;
  });
}

/** Without what was only read from the verifier key. */
const listed = (keys: readonly (KnownKey | TrustedKey)[]): TrustedKey[] =>
  keys.map(({ name, vkey, uses, status, since, revoked }) => ({
    name,
    vkey,
    uses,
    status,
    since,
    ...(revoked === undefined ? {} : { revoked }),
  }));

function idOf(vkey: string): string {
  const parsed = parseVerifierKey(vkey);
  return parsed === undefined ? vkey : keyId(parsed);
}
