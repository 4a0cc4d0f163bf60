/** Makes proofs from tiles, and checks each before it is handed out. */
import type { FileSystem } from "../effects/index.ts";
import {
  checkSignatures,
  consistencyProof,
  formatConsistency,
  formatInclusion,
  inclusionProof,
  leafHash,
  type ReadNode,
  type SignedCheckpoint,
  tileNodes,
  verifyConsistency,
  verifyInclusion,
} from "../tlog/index.ts";
import { isSignedBy, knownLedgerKeys, readCheckpoint, trustedLedgerKeys } from "./checkpoint-file.ts";
import { type CheckpointFile } from "./checkpoint-verify.ts";
import { raise, requireLog } from "./faults.ts";
import { findLogged, type LoggedEntry } from "./proof-entry.ts";
import type { StreamRef } from "./stream-ref.ts";
import { treeFileName, treePlaces } from "./tiles-places.ts";
import { readTile, TileUnusable } from "./tiles-read.ts";

export interface InclusionProof extends LoggedEntry {
  readonly checkpoint: SignedCheckpoint;
  readonly hashes: readonly Uint8Array[];
  /** The `.tlog-proof`; the line is its extra data. */
  readonly file: string;
}

export interface ConsistencyProof {
  readonly old: SignedCheckpoint;
  readonly checkpoint: SignedCheckpoint;
  readonly hashes: readonly Uint8Array[];
  /** As a log sends it to a witness (C2SP tlog-witness). */
  readonly file: string;
}

/**
 * Proof that an entry is in the stream's log as of a stored checkpoint.
 * @throws LEDGER_ENTRY_UNKNOWN, LEDGER_NOT_COVERED, LEDGER_CHECKPOINT_MISSING, LEDGER_TREE_DAMAGED, LEDGER_IO
 */
export function proveEntry(
  fs: FileSystem,
  stream: StreamRef,
  entry: string,
  file: CheckpointFile = "checkpoint",
): InclusionProof {
  const checkpoint = storedCheckpoint(fs, stream, file);
  const found = findLogged(fs, stream, entry);
  const { size } = checkpoint;
  if (found.index >= size) {
    const message = `entry ${found.index} of ${stream.name} is newer than the checkpoint, which covers ${size}`;
    raise("LEDGER_NOT_COVERED", message, { stream: stream.name, index: found.index, size });
  }
  const hashes = fromTiles(fs, stream, size, (read) => inclusionProof(found.index, size, read));
  if (!verifyInclusion(leafHash(found.bytes), found.index, checkpoint, hashes)) {
    damaged(stream, `its tiles do not lead from entry ${found.index} to the root of its ${file}`);
  }
  const text = formatInclusion({ extra: found.bytes, index: found.index, hashes, note: checkpoint.note });
  return { ...found, checkpoint, hashes, file: text };
}

/**
 * Proof that the log only grew since an earlier checkpoint.
 * @throws LEDGER_FORKED, LEDGER_ROLLED_BACK: proven when both checkpoints are signed by the log's keys;
 * LEDGER_NOT_LOGGED, LEDGER_CHECKPOINT_MISSING, LEDGER_CHECKPOINT_UNUSABLE for another log's or one that none of the
 * plane's keys signed, LEDGER_TREE_DAMAGED
 */
export function proveGrowth(fs: FileSystem, stream: StreamRef, old: OldCheckpoint): ConsistencyProof {
  requireOrigin(old, storedCheckpoint(fs, stream, "checkpoint"));
  // What anybody can write must not put the blame on the ledger.
  const reason = forgedBecause(fs, stream, old.checkpoint);
  if (reason !== undefined) unusable(old, reason);
  return growthSince(fs, stream, old);
}

/** A checkpoint kept from earlier, and where. */
export interface OldCheckpoint {
  readonly checkpoint: SignedCheckpoint;
  readonly path: string;
}

