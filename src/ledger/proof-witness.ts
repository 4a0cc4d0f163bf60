/**
 * A witness: somebody with a key and a memory of its own, who signs a checkpoint only when it continues the last one it
 * signed for that log (C2SP tlog-witness, without the HTTP). Its folder lies outside the plane, so that whoever rewrites
 * the plane cannot make it forget.
 *
 *     <folder>/<name>.key            Ed25519, PKCS8 PEM, 0600
 *     <folder>/seen/<hash>.json      {"origin", "log_keys": […], "checkpoint": "<the note, verbatim>"}, 0600
 */
import type { Effects, FileSystem } from "../effects/index.ts";
import { type Json, prettyJson, sha256Hex } from "../kernel/index.ts";
import { isOwnKeyName, makeSigningKey, readSigningKey, type SigningKey } from "../keys/index.ts";
import {
  consistencyProof,
  cosignText,
  formatNote,
  formatNoteKey,
  Malformed,
  type NoteKey,
  parseCheckpoint,
  type SignedCheckpoint,
  tileNodes,
  verifyConsistency,
  withSignature,
} from "../tlog/index.ts";
import { isSignedBy, trustedLedgerKeys, writeCheckpoint } from "./checkpoint-file.ts";
import { raise } from "./faults.ts";
import { readKey } from "./proof-check.ts";
import { storedCheckpoint } from "./proof-make.ts";
import { whileLocked } from "./stream-lock.ts";
import type { StreamRef } from "./stream-ref.ts";
import { parentOf, readSmall } from "./tiles-files.ts";
import { readTile, TileUnusable } from "./tiles-read.ts";

type WitnessEffects = Pick<Effects, "fs" | "locks" | "clock" | "random">;

export interface WitnessRequest {
  /** Absolute folder of the witness. */
  readonly folder: string;
  /** Absolute. */
  readonly plane_root: string;
  /** Absolute folders of keys and heads: a memory in them would be rolled back together with the heads. */
  readonly beside_keys?: readonly string[];
  /** Name of the key made on first use. */
  readonly name?: string | undefined;
  /** Verifier keys of the log to trust from now on. Default on first sight: the keys pinned beside the plane's secrets. */
  readonly log_keys?: readonly string[];
}

export interface Cosigned {
  readonly origin: string;
  readonly size: number;
  /** Entries the witness had seen before; undefined on first sight. */
  readonly old_size?: number;
  readonly witness: string;
  /** Verifier key of the witness, type 4. */
  readonly witness_key: string;
  readonly time_s: number;
  /** What was signed, with all signatures, as C2SP writes it. */
  readonly checkpoint: string;
  /** False where this user may only read the plane. */
  readonly is_stored: boolean;
}

interface Memory {
  readonly log_keys: readonly string[];
  readonly checkpoint: SignedCheckpoint | undefined;
}

const MEMORY_BYTES_MAX = 1 << 20;

/**
 * Signs the stream's checkpoint as this witness, and adds the signature to the stored one. A plane it may only read, as a
 * witness under another user does, is left as it is: the signed checkpoint is in the answer.
 * @throws LEDGER_FORKED, LEDGER_ROLLED_BACK; LEDGER_WITNESS_UNUSABLE, LEDGER_WITNESS_KEY_UNKNOWN,
 * LEDGER_CHECKPOINT_MISSING, LEDGER_TREE_DAMAGED, LEDGER_KEY_MALFORMED, AUTH_SECRET_EXPOSED, LEDGER_BUSY
 */
export async function cosign(
  effects: WitnessEffects,
  stream: StreamRef,
  request: WitnessRequest,
): Promise<Cosigned> {
  requireOwnFolder(effects.fs, request);
  const key = witnessKey(effects, request);
  const sign = (): { readonly note: SignedCheckpoint["note"]; readonly signed: Cosigned } =>
    signAsWitness(effects, stream, request, key);
  try {
    return await whileLocked(effects, stream, 30_000, () => {
      const { note, signed } = sign();
      writeCheckpoint(effects, stream, "cosigned", note);
      writeCheckpoint(effects, stream, "checkpoint", note);
      return { ...signed, is_stored: true };
    });
  } catch (error) {
    if (!READ_ONLY.has((error as { code?: string }).code ?? "")) throw error;
    return sign().signed;
  }
}

