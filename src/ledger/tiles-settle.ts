/**
 * Brings the log of a stream up to its lines: tiles, then a signed checkpoint when a key can be reached. Never part of an
 * acknowledgement: the lines are the truth, the log is built from them, and nothing that goes wrong here is thrown.
 */
import type { Effects } from "../effects/index.ts";
import {
  leafHash,
  type SignedCheckpoint,
  sameHash,
  TreeBuilder,
  tileNodes,
  treeRoot,
} from "../tlog/index.ts";
import {
  isSignedBy,
  ledgerKey,
  readCheckpoint,
  signCheckpoint,
  trustedLedgerKeys,
  writeCheckpoint,
} from "./checkpoint-file.ts";
import { raiseIo } from "./faults.ts";
import { whileLocked } from "./stream-lock.ts";
import type { StreamLog, StreamRef } from "./stream-ref.ts";
import { emptyTree, growTree, removeForeignTiles, removeSpoiltTiles } from "./tiles-grow.ts";
import { leafLines } from "./tiles-lines.ts";
import { type LiveTree, loadTree } from "./tiles-load.ts";
import { treePlaces } from "./tiles-places.ts";
import { readTile, TileUnusable } from "./tiles-read.ts";
import { readTreeState } from "./tiles-state.ts";

export type SettleEffects = Pick<Effects, "fs" | "locks" | "random">;

/**
 * `signed`: a checkpoint covers all lines. `unsigned`: the tiles do, but no key could be reached. `conflict`: the lines do
 * not continue the last signed checkpoint, so nothing was written. `skipped`: no log is kept, there are no lines, or
 * something failed (disk, lock, keys); the next time tries again.
 */
export type Settled = "signed" | "unsigned" | "conflict" | "skipped";

const WAIT_MS = 5000;

export async function settleTree(effects: SettleEffects, stream: StreamRef): Promise<Settled> {
  const { log } = stream;
  if (log === undefined) return "skipped";
  try {
    if (effects.fs.stat(stream.path) === undefined) return "skipped";
    return await whileLocked(effects, stream, WAIT_MS, () => settleHeld(effects, stream, log));
  } catch {
    return "skipped";
  }
}

/**
 * Builds the log of a stream again from its lines, whatever lies there.
 * @throws LEDGER_BUSY, LEDGER_LOCK_UNUSABLE, LEDGER_READ_ONLY, LEDGER_DISK_FULL, LEDGER_IO, SIGNING_STATE_DAMAGED, AUTH_SECRET_*
 */
export async function rebuildTree(effects: SettleEffects, stream: StreamRef): Promise<Settled> {
  const { log } = stream;
  const { fs } = effects;
  if (log === undefined || fs.stat(stream.path) === undefined) return "skipped";
  try {
    return await whileLocked(effects, stream, WAIT_MS, () => {
      forget(fs, stream);
      const last = lastSigned(fs, stream, log);
      return signed(effects, stream, log, last, rebuild(effects, stream, last));
    });
  } catch (error) {
    return raiseIo(error, stream.name, stream.path);
  }
}

/** Settles by a holder of the stream's lock. @throws whatever went wrong */
export function settleHeld(
  effects: Omit<SettleEffects, "locks">,
  stream: StreamRef,
  log: StreamLog,
): Settled {
  const last = lastSigned(effects.fs, stream, log);
  const warm = cached(effects.fs, stream);
  forget(effects.fs, stream);
  const known = warm ?? loadTree(effects.fs, stream);
  const tree = known === undefined ? rebuild(effects, stream, last) : continued(effects, stream, known, last);
  // A process before this one may have died while it wrote.
  if (warm === undefined && tree !== undefined) removeSpoiltTiles(effects.fs, stream, tree.builder);
  return signed(effects, stream, log, last, tree);
}

