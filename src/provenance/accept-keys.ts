/** Settling a difference between the plane's list and the pin. */
import type { Effects } from "../effects/index.ts";
import { sha256Hex } from "../kernel/index.ts";
import { isOwnKeyName, readSigningKey, type TrustedKey, trustedListText } from "../keys/index.ts";
import { type Plane, writing } from "../plane/index.ts";
import { type KeyRequest, settleKeys } from "./record-keys.ts";
import { compareKeys, finishPublishing, placesOf, publishKeys, trustedKeys } from "./trusted-keys.ts";

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
    // What a change of our own left half done is no edit to take over: a revoked key would be in force again.
    finishPublishing(effects, plane);
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
    const finished = finishPublishing(effects, plane);
    const { differences, pinned } = compareKeys(effects.fs, plane);
    if (differences.length === 0) return finished;
    // Nothing is pinned here, so there is nothing to put back.
    if (pinned.length === 0) trustedKeys(effects, plane);
    publishKeys(effects, plane, pinned);
    return differences;
  });
}
