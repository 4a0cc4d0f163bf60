/** The pinned list beside the plane's secrets: what the plane's own list is held against. */
import type { Effects, FileSystem } from "../effects/index.ts";
import { raise } from "./faults.ts";
import type { KeysPlaces } from "./places.ts";
import {
  makePrivateDirectory,
  readPrivateText,
  requirePrivateDirectory,
  writePrivate,
  writing,
} from "./private-file.ts";
import { parseTrustedList, type TrustedKey, trustedListText } from "./trusted-list.ts";

/** Undefined when nothing was ever pinned. @throws SIGNING_STATE_DAMAGED, AUTH_SECRET_EXPOSED, AUTH_SECRET_UNREADABLE */
export function readPinnedKeys(
  fs: FileSystem,
  places: Pick<KeysPlaces, "signing" | "pinned_keys">,
): TrustedKey[] | undefined {
  const path = places.pinned_keys;
  const text = readPrivateText(fs, path);
  if (text === undefined) return undefined;
  requirePrivateDirectory(fs, places.signing);
  const keys = parseTrustedList(text);
  if (typeof keys !== "string") return keys;
  return raise("SIGNING_STATE_DAMAGED", `${path} cannot be used: ${keys}`, { path, reason: keys });
}

/** @throws AUTH_STATE_UNWRITABLE */
export function writePinnedKeys(
  effects: Pick<Effects, "fs" | "random">,
  places: Pick<KeysPlaces, "signing" | "pinned_keys">,
  keys: readonly TrustedKey[],
): void {
  writing(places.signing, () => {
    makePrivateDirectory(effects.fs, places.signing);
    writePrivate(effects, places.pinned_keys, trustedListText(keys));
  });
}

/**
 * sha256 of the plane's own list as it was when a change began to be pinned, "none" where there was none; undefined when
 * no change is under way. A list that is still that one was not edited: the change was cut short before it got there.
 * @throws AUTH_SECRET_EXPOSED, AUTH_SECRET_UNREADABLE
 */
export const readPublishing = (fs: FileSystem, places: Pick<KeysPlaces, "publishing">): string | undefined =>
  readPrivateText(fs, places.publishing)?.trim();

/** @param digest undefined when the change has arrived @throws AUTH_STATE_UNWRITABLE */
export function writePublishing(
  effects: Pick<Effects, "fs" | "random">,
  { signing, publishing }: Pick<KeysPlaces, "signing" | "publishing">,
  digest: string | undefined,
): void {
  writing(signing, () => {
    if (digest === undefined) return effects.fs.remove(publishing);
    makePrivateDirectory(effects.fs, signing);
    writePrivate(effects, publishing, `${digest}\n`);
  });
}

/** sha256 of the policy file an operator accepted; undefined when none was ever accepted. */
export function readPinnedPolicy(
  fs: FileSystem,
  places: Pick<KeysPlaces, "pinned_policy">,
): string | undefined {
  const path = places.pinned_policy;
  const text = readPrivateText(fs, path)?.trim();
  if (text === undefined || /^([0-9a-f]{64}|none)$/.test(text)) return text;
  const reason = "it is neither a digest nor none";
  return raise("SIGNING_STATE_DAMAGED", `${path} cannot be used: ${reason}`, { path, reason });
}

/** @param digest bare hex, or "none" when there is no policy and none may appear unnoticed */
export function writePinnedPolicy(
  effects: Pick<Effects, "fs" | "random">,
  places: Pick<KeysPlaces, "signing" | "pinned_policy">,
  digest: string,
): void {
  writing(places.signing, () => {
    makePrivateDirectory(effects.fs, places.signing);
    writePrivate(effects, places.pinned_policy, `${digest}\n`);
  });
}