/** Signs the tree unless its checkpoint is there already. */
function signed(
  effects: Omit<SettleEffects, "locks">,
  stream: StreamRef,
  log: StreamLog,
  last: SignedCheckpoint | undefined,
  tree: LiveTree | undefined,
): Settled {
  if (tree === undefined) return "conflict";
  remember(effects.fs, stream, tree);
  const { size } = tree.builder;
  if (size === 0) return "skipped";
  if (last?.size === size) return "signed";
  const key = ledgerKey(effects.fs, log);
  if (key === undefined) return "unsigned";
  const { note } = signCheckpoint(key, log.origin, { size, root: tree.builder.root() });
  writeCheckpoint(effects, stream, "checkpoint", note);
  return "signed";
}

/** The newest checkpoint that our own keys signed; anything else at its place says nothing and is written over. */
function lastSigned(fs: Effects["fs"], stream: StreamRef, log: StreamLog): SignedCheckpoint | undefined {
  const found = readCheckpoint(fs, treePlaces(stream).checkpoint);
  if (found === undefined || typeof found === "string" || found.origin !== log.origin) return undefined;
  return isSignedBy(found, trustedLedgerKeys(fs, log)) ? found : undefined;
}

/** A log must never sign what contradicts an earlier signature of its own (C2SP tlog-checkpoint). */
function continued(
  effects: Omit<SettleEffects, "locks">,
  stream: StreamRef,
  known: LiveTree,
  last: SignedCheckpoint | undefined,
): LiveTree | undefined {
  const { size } = known.builder;
  // Tiles that are behind the checkpoint were lost: start from the lines.
  if (last !== undefined && last.size > size) return rebuild(effects, stream, last);
  if (last === undefined || leadsTo(effects.fs, stream, known, last)) return growTree(effects, stream, known);
  return rebuild(effects, stream, last);
}

/** True when the tree, or its tiles, have the checkpoint's root. */
function leadsTo(
  fs: Effects["fs"],
  stream: StreamRef,
  { builder }: LiveTree,
  last: SignedCheckpoint,
): boolean {
  if (last.size === builder.size) return sameHash(builder.root(), last.root);
  const read = tileNodes(last.size, (name) => readTile(fs, stream, name));
  try {
    return sameHash(treeRoot(last.size, read), last.root);
  } catch (error) {
    if (error instanceof TileUnusable) return false;
    throw error;
  }
}

function rebuild(
  effects: Omit<SettleEffects, "locks">,
  stream: StreamRef,
  last: SignedCheckpoint | undefined,
): LiveTree | undefined {
  if (last !== undefined && !linesLeadTo(effects.fs, stream, last)) return undefined;
  // Without it a rebuild that dies half way is begun again.
  const { state } = treePlaces(stream);
  if (effects.fs.stat(state) !== undefined) effects.fs.remove(state);
  const tree = growTree(effects, stream, emptyTree());
  removeForeignTiles(effects.fs, stream, tree.builder);
  return tree;
}

/** True when the first lines of the stream have the checkpoint's root. Reads only. */
function linesLeadTo(fs: Effects["fs"], stream: StreamRef, { size, root }: SignedCheckpoint): boolean {
  const builder = new TreeBuilder();
  if (size > 0) {
    for (const { bytes } of leafLines(fs, stream.path, 0)) {
      builder.append(leafHash(bytes));
      if (builder.size === size) break;
    }
  }
  return builder.size === size && sameHash(builder.root(), root);
}

/** Trees of streams this process settled, so that the next time costs only the new lines. */
const trees = new WeakMap<Effects["fs"], Map<string, LiveTree>>();

function cached(fs: Effects["fs"], stream: StreamRef): LiveTree | undefined {
  const tree = trees.get(fs)?.get(stream.path);
  if (tree === undefined) return undefined;
  // Another process may have gone further, or a cut been undone.
  const state = readTreeState(fs, treePlaces(stream).state);
  const { builder, bytes } = tree;
  const fits = state?.size === builder.size && state.bytes === bytes && sameHash(state.root, builder.root());
  return fits ? tree : undefined;
}

function remember(fs: Effects["fs"], stream: StreamRef, tree: LiveTree): void {
  const known = trees.get(fs) ?? new Map<string, LiveTree>();
  known.set(stream.path, tree);
  trees.set(fs, known);
}

const forget = (fs: Effects["fs"], stream: StreamRef): boolean | undefined =>
  trees.get(fs)?.delete(stream.path);
