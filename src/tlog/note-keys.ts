/**
 * Public keys of notes as verifier keys, `<name>+<key id in hex>+<base64(type || public key)>`, and what each type signs.
 * Key id: first 4 bytes of SHA-256(name || 0x0A || type || public key).
 */
import { hash } from "node:crypto";
import { verifyEd25519 } from "../keys/index.ts";
import { fromBase64, toBase64 } from "./base64.ts";
import { Malformed } from "./malformed.ts";
import { isNoteKeyName, type NoteSignature, type SignedNote } from "./signed-note.ts";

/** Type byte of the specification: a log's own signature, or a witness's cosignature with a time. */
export const KEY_TYPES = { ed25519: 0x01, cosignature: 0x04 } as const;
export type KeyType = keyof typeof KEY_TYPES;

export interface NoteKey {
  readonly name: string;
  readonly type: KeyType;
  /** 32 bytes. */
  readonly public_key: Uint8Array;
}

const KEY_BYTES = 32;
const TIME_BYTES = 8;

/** 8 lower-case hex digits. */
export function noteKeyId({ name, type, public_key }: NoteKey): string {
  const typed = Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([KEY_TYPES[type]]), public_key]);
  return hash("sha256", typed, "hex").slice(0, 8);
}

export function formatNoteKey(key: NoteKey): string {
  const typed = Buffer.concat([Buffer.from([KEY_TYPES[key.type]]), key.public_key]);
  return `${key.name}+${noteKeyId(key)}+${toBase64(typed)}`;
}

/** @throws Malformed */
export function parseNoteKey(text: string): NoteKey {
  // The base64 part may hold a plus itself, so only the first two count.
  const found = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text);
  if (found === null) throw new Malformed("the key is not name+id+base64");
  const [, name = "", key_id = "", base64 = ""] = found;
  if (!isNoteKeyName(name)) throw new Malformed("the key has no name");
  const typed = fromBase64(base64, "the key");
  const type = typeOf(typed[0]);
  if (type === undefined) throw new Malformed(`the key has type ${typed[0]}, not 1 or 4 (Ed25519)`);
  if (typed.length !== 1 + KEY_BYTES) throw new Malformed("the key does not have 32 bytes");
  const key: NoteKey = { name, type, public_key: new Uint8Array(typed.subarray(1)) };
  if (noteKeyId(key) !== key_id) throw new Malformed("the key's id does not fit the key");
  return key;
}

const typeOf = (byte: number | undefined): KeyType | undefined =>
  (Object.keys(KEY_TYPES) as KeyType[]).find((type) => KEY_TYPES[type] === byte);

/** What a cosignature signs (C2SP tlog-cosignature, Ed25519): a header, the time, the text of the checkpoint. */
const cosignedText = (time_s: bigint | number, text: string): Buffer =>
  Buffer.from(`cosignature/v1\ntime ${time_s}\n${text}`);

/** Anything that holds an Ed25519 key and signs with it. */
export interface NoteSigner {
  readonly name: string;
  readonly public_key: Uint8Array;
  readonly sign: (bytes: Uint8Array) => Uint8Array;
}

/** A log's signature over a text. */
export function signText(signer: NoteSigner, text: string): NoteSignature {
  const { name, public_key } = signer;
  const signature = signer.sign(Buffer.from(text));
  return { name, key_id: noteKeyId({ name, type: "ed25519", public_key }), signature };
}

/** A witness's signature over a text, saying when. */
export function cosignText(signer: NoteSigner, text: string, time_s: number): NoteSignature {
  const { name, public_key } = signer;
  const time = Buffer.alloc(TIME_BYTES);
  time.writeBigUInt64BE(BigInt(time_s));
  const signature = Buffer.concat([time, signer.sign(cosignedText(time_s, text))]);
  return { name, key_id: noteKeyId({ name, type: "cosignature", public_key }), signature };
}

/** A signature whose key is known, and what came of checking it. */
export interface CheckedSignature {
  readonly key: NoteKey;
  readonly valid: boolean;
  /** POSIX seconds; of cosignatures only. */
  readonly time_s?: number;
}

/** Checks each signature of a note whose key (name and id) is among `keys`; others are passed over, as the specification asks. */
export function checkSignatures(note: SignedNote, keys: readonly NoteKey[]): CheckedSignature[] {
  return note.signatures.flatMap((signature) =>
    keys
      .filter((key) => key.name === signature.name && noteKeyId(key) === signature.key_id)
      .map((key) => checkOne(note.text, signature.signature, key)),
  );
}

function checkOne(text: string, signature: Uint8Array, key: NoteKey): CheckedSignature {
  if (key.type === "ed25519") {
    return { key, valid: verifyEd25519(key.public_key, Buffer.from(text), signature) };
  }
  if (signature.length <= TIME_BYTES) return { key, valid: false };
  const time_s = Buffer.from(signature).readBigUInt64BE();
  // The specification's limit is 2^63 − 1; beyond 2^53 a number could not say it.
  if (time_s > BigInt(Number.MAX_SAFE_INTEGER)) return { key, valid: false };
  const valid = verifyEd25519(key.public_key, cosignedText(time_s, text), signature.subarray(TIME_BYTES));
  return { key, valid, time_s: Number(time_s) };
}
