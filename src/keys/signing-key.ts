/**
 * Ed25519 signing keys: `signing/<name>.key` beside the plane's secrets, PKCS8 PEM, 0600 from creation. A private key
 * never leaves this file: what others get can sign, not be read.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import type { Effects, FileSystem } from "../effects/index.ts";
import { raise } from "./faults.ts";
import { readPinnedKeys } from "./pinned-keys.ts";
import type { KeysPlaces } from "./places.ts";
import {
  makePrivateDirectory,
  readPrivateText,
  requirePrivateDirectory,
  writePrivate,
  writing,
} from "./private-file.ts";
import type { KeyUse, TrustedKey } from "./trusted-list.ts";
import { formatVerifierKey, keyHash } from "./verifier-key.ts";

export interface SigningKey {
  readonly name: string;
  /** 8 hex digits; see `keyHash`. */
  readonly key_hash: string;
  /** 32 bytes. */
  readonly public_key: Uint8Array;
  readonly vkey: string;
  /** 64 bytes of Ed25519 over exactly these bytes. */
  readonly sign: (bytes: Uint8Array) => Uint8Array;
}

/** Names of keys made here are file names too. */
export const isOwnKeyName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name);

/** What stands before the 32-byte seed in the PKCS8 form of an Ed25519 key (RFC 8410). */
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

const signingKeyPath = (places: Pick<KeysPlaces, "signing">, name: string): string =>
  `${places.signing}/${name}.key`;

/** Makes a key at `path` in one durable step, replacing what was there. @throws AUTH_STATE_UNWRITABLE */
export function makeSigningKey(
  effects: Pick<Effects, "fs" | "random">,
  places: Pick<KeysPlaces, "signing">,
  name: string,
  path: string = signingKeyPath(places, name),
): SigningKey {
  const { fs, random } = effects;
  const der = Buffer.concat([PKCS8_HEAD, Buffer.from(random.hex(32), "hex")]);
  const private_key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  writing(places.signing, () => {
    makePrivateDirectory(fs, places.signing);
    requirePrivateDirectory(fs, places.signing);
    writePrivate(effects, path, private_key.export({ format: "pem", type: "pkcs8" }).toString());
  });
  return asSigningKey(name, private_key);
}

/**
 * A key by its file; undefined when there is none.
 * @throws SIGNING_STATE_DAMAGED (never showing the content), AUTH_SECRET_EXPOSED, AUTH_SECRET_UNREADABLE
 */
export function readSigningKey(
  fs: FileSystem,
  places: Pick<KeysPlaces, "signing">,
  name: string,
  path: string = signingKeyPath(places, name),
): SigningKey | undefined {
  const text = readPrivateText(fs, path);
  if (text === undefined) return undefined;
  requirePrivateDirectory(fs, places.signing);
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey({ key: text, format: "pem" });
  } catch {
    // The library's own message could quote the text.
  }
  if (key?.asymmetricKeyType === "ed25519") return asSigningKey(name, key);
  const reason = "it is not an Ed25519 key in PKCS8 PEM form";
  return raise("SIGNING_STATE_DAMAGED", `${path} cannot be used: ${reason}`, { path, reason });
}

function asSigningKey(name: string, private_key: KeyObject): SigningKey {
  const { x = "" } = createPublicKey(private_key).export({ format: "jwk" });
  const public_key = new Uint8Array(Buffer.from(x, "base64url"));
  return {
    name,
    key_hash: keyHash(name, public_key),
    public_key,
    vkey: formatVerifierKey(name, public_key),
    sign: (bytes) => new Uint8Array(sign(null, bytes, private_key)),
  };
}

/**
 * The key of this plane to sign with now: the first pinned one that is active, has the use, and whose private half lies
 * here. Undefined when there is none.
 * @throws SIGNING_STATE_DAMAGED also when the private half is not the pinned key's, AUTH_SECRET_EXPOSED,
 * AUTH_SECRET_UNREADABLE
 */
export function loadSigningKey(
  effects: Pick<Effects, "fs">,
  places: Pick<KeysPlaces, "signing" | "pinned_keys">,
  wanted: { readonly use: KeyUse; readonly name?: string | undefined },
): SigningKey | undefined {
  const { fs } = effects;
  const fits = ({ name, uses, status }: TrustedKey): boolean =>
    status === "active" &&
    uses.includes(wanted.use) &&
    isOwnKeyName(name) &&
    (wanted.name === undefined || name === wanted.name);
  const pinned = (readPinnedKeys(fs, places) ?? []).filter(fits);
  for (const { name } of pinned) {
    // The successor is in force while a rotation that was cut short behind its entry waits to be completed.
    const found = [signingKeyPath(places, name), nextKeyPath(places, name)].flatMap(
      (path) => readSigningKey(fs, places, name, path) ?? [],
    );
    // A trusted key of somebody else may bear the name of one of ours.
    const key = found.find((one) => pinned.some(({ vkey }) => vkey === one.vkey));
    if (key !== undefined) return key;
    if (found.length === 0) continue;
    const path = signingKeyPath(places, name);
    const reason = "it is not the key that is trusted under this name";
    raise("SIGNING_STATE_DAMAGED", `${path} cannot be used: ${reason}`, { path, reason });
  }
  return undefined;
}

/** Puts a key made beforehand in the place of the one in force, in one durable step. @throws AUTH_STATE_UNWRITABLE */
export function activateSigningKey(
  { fs }: Pick<Effects, "fs">,
  places: Pick<KeysPlaces, "signing">,
  name: string,
): void {
  writing(places.signing, () => {
    fs.rename(nextKeyPath(places, name), signingKeyPath(places, name));
    fs.syncDirectory(places.signing);
  });
}

/** Removes a private key for good; one that is not there is no error. @throws AUTH_STATE_UNWRITABLE */
export function destroySigningKey(
  { fs }: Pick<Effects, "fs">,
  places: Pick<KeysPlaces, "signing">,
  name: string,
): void {
  const path = signingKeyPath(places, name);
  if (fs.stat(path) === undefined) return;
  writing(places.signing, () => {
    fs.remove(path);
    fs.syncDirectory(places.signing);
  });
}

/** Where the successor of a key waits while its rotation is recorded. */
export const nextKeyPath = (places: Pick<KeysPlaces, "signing">, name: string): string =>
  `${places.signing}/${name}.next`;
