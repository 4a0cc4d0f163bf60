/** The checkpoints of a stream: read, signed, written. */
import type { Effects, FileSystem } from "../effects/index.ts";
import {
  keysPlaces,
  loadSigningKey,
  parseVerifierKey,
  readPinnedKeys,
  type SigningKey,
} from "../keys/index.ts";
import {
  checkpointText,
  checkSignatures,
  formatNote,
  Malformed,
  type NoteKey,
  parseCheckpoint,
  type SignedCheckpoint,
  signText,
  type TreeHead,
} from "../tlog/index.ts";
import type { StreamLog, StreamRef } from "./stream-ref.ts";
import { makeFolders, readSmall, replaceText } from "./tiles-files.ts";
import { treePlaces } from "./tiles-places.ts";

/** Room for many witnesses. */
const CHECKPOINT_BYTES_MAX = 1 << 20;

/** What lies at a checkpoint's place: nothing, a checkpoint (no signature checked), or a reason why it is none. */
export function readCheckpoint(
  fs: Pick<FileSystem, "stat" | "read">,
  path: string,
): SignedCheckpoint | string | undefined {
  // A reader without the lock can meet a write half way; the second look meets it done.
  const first = readOnce(fs, path);
  return typeof first === "string" ? readOnce(fs, path) : first;
}

function readOnce(
  fs: Pick<FileSystem, "stat" | "read">,
  path: string,
): SignedCheckpoint | string | undefined {
  if (fs.stat(path) === undefined) return undefined;
  const bytes = readSmall(fs, path, CHECKPOINT_BYTES_MAX);
  if (bytes === undefined) return "it is not a readable file of at most 1 MiB";
  try {
    return parseCheckpoint(bytes);
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    throw error;
  }
}

/** The text of the stream's checkpoint, to be quoted in a receipt; undefined where there is none that can be read. */
export function checkpointInForce(fs: FileSystem, stream: StreamRef): string | undefined {
  const found = readCheckpoint(fs, treePlaces(stream).checkpoint);
  return typeof found === "object" ? formatNote(found.note) : undefined;
}

export function writeCheckpoint(
  effects: Pick<Effects, "fs" | "random">,
  stream: StreamRef,
  file: "checkpoint" | "cosigned",
  note: SignedCheckpoint["note"],
): void {
  const places = treePlaces(stream);
  makeFolders(effects.fs, places.directory);
  replaceText(effects, places[file], formatNote(note));
}

/** A checkpoint of this tree with the log's signature. */
export function signCheckpoint(key: SigningKey, origin: string, tree: TreeHead): SignedCheckpoint {
  const text = checkpointText({ origin, ...tree });
  const { size, root } = tree;
  return { origin, size, root, note: { text, signatures: [signText(key, text)] } };
}

/** The plane's key for its ledgers; undefined when none can be reached. @throws SIGNING_STATE_DAMAGED, AUTH_SECRET_* */
export const ledgerKey = (fs: FileSystem, log: StreamLog): SigningKey | undefined =>
  loadSigningKey({ fs }, keysPlaces(log.keys_directory), { use: "ledger" });

export interface KnownLedgerKeys {
  /** Those that may have signed the plane's checkpoints: rotated away or not. */
  readonly trusted: NoteKey[];
  /** True where keys were known and each was revoked: then a signature by none of them counts for anything. */
  readonly are_all_revoked: boolean;
}

/** What the plane's secrets know of its ledger keys. @throws SIGNING_STATE_DAMAGED, AUTH_SECRET_EXPOSED, AUTH_SECRET_UNREADABLE */
export function knownLedgerKeys(fs: FileSystem, log: StreamLog): KnownLedgerKeys {
  const known = (readPinnedKeys(fs, keysPlaces(log.keys_directory)) ?? []).filter(({ uses }) =>
    uses.includes("ledger"),
  );
  const trusted = known
    .filter(({ status }) => status !== "revoked")
    .flatMap(({ vkey }): NoteKey[] => {
      const key = parseVerifierKey(vkey);
      return key === undefined ? [] : [{ name: key.name, type: "ed25519", public_key: key.public_key }];
    });
  return { trusted, are_all_revoked: known.length > 0 && trusted.length === 0 };
}

/** Keys that may have signed the plane's checkpoints: those rotated away count, those revoked do not. */
export const trustedLedgerKeys = (fs: FileSystem, log: StreamLog): NoteKey[] =>
  knownLedgerKeys(fs, log).trusted;

/** True when one of the keys signed it and no signature by any of them is wrong. */
export function isSignedBy(checkpoint: SignedCheckpoint, keys: readonly NoteKey[]): boolean {
  const checked = checkSignatures(checkpoint.note, keys);
  return checked.some(({ key }) => key.type === "ed25519") && checked.every(({ valid }) => valid);
}