const READ_ONLY = new Set(["LEDGER_READ_ONLY", "EACCES", "EPERM", "EROFS"]);

function signAsWitness(
  effects: WitnessEffects,
  stream: StreamRef,
  request: WitnessRequest,
  key: SigningKey,
): { readonly note: SignedCheckpoint["note"]; readonly signed: Cosigned } {
  const checkpoint = storedCheckpoint(effects.fs, stream, "checkpoint");
  const { origin, size } = checkpoint;
  const memory = readMemory(effects.fs, request.folder, origin);
  const log_keys = knownKeys(effects.fs, stream, request, memory);
  const keys = log_keys.map((text) => readKey(text, "ed25519"));
  if (!isSignedBy(checkpoint, keys)) {
    const message = `no key this witness trusts signed the checkpoint of ${origin}`;
    raise("LEDGER_WITNESS_KEY_UNKNOWN", message, { origin });
  }
  if (memory?.checkpoint !== undefined) requireGrowth(effects.fs, stream, memory.checkpoint, checkpoint);
  // Remembered before it is signed: a crash between the two costs a signature, never the memory.
  writeMemory(effects, request.folder, { log_keys, checkpoint });
  const time_s = Math.floor(effects.clock.now_ms() / 1000);
  const note = withSignature(checkpoint.note, cosignText(key, checkpoint.note.text, time_s));
  const { name, public_key } = key;
  const witness_key = formatNoteKey({ name, type: "cosignature", public_key });
  const old_size = memory?.checkpoint?.size;
  const seen = old_size === undefined ? {} : { old_size };
  const text = formatNote(note);
  return {
    note,
    signed: { origin, size, ...seen, witness: name, witness_key, time_s, checkpoint: text, is_stored: false },
  };
}

/** @throws LEDGER_ROLLED_BACK, LEDGER_FORKED */
function requireGrowth(
  fs: FileSystem,
  stream: StreamRef,
  old: SignedCheckpoint,
  found: SignedCheckpoint,
): void {
  const { origin, size } = found;
  const sizes = { origin, old_size: old.size, size };
  if (old.size > size) {
    const message = `${origin} was rolled back: this witness saw ${old.size} entries, its checkpoint has ${size}`;
    raise("LEDGER_ROLLED_BACK", message, sizes);
  }
  let hashes: Uint8Array[] = [];
  try {
    hashes = consistencyProof(
      old.size,
      size,
      tileNodes(size, (name) => readTile(fs, stream, name)),
    );
  } catch (error) {
    if (!(error instanceof TileUnusable)) throw error;
    const reason = "a tile that would prove that it only grew is missing or too short";
    raise("LEDGER_TREE_DAMAGED", `${origin}: ${reason}`, { stream: stream.name, reason });
  }
  if (!verifyConsistency(old, found, hashes)) {
    const message = `${origin} was forked: its ${size} entries do not continue the ${old.size} this witness signed`;
    raise("LEDGER_FORKED", message, sizes);
  }
}

function requireOwnFolder(fs: FileSystem, { folder, plane_root, beside_keys = [] }: WitnessRequest): void {
  const unusable = (reason: string): never =>
    raise("LEDGER_WITNESS_UNUSABLE", `${folder} cannot be a witness: ${reason}`, { path: folder, reason });
  const real = `${realOf(fs, folder)}/`;
  if (real.startsWith(`${fs.realPath(plane_root)}/`)) unusable("it lies inside the plane it would watch");
  if (beside_keys.some((keys) => real.startsWith(`${realOf(fs, keys)}/`)))
    unusable("it lies beside the keys and heads of planes, and would share their fate");
  const found = fs.stat(folder);
  if (found !== undefined && found.kind !== "directory") unusable("it is not a folder");
  if (found !== undefined && (found.mode & 0o022) !== 0) unusable("other users may write in it");
}

/** Links resolved as far as the path exists. */
function realOf(fs: FileSystem, path: string): string {
  if (path === "/" || path === "") return "";
  if (fs.stat(path) !== undefined) return fs.realPath(path);
  return `${realOf(fs, parentOf(path))}/${path.slice(path.lastIndexOf("/") + 1)}`;
}

