/**
 * The keys this plane trusts, taken from the pin outside the plane and only while the plane's own list says the same.
 * Who can write only the plane can thus neither add a key nor take a revocation back: any difference is refused.
 */
import type { Effects, FileSystem } from "../effects/index.ts";
import { sha256Hex } from "../kernel/index.ts";
import {
  type KeysPlaces,
  keysPlaces,
  parseTrustedList,
  parseVerifierKey,
  readPinnedKeys,
  readPublishing,
  TRUSTED_KEYS_PATH,
  type TrustedKey,
  trustedListText,
  type VerifierKey,
  writePinnedKeys,
  writePublishing,
} from "../keys/index.ts";
import { type Plane, replaceFile } from "../plane/index.ts";
import { raise } from "./faults.ts";

export type KnownKey = TrustedKey & VerifierKey;

export const placesOf = (plane: Plane): KeysPlaces => keysPlaces(plane.keys_directory);

/** What differs between the plane's list and the pin. */
export interface KeysDifference {
  /** As phrases, each naming one key or the file. Empty when nothing differs. */
  readonly differences: readonly string[];
  readonly pinned: readonly TrustedKey[];
  /** Undefined when the plane's list is absent or cannot be read. */
  readonly published: readonly TrustedKey[] | undefined;
}

/** @throws TRUSTED_KEYS_CHANGED, SIGNING_STATE_DAMAGED, AUTH_SECRET_EXPOSED */
export function trustedKeys(effects: Pick<Effects, "fs">, plane: Plane): KnownKey[] {
  const { differences, pinned } = compareKeys(effects.fs, plane);
  const [reason, ...more] = differences;
  if (reason === undefined) return known(pinned);
  const others = more.length === 0 ? "" : ` (and ${more.length} more differences)`;
  return raise(
    "TRUSTED_KEYS_CHANGED",
    `${TRUSTED_KEYS_PATH} differs from what is pinned: ${reason}${others}`,
    {
      path: TRUSTED_KEYS_PATH,
      reason,
    },
  );
}

/** Entries with their parsed key; those of the list are sound by its own check. */
const known = (keys: readonly TrustedKey[]): KnownKey[] =>
  keys.flatMap((key) => {
    const parsed = parseVerifierKey(key.vkey);
    return parsed === undefined ? [] : [{ ...key, ...parsed }];
  });

/** Never throws for what lies in the plane. @throws SIGNING_STATE_DAMAGED, AUTH_SECRET_EXPOSED for what lies outside */
export function compareKeys(fs: FileSystem, plane: Plane): KeysDifference {
  const found = asTheyLie(fs, plane);
  const is_edit = found.differences.length > 0 && !isBeingPublished(fs, plane);
  return is_edit ? found : { ...found, differences: [] };
}

function asTheyLie(fs: FileSystem, plane: Plane): KeysDifference {
  const pinned = readPinnedKeys(fs, placesOf(plane));
  const published = readPublished(fs, plane);
  if (typeof published === "string")
    return { differences: [published], pinned: pinned ?? [], published: undefined };
  if (pinned === undefined) {
    const differences = published === undefined ? [] : ["it was never accepted on this machine"];
    return { differences, pinned: [], published };
  }
  if (published === undefined) return { differences: ["it is missing"], pinned, published };
  return { differences: differencesOf(pinned, published), pinned, published };
}

function differencesOf(pinned: readonly TrustedKey[], published: readonly TrustedKey[]): string[] {
  const textOf = (key: TrustedKey): string => trustedListText([key]);
  const before = new Map(pinned.map((key) => [key.vkey, key]));
  const after = new Map(published.map((key) => [key.vkey, key]));
  return [
    ...published.flatMap((key) => {
      const was = before.get(key.vkey);
      if (was === undefined) return [`${key.vkey} was added`];
      return textOf(was) === textOf(key) ? [] : [`${key.vkey} was changed (${was.status} is pinned)`];
    }),
    ...pinned.filter(({ vkey }) => !after.has(vkey)).map(({ vkey }) => `${vkey} was removed`),
  ];
}

const FILE_BYTES_MAX = 1 << 20;

/** The plane's own list; a text says what is wrong with it. */
function readPublished(fs: FileSystem, plane: Plane): TrustedKey[] | string | undefined {
  const path = `${plane.root}/${TRUSTED_KEYS_PATH}`;
  const found = fs.stat(path);
  if (found === undefined) return undefined;
  if (found.kind !== "file" || found.size_bytes > FILE_BYTES_MAX) return "it is not a small regular file";
  try {
    const keys = parseTrustedList(fs.readText(path));
    return keys;
  } catch {
    return "it cannot be read as text";
  }
}

/** True when a change was pinned and cut short, and the plane's list is still the one from before it. */
function isBeingPublished(fs: FileSystem, plane: Plane): boolean {
  return readPublishing(fs, placesOf(plane)) === publishedDigest(fs, plane);
}

function publishedDigest(fs: FileSystem, plane: Plane): string {
  const path = `${plane.root}/${TRUSTED_KEYS_PATH}`;
  const found = fs.stat(path);
  if (found === undefined) return "none";
  return found.kind === "file" && found.size_bytes <= FILE_BYTES_MAX ? sha256Hex(fs.read(path)) : "other";
}

/** Pins and publishes a list; cut short in between, `finishPublishing` ends it. Under the plane's lock. */
export function pinAndPublish(
  effects: Pick<Effects, "fs" | "random">,
  plane: Plane,
  keys: readonly TrustedKey[],
): void {
  const places = placesOf(plane);
  writePublishing(effects, places, publishedDigest(effects.fs, plane));
  writePinnedKeys(effects, places, keys);
  publishKeys(effects, plane, keys);
  writePublishing(effects, places, undefined);
}

/** Ends a change that was cut short. Under the plane's lock. @returns what differed because of it, as phrases */
export function finishPublishing(effects: Pick<Effects, "fs" | "random">, plane: Plane): readonly string[] {
  const places = placesOf(plane);
  if (readPublishing(effects.fs, places) === undefined) return [];
  const { differences, pinned } = asTheyLie(effects.fs, plane);
  const is_ours = isBeingPublished(effects.fs, plane) && differences.length > 0;
  if (is_ours) publishKeys(effects, plane, pinned);
  writePublishing(effects, places, undefined);
  return is_ours ? differences : [];
}

/** Writes the plane's list as it is pinned. */
export function publishKeys(
  effects: Pick<Effects, "fs" | "random">,
  plane: Plane,
  keys: readonly TrustedKey[],
): void {
  const config = `${plane.root}/config`;
  if (effects.fs.stat(config) === undefined) effects.fs.makeDirectory(config);
  replaceFile(effects, `${plane.root}/${TRUSTED_KEYS_PATH}`, Buffer.from(trustedListText(keys)));
}

/** For a plane that was just given keys: an existing list is left for the operator to judge. */
export function publishFirstKeys(effects: Pick<Effects, "fs" | "random">, plane: Plane): void {
  const pinned = readPinnedKeys(effects.fs, placesOf(plane));
  if (pinned === undefined || effects.fs.stat(`${plane.root}/${TRUSTED_KEYS_PATH}`) !== undefined) return;
  publishKeys(effects, plane, pinned);
}
