/**
 * Every change of the trusted keys: under the plane's lock, recorded in the ledger first, then pinned outside the plane,
 * then published in it. A change cut short is completed by repeating it; in between the two lists differ, which refuses.
 * The caller has authorised `auth_admin`.
 */
import type { Effects } from "../effects/index.ts";
import { keyId, parseVerifierKey, type TrustedKey } from "../keys/index.ts";
import { appendOnce } from "../ledger/index.ts";
import { GOVERNANCE_STREAM, type Plane, planeStream, writing } from "../plane/index.ts";
import { raise } from "./faults.ts";
import { finishPublishing, type KnownKey, pinAndPublish, trustedKeys } from "./trusted-keys.ts";

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
export async function changeKeys<T>(
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
    finishPublishing(effects, plane);
    const now = new Date(effects.clock.now_ms()).toISOString();
    const { result, after, ...change } = plan(trustedKeys(effects, plane), now);
    await settleKeys(effects, plane, user, change);
    after?.();
    return result;
  });
}

export async function settleKeys(
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
  pinAndPublish(effects, plane, keys);
}

export function unknownKey(key: string, keys: readonly KnownKey[]): never {
  const near = keys.length === 0 ? "the list is empty" : "no active key of the list is called that";
  return raise("SIGNING_KEY_UNKNOWN", `there is no key ${JSON.stringify(key)}: ${near}`, { key });
}

/** Without what was only read from the verifier key. */
export const listed = (keys: readonly (KnownKey | TrustedKey)[]): TrustedKey[] =>
  keys.map(({ name, vkey, uses, status, since, revoked }) => ({
    name,
    vkey,
    uses,
    status,
    since,
    ...(revoked === undefined ? {} : { revoked }),
  }));

export function idOf(vkey: string): string {
  const parsed = parseVerifierKey(vkey);
  return parsed === undefined ? vkey : keyId(parsed);
}