/**
 * The same for a checkpoint whose keeper is vouched for, whoever signed it: a receipt from before its key was revoked.
 * @throws as {@link proveGrowth}
 */
export function growthSince(fs: FileSystem, stream: StreamRef, old: OldCheckpoint): ConsistencyProof {
  const checkpoint = storedCheckpoint(fs, stream, "checkpoint");
  const { origin, size } = checkpoint;
  const old_size = old.checkpoint.size;
  requireOrigin(old, checkpoint);
  if (old_size > size) {
    const message = `${stream.name} was rolled back: ${old.path} covers ${old_size} entries, its checkpoint ${size}`;
    raise("LEDGER_ROLLED_BACK", message, { origin, old_size, size });
  }
  const hashes = fromTiles(fs, stream, size, (read) => consistencyProof(old_size, size, read));
  if (!verifyConsistency(old.checkpoint, checkpoint, hashes)) {
    const message = `${stream.name} was forked: its checkpoint of ${size} entries does not continue ${old.path}`;
    raise("LEDGER_FORKED", message, { origin, old_size, size });
  }
  return {
    old: old.checkpoint,
    checkpoint,
    hashes,
    file: formatConsistency({ old_size, hashes, note: checkpoint.note }),
  };
}

const unusable = ({ path }: OldCheckpoint, reason: string): never =>
  raise("LEDGER_CHECKPOINT_UNUSABLE", `${path}: ${reason}`, { path, reason });

function requireOrigin(old: OldCheckpoint, { origin }: SignedCheckpoint): void {
  const named = old.checkpoint.origin;
  if (named !== origin) unusable(old, `it is a checkpoint of ${named}, not of ${origin}`);
}

/** Why a checkpoint of this log is none of its own making; undefined too where no trusted key is known. */
function forgedBecause(fs: FileSystem, { log }: StreamRef, old: SignedCheckpoint): string | undefined {
  const keys = log === undefined ? [] : trustedLedgerKeys(fs, log);
  if (keys.length === 0 || isSignedBy(old, keys)) return undefined;
  const wrong = checkSignatures(old.note, keys).find(({ valid }) => !valid);
  return wrong === undefined
    ? "no key this plane trusts signed it"
    : `the signature by ${wrong.key.name} does not fit its text`;
}

/** The stream's checkpoint, signed by a trusted key wherever keys are known. @throws LEDGER_CHECKPOINT_MISSING, LEDGER_TREE_DAMAGED */
export function storedCheckpoint(fs: FileSystem, stream: StreamRef, file: CheckpointFile): SignedCheckpoint {
  const found = readCheckpoint(fs, treePlaces(stream)[file]);
  const name = treeFileName(stream, file);
  if (found === undefined) requireLog(stream);
  if (found === undefined) {
    return raise("LEDGER_CHECKPOINT_MISSING", `${name} does not exist`, { stream: stream.name });
  }
  if (typeof found === "string") return damaged(stream, `${file}: ${found}`);
  if (stream.log !== undefined) {
    if (found.origin !== stream.log.origin) damaged(stream, `its ${file} is of the log ${found.origin}`);
    const { trusted, are_all_revoked } = knownLedgerKeys(fs, stream.log);
    if (are_all_revoked) damaged(stream, `each key that could have signed its ${file} was revoked`);
    if (trusted.length > 0 && !isSignedBy(found, trusted))
      damaged(stream, `no trusted key signed its ${file}`);
  }
  return found;
}

function fromTiles<T>(fs: FileSystem, stream: StreamRef, size: number, make: (read: ReadNode) => T): T {
  try {
    return make(tileNodes(size, (name) => readTile(fs, stream, name)));
  } catch (error) {
    if (error instanceof TileUnusable) return damaged(stream, "a tile is missing or too short");
    throw error;
  }
}

function damaged(stream: StreamRef, reason: string): never {
  return raise("LEDGER_TREE_DAMAGED", `the log of ${stream.name} cannot prove this: ${reason}`, {
    stream: stream.name,
    reason,
  });
}