/** The one key in the folder, made when there is none. */
function witnessKey(effects: WitnessEffects, { folder, name }: WitnessRequest): SigningKey {
  const { fs, random } = effects;
  const places = { signing: folder };
  const unusable = (reason: string): never =>
    raise("LEDGER_WITNESS_UNUSABLE", `${folder} cannot be a witness: ${reason}`, { path: folder, reason });
  const names = (fs.stat(folder) === undefined ? [] : fs.list(folder))
    .map((entry) => /^(.+)\.key$/.exec(entry.name)?.[1] ?? "")
    .filter(isOwnKeyName);
  if (names.length > 1) return unusable(`it holds ${names.length} keys, a witness has one`);
  const [own] = names;
  if (own !== undefined && name !== undefined && own !== name) return unusable(`its key is called ${own}`);
  if (own === undefined) {
    const wanted = name ?? `witness-${random.hex(4)}`;
    if (!isOwnKeyName(wanted)) return unusable(`${JSON.stringify(wanted)} cannot be the name of a key`);
    return makeSigningKey(effects, places, wanted);
  }
  return readSigningKey(fs, places, own) ?? unusable("its key is gone");
}

/** Keys given now, else those remembered, else on first sight the plane's pinned ones. */
function knownKeys(
  fs: FileSystem,
  stream: StreamRef,
  { log_keys = [] }: WitnessRequest,
  memory: Memory | undefined,
): string[] {
  const given = log_keys.map((text) => formatNoteKey(readKey(text, "ed25519")));
  if (memory !== undefined) return [...new Set([...memory.log_keys, ...given])];
  if (given.length > 0) return given;
  const pinned: NoteKey[] = stream.log === undefined ? [] : trustedLedgerKeys(fs, stream.log);
  return pinned.map(formatNoteKey);
}

const memoryPath = (folder: string, origin: string): string =>
  `${folder}/seen/${sha256Hex(origin).slice(0, 32)}.json`;

/** Undefined when this witness never saw the log. A memory that cannot be read is no reason to forget. */
function readMemory(fs: FileSystem, folder: string, origin: string): Memory | undefined {
  const path = memoryPath(folder, origin);
  if (fs.stat(path) === undefined) return undefined;
  const damaged = (reason: string): never =>
    raise("LEDGER_WITNESS_UNUSABLE", `${path} cannot be read: ${reason}`, { path, reason });
  const bytes = readSmall(fs, path, MEMORY_BYTES_MAX);
  if (bytes === undefined) return damaged("it is not a readable file of at most 1 MiB");
  if (((fs.stat(path)?.mode ?? 0) & 0o077) !== 0) return damaged("other users may use it");
  try {
    const value = JSON.parse(bytes.toString("utf8")) as Readonly<Record<string, unknown>>;
    const { log_keys, checkpoint } = value;
    const is_list = Array.isArray(log_keys) && log_keys.every((key) => typeof key === "string");
    if (value["origin"] !== origin || !is_list || typeof checkpoint !== "string") {
      return damaged("it is not the memory of this log");
    }
    const seen = parseCheckpoint(Buffer.from(checkpoint));
    if (seen.origin !== origin) return damaged("its checkpoint is of another log");
    return { log_keys, checkpoint: seen };
  } catch (error) {
    if (error instanceof Malformed || error instanceof SyntaxError) return damaged(error.message);
    throw error;
  }
}

function writeMemory(
  { fs, random }: WitnessEffects,
  folder: string,
  { log_keys, checkpoint }: { log_keys: readonly string[]; checkpoint: SignedCheckpoint },
): void {
  const path = memoryPath(folder, checkpoint.origin);
  if (fs.stat(parentOf(path)) === undefined) {
    fs.makeDirectory(parentOf(path), 0o700);
    fs.syncDirectory(folder);
  }
  const memory = { origin: checkpoint.origin, log_keys, checkpoint: formatNote(checkpoint.note) };
  const draft = `${path}.${random.hex(8)}.new`;
  const handle = fs.openWrite(draft, { mode: 0o600, how: "exclusive" });
  try {
    handle.write(Buffer.from(prettyJson(memory as unknown as Json)));
    handle.sync();
  } finally {
    handle.close();
  }
  fs.rename(draft, path);
  fs.syncDirectory(parentOf(path));
}
