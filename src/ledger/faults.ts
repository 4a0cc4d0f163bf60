import { defineFaults, kind } from "../kernel/index.ts";

/** Faults of the ledger. `stream` is plane-relative; `path` is absolute. */
export const { raise, catalogue: ledgerFaults } = defineFaults({
  LEDGER_STREAM_INVALID: kind<{ stream: string }>(2, () => `Name a stream such as ledger/governance.jsonl.`),
  LEDGER_ENTRY_INVALID: kind<{ stream: string; field: string }>(
    2,
    (d) => `Change ${d.field} to plain text, whole numbers, lists or objects and run the command again.`,
  ),
  LEDGER_ENTRY_TOO_LARGE: kind<{ stream: string; size_bytes: number; limit_bytes: number }>(
    2,
    (d) =>
      `Put the large evidence into a file, name it by its sha256 in at most ${d.limit_bytes} bytes, and run the command again.`,
  ),
  LEDGER_BUSY: kind<{ stream: string; wait_ms: number }>(
    5,
    () => `Wait for the other command to end, then run the command again.`,
  ),
  LEDGER_LOCK_UNUSABLE: kind<{ stream: string; path: string }>(
    5,
    (d) => `Make ${d.path} an empty file this user can write, then run the command again.`,
  ),
  LEDGER_DAMAGED: kind<{ stream: string; reason: string }>(4, () => `Run "pkg ledger verify".`),
  LEDGER_READ_ONLY: kind<{ stream: string; path: string }>(
    5,
    (d) => `Make ${d.path} writable for this user, then run the command again.`,
  ),
  LEDGER_DISK_FULL: kind<{ stream: string; path: string }>(
    5,
    (d) => `Free space on the disk of ${d.path}, then run the command again.`,
  ),
  LEDGER_ENTRY_UNKNOWN: kind<{ stream: string; entry: string }>(
    1,
    (d) => `Run "pkg ledger tail --stream ${d.stream}" to see ids, or give a number counted from 0.`,
  ),
  LEDGER_CHECKPOINT_MISSING: kind<{ stream: string }>(
    1,
    (d) => `Run "pkg ledger rebuild --stream ${d.stream}" where the plane's signing key can be reached.`,
  ),
  LEDGER_NOT_LOGGED: kind<{ stream: string }>(
    2,
    () => `Run "pkg ledger summarise"; then prove the entry ledger_summary of the ledger above it.`,
  ),
  LEDGER_NOT_COVERED: kind<{ stream: string; index: number; size: number }>(
    1,
    (d) => `Run "pkg ledger rebuild --stream ${d.stream}" where the plane's signing key can be reached.`,
  ),
  LEDGER_CHECKPOINT_UNUSABLE: kind<{ path: string; reason: string }>(
    2,
    () => `Name a checkpoint file of this log, such as a copy of ledger/governance/checkpoint.`,
  ),
  LEDGER_TREE_DAMAGED: kind<{ stream: string; reason: string }>(
    4,
    (d) => `Run "pkg ledger verify", then "pkg ledger rebuild --stream ${d.stream}".`,
  ),
  LEDGER_FORKED: kind<{ origin: string; old_size: number; size: number }>(
    4,
    () => `Keep both checkpoints: together they prove the fork. Restore the ledger from a backup.`,
  ),
  LEDGER_ROLLED_BACK: kind<{ origin: string; old_size: number; size: number }>(
    4,
    (d) => `Restore a ledger with at least ${d.old_size} entries from a backup.`,
  ),
  LEDGER_PROOF_MALFORMED: kind<{ path: string; reason: string }>(
    2,
    () => `Name a file that "pkg ledger prove --out" wrote, or another .tlog-proof.`,
  ),
  LEDGER_PROOF_INVALID: kind<{ path: string; reason: string; missing?: string }>(1, (d) =>
    d.missing === undefined
      ? `Ask for a new proof, and compare the key with the log's owner.`
      : `Run "pkg ledger verify-proof" again with ${d.missing} and that file.`,
  ),
  LEDGER_KEY_MALFORMED: kind<{ key: string; reason: string }>(
    2,
    () => `Give a verifier key of the form name+8 hex digits+base64, from somebody you trust.`,
  ),
  LEDGER_WITNESS_UNUSABLE: kind<{ path: string; reason: string }>(
    5,
    () =>
      `Name a folder of the witness's own outside the plane and HOLDFAST_HOME, readable by this user only.`,
  ),
  LEDGER_WITNESS_KEY_UNKNOWN: kind<{ origin: string }>(
    3,
    () => `Ask the log's owner for its verifier key and pass it with --key.`,
  ),
  LEDGER_IO: kind<{ stream: string; path: string; reason: string }>(
    5,
    (d) => `Check the disk and permissions of ${d.path}, then run "pkg ledger verify".`,
  ),
});

/** @throws LEDGER_NOT_LOGGED for a stream that is no log, such as a session's */
export function requireLog({ name, log }: { readonly name: string; readonly log?: unknown }): void {
  if (log !== undefined) return;
  const message = `${name} has no tiles and checkpoints of its own: the ledger above it records where it stands`;
  raise("LEDGER_NOT_LOGGED", message, { stream: name });
}

const READ_ONLY = new Set(["EROFS", "EACCES", "EPERM"]);
const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** The same for a stream that is only read: what is missing is no permission to write. */
export function raiseReading(error: unknown, stream: string, path: string): never {
  const { code } = error as { code?: unknown };
  if (code !== "EACCES" && code !== "EPERM") return raiseIo(error, stream, path);
  const reason = `this user may not read it (${code})`;
  return raise("LEDGER_IO", `${stream} cannot be used: ${reason}`, { stream, path, reason }, error);
}

/** Turns what a file call threw into a fault, once. Faults and bugs pass through unchanged. */
export function raiseIo(error: unknown, stream: string, path: string): never {
  const code = (error as { code?: unknown }).code;
  if (typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code)) throw error;
  if (READ_ONLY.has(code))
    raise("LEDGER_READ_ONLY", `${stream} cannot be written (${code})`, { stream, path }, error);
  if (FULL.has(code))
    raise("LEDGER_DISK_FULL", `no space left for ${stream} (${code})`, { stream, path }, error);
  const reason = code === "ELOOP" ? "it is a symbolic link" : code;
  return raise("LEDGER_IO", `${stream} cannot be used: ${reason}`, { stream, path, reason }, error);
}
