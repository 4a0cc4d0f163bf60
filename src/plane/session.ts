/** Entering a plane: for reading (never half a change) or for writing (locked, recovered, registries valid). */

import type { Effects, FileSystem, HeldLock } from "../effects/index.ts";
import { digestOf } from "../index-db/index.ts";
import {
  type FollowUp,
  keptNumbers,
  pendingTransactions,
  type Recovered,
  readKept,
  recover,
} from "../journal/index.ts";
import { Fault } from "../kernel/index.ts";
import { appendEntries, appendOnce } from "../ledger/index.ts";
import { checkRegistry } from "../registry/index.ts";
import { recordConfig } from "./config-record.ts";
import { make } from "./faults.ts";
import { replaceFile } from "./files.ts";
import { editedRegistries, type Generation, generationBytes, readGeneration } from "./generation.ts";
import { lockFault, requireLockable } from "./lock-fault.ts";
import { type Plane, planeStream } from "./open.ts";
import { GENERATION_PATH, GOVERNANCE_STREAM, PLANE_LOCK, registryPath, STATE_DIRECTORY } from "./paths.ts";

/** One rule for all: a command that changes something reads first, and must not give up earlier there. */
const WAIT_MS = 30_000;

export interface WriteSession {
  readonly plane: Plane;
  readonly generation: number;
  readonly recovered: readonly Recovered[];
}

/**
 * Runs `work` under the plane lock, after recovery and after recording valid hand edits of registries as `registry_edited`
 * and of the configuration as `config_recorded`.
 * @throws PLANE_BUSY, PLANE_READ_ONLY, REGISTRY_INVALID
 */
export async function writing<T>(
  effects: Effects,
  plane: Plane,
  options: { readonly user: string; readonly wait_ms?: number; readonly records_edits?: boolean },
  work: (session: WriteSession) => Promise<T>,
): Promise<T> {
  const lock = await lockPlane(effects, plane, options.wait_ms ?? plane.wait_ms ?? WAIT_MS);
  try {
    const recovered = await recoverPlane(effects, plane);
    if (options.records_edits !== false) {
      await recordRegistryEdits(effects, plane, options.user);
      await recordConfig(effects, plane, options.user);
    }
    // A lost generation file must not make numbers start again: kept generations are known by them.
    const generation = Math.max(
      readGeneration(effects.fs, plane.root)?.generation ?? 0,
      ...keptNumbers(effects.fs, plane.root),
    );
    return await work({ plane, generation, recovered });
  } finally {
    lock.release();
  }
}

/**
 * Runs `work` on a state that no transaction changed meanwhile; runs it again when one did.
 * A reader that can write recovers first; one that cannot is told so.
 * @throws RECOVERY_PENDING, TRANSACTION_IN_PROGRESS
 */
export async function reading<T>(effects: Effects, plane: Plane, work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; attempt < 5; attempt++) {
    // A finished change whose ledger entry cannot be written yet is no reason not to read.
    if (pendingTransactions(effects, plane.root).length > 0 && !(await settle(effects, plane))) return work();
    const before = readGeneration(effects.fs, plane.root)?.transaction_id;
    const outcome = await work().then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
    const after = readGeneration(effects.fs, plane.root)?.transaction_id;
    // What was seen, or stumbled over, in the middle of a change says nothing.
    if (before !== after || pendingTransactions(effects, plane.root).length > 0) continue;
    if ("error" in outcome) throw outcome.error;
    return outcome.result;
  }
  throw make("TRANSACTION_IN_PROGRESS", `the plane ${plane.root} keeps changing while it is read`, {
    path: plane.root,
  });
}

/** Every file is as it shall be, and only a record of it is missing. */
const IS_SETTLED = /^LEDGER_|^RETIRE_FAILED$/;

/** False when all changes are settled on disk, but the ledger does not take their entries or their folder stays. */
async function settle(effects: Effects, plane: Plane): Promise<boolean> {
  let lock: HeldLock;
  try {
    lock = await lockPlane(effects, plane, plane.wait_ms ?? WAIT_MS);
  } catch (error) {
    if ((error as { code?: string }).code !== "PLANE_READ_ONLY") throw error;
    const transactions = pendingTransactions(effects, plane.root);
    throw make("RECOVERY_PENDING", "an interrupted change waits to be finished or undone", { transactions });
  }
  try {
    await recoverPlane(effects, plane);
    return true;
  } catch (error) {
    // Of several, those that come after it were not looked at.
    const is_only = pendingTransactions(effects, plane.root).length === 1;
    if (is_only && error instanceof Fault && IS_SETTLED.test(error.code)) return false;
    throw error;
  } finally {
    lock.release();
  }
}

async function lockPlane(effects: Effects, plane: Plane, wait_ms: number): Promise<HeldLock> {
  const path = `${plane.root}/${PLANE_LOCK}`;
  requireLockable(plane.root);
  let lock: HeldLock | undefined;
  try {
    makeStateDirectory(effects, plane.root);
    lock = await effects.locks.acquire(path, { wait_ms, signal: effects.signal });
  } catch (error) {
    throw lockFault(effects.fs, plane.root, error);
  }
  if (lock !== undefined) return lock;
  throw make("PLANE_BUSY", `another command is changing ${plane.root}`, {
    path: plane.root,
    waited_ms: wait_ms,
  });
}

function makeStateDirectory({ fs }: Effects, root: string): void {
  for (const path of [".holdfast", STATE_DIRECTORY, `${STATE_DIRECTORY}/transactions`]) {
    if (fs.stat(`${root}/${path}`) === undefined) fs.makeDirectory(`${root}/${path}`, 0o755);
  }
}

async function recoverPlane(effects: Effects, plane: Plane): Promise<Recovered[]> {
  return recover(effects, plane.root, (follow_ups) => appendFollowUps(effects, plane, follow_ups));
}

/** Appends what a finished or undone transaction owes to the ledgers; repeating it appends nothing twice. */
export async function appendFollowUps(
  effects: Effects,
  plane: Plane,
  follow_ups: readonly FollowUp[],
): Promise<void> {
  for (const { stream, dedupe_key, metadata, ...entry } of follow_ups) {
    await appendOnce(
      effects,
      planeStream(plane, stream),
      [{ ...entry, metadata: metadata as never }],
      dedupe_key,
    );
  }
}

async function recordRegistryEdits(effects: Effects, plane: Plane, user: string): Promise<void> {
  const { fs } = effects;
  const edited = editedRegistries(fs, plane.root);
  if (edited.length === 0) return;
  const findings = edited
    .flatMap(({ name }) => checkRegistry(fs, `${plane.root}/${registryPath(name)}`, name))
    .filter((finding) => finding.severity === "error" && finding.code !== "REGISTRY_EMPTY");
  if (findings.length > 0) {
    const first = findings[0];
    throw make("REGISTRY_INVALID", first?.message ?? "a registry is damaged", {
      findings: findings.slice(0, 50),
    });
  }
  await appendEntries(
    effects,
    planeStream(plane, GOVERNANCE_STREAM),
    edited.map(({ name, committed, found }) => ({
      event_type: "registry_edited",
      submission_id: registryPath(name),
      decision: "RECORDED",
      reason: `${registryPath(name)} was edited by hand and is valid`,
      metadata: { user, before: committed ?? null, after: found ?? null },
    })),
  );
  const known = readGeneration(fs, plane.root);
  const current = known ?? newestKept(fs, plane.root);
  const registries = Object.fromEntries(edited.map(({ name, found }) => [name, found]));
  replaceFile(
    effects,
    `${plane.root}/${GENERATION_PATH}`,
    generationBytes({
      generation: current?.generation ?? 0,
      transaction_id: current?.transaction_id ?? "",
      registries: { ...known?.registries, ...registries },
    }),
  );
}

/** A record made anew goes on from the change that is kept last. */
function newestKept(fs: FileSystem, root: string): Omit<Generation, "registries"> | undefined {
  const number = Math.max(0, ...keptNumbers(fs, root));
  if (number === 0) return undefined;
  // Where what keeps it is damaged its number is known all the same.
  const bare = { generation: number, transaction_id: "" };
  try {
    return readKept(fs, root, number) ?? bare;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return bare;
  }
}

/** The registries' digests as they will be after a transaction: unchanged ones as found, changed ones as given. */
export function registriesAfter(
  { fs }: Pick<Effects, "fs">,
  root: string,
  changed: Readonly<Record<string, string>>,
): Record<string, string> {
  const known = readGeneration(fs, root)?.registries ?? {};
  const entries = Object.entries(known).map(([name, digest]) => [
    name,
    digest ?? digestOf(fs, `${root}/${name}`) ?? "",
  ]);
  return { ...Object.fromEntries(entries), ...changed };
}
