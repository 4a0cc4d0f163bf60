/** One change of many files that is whole or absent. Holds the caller to the order: prepare, stage, plan, activate, commit. */
import type { Effects, HeldLock } from "../effects/index.ts";
import type { Fault } from "../kernel/index.ts";
import {
  applyChanges,
  compareWithBefore,
  type Site,
  sourceOf,
  stagedPath,
  syncTouched,
  undoChanges,
  wasOf,
} from "./apply.ts";
import { failureOf } from "./failure.ts";
import { make } from "./faults.ts";
import { appendLines } from "./log.ts";
import { makeOwnFolder } from "./own-folder.ts";
import { missingFolders, preparingDirectory, removeTransaction, transactionsDirectory } from "./places.ts";
import type {
  AttemptedPackage,
  Begun,
  Change,
  FollowUp,
  JournalRecord,
  Notes,
  PhaseTime,
} from "./records.ts";
import { newId } from "./transaction-id.ts";

type Needs = Pick<Effects, "fs" | "clock" | "random" | "signal">;
export type About = Omit<Begun, "state" | "transaction_id" | "at_ms">;

/** New bytes: written now; a file on the same file system; or one kept earlier (plane-relative), moved when it is applied. */
export type Staged =
  | { readonly bytes: Uint8Array; readonly mode: number }
  | { readonly file: string }
  | { readonly kept: string };

export class Transaction {
  readonly id: string;
  /** What the plane goes back to when this fails, in words. */
  back_to: string | undefined;
  /** What it would bring; written down with the next phase. */
  attempted: readonly AttemptedPackage[] = [];
  #told = this.attempted;
  readonly #effects: Needs;
  readonly #changes: Change[] = [];
  /** Changes whose staged bytes are written but not on disk yet: synced together before the plan is. */
  readonly #unsynced: number[] = [];
  readonly #planned_directories = new Set<string>();
  readonly #phases: { phase: string; at_ms: number; elapsed_ms: number }[] = [];
  #site: Site;
  #owner: HeldLock | undefined;

  private constructor(effects: Needs, id: string, site: Site) {
    this.#effects = effects;
    this.id = id;
    this.#site = site;
  }

  /** Under the plane lock. The folder and its first record are durable when this returns. */
  static begin(effects: Needs, root: string, about: About): Transaction {
    return Transaction.#open(effects, root, transactionsDirectory(root), about, newId(effects));
  }

  /**
   * Before the plane is locked: downloads and checks run in a folder that only its owner's lock protects. Follow with
   * `enterPlane` under the plane lock, or `abort`.
   */
  static async prepare(
    effects: Needs & Pick<Effects, "locks">,
    root: string,
    about: About,
  ): Promise<Transaction> {
    const { id, owner } = await makeOwnFolder(effects, root);
    try {
      const transaction = Transaction.#open(effects, root, preparingDirectory(root), about, id);
      transaction.#owner = owner;
      return transaction;
    } catch (error) {
      // What is left of the folder is for a sweep to take.
      owner.release();
      throw error;
    }
  }

  static #open(effects: Needs, root: string, parent: string, about: About, id: string): Transaction {
    const { fs, clock } = effects;
    const directory = `${parent}/${id}`;
    for (const path of [directory, `${directory}/staged`, `${directory}/aside`])
      if (fs.stat(path) === undefined) fs.makeDirectory(path, 0o700);
    const transaction = new Transaction(effects, id, { root, directory });
    transaction.#record({ state: "begun", transaction_id: id, at_ms: clock.now_ms(), ...about });
    fs.syncDirectory(directory);
    fs.syncDirectory(parent);
    return transaction;
  }

  get site(): Site {
    return this.#site;
  }

  get phase(): string {
    return this.#phases.at(-1)?.phase ?? "begun";
  }

  get changes(): readonly Change[] {
    return this.#changes;
  }

  /** Whether recovery answers for it: it lies where only the holder of the plane lock puts it. */
  get is_in_plane(): boolean {
    return this.#site.directory.startsWith(transactionsDirectory(this.#site.root));
  }

  /** Phases entered so far; the last one is still running. */
  timeline(): PhaseTime[] {
    const end = this.#effects.clock.elapsed_ms();
    return this.#phases.map(({ phase, at_ms, elapsed_ms }, index) => ({
      phase,
      at_ms,
      duration_ms: Math.max(0, Math.round((this.#phases[index + 1]?.elapsed_ms ?? end) - elapsed_ms)),
    }));
  }

  /** Records the phase durably before its first step. */
  enterPhase(phase: string): void {
    const { clock } = this.#effects;
    const at_ms = clock.now_ms();
    this.#phases.push({ phase, at_ms, elapsed_ms: clock.elapsed_ms() });
    const is_new = this.attempted !== this.#told;
    this.#told = this.attempted;
    this.#record({ state: "phase", phase, at_ms, ...(is_new ? { attempted: this.attempted } : {}) });
  }

  /** Under the plane lock: from here on recovery answers for this transaction. */
  enterPlane(): void {
    const { fs } = this.#effects;
    const { root, directory } = this.#site;
    const parent = transactionsDirectory(root);
    fs.rename(directory, `${parent}/${this.id}`);
    this.#site = { root, directory: `${parent}/${this.id}` };
    // A rename is one step of the file system: syncing either folder makes it durable.
    fs.syncDirectory(parent);
    this.releaseOwner();
  }

  releaseOwner(): void {
    this.#owner?.release();
    this.#owner = undefined;
  }

  /** A scratch folder on the same file system, removed with the transaction. */
  makeScratch(name: string): string {
    const path = `${this.#site.directory}/${name}`;
    this.#effects.fs.makeDirectory(path, 0o700);
    return path;
  }

  /**
   * Plans new bytes for a path and stages them; folders that are missing are planned before it.
   * @param before_sha256 bare hex of what stands there, where the caller knows it
   */
  put(path: string, staged: Staged, before_sha256?: string): void {
    const { fs } = this.#effects;
    this.#planFolders(path);
    const stat = fs.stat(`${this.#site.root}/${path}`);
    const was = stat === undefined ? {} : { was: wasOf(stat, before_sha256) };
    const target = stagedPath(this.#site, this.#changes.length);
    const source = "kept" in staged ? { source: staged.kept } : {};
    this.#changes.push({ kind: "put", path, ...was, ...source });
    if ("file" in staged) fs.rename(staged.file, target);
    if (!("bytes" in staged)) return;
    const handle = fs.openWrite(target, { mode: staged.mode, how: "exclusive" });
    try {
      handle.write(staged.bytes);
    } finally {
      handle.close();
    }
    this.#unsynced.push(this.#changes.length - 1);
    if (fs.stat(target)?.mode !== staged.mode) fs.setMode(target, staged.mode);
  }

  remove(path: string, before_sha256?: string): void {
    const stat = this.#effects.fs.stat(`${this.#site.root}/${path}`);
    this.#changes.push({
      kind: "remove",
      path,
      ...(stat === undefined ? {} : { was: wasOf(stat, before_sha256) }),
    });
  }

  /** Removed only if empty when its turn comes. */
  removeDirectory(path: string): void {
    const stat = this.#effects.fs.stat(`${this.#site.root}/${path}`);
    if (stat !== undefined) this.#changes.push({ kind: "remove_directory", path, mode: stat.mode });
  }

  /** Absolute path of the bytes that change number `index` puts in place; undefined when it puts none. */
  newFile(index: number): string | undefined {
    const change = this.#changes[index];
    return change?.kind === "put" ? sourceOf(this.#site, change, index) : undefined;
  }

  /** Folders this transaction makes, parents first. */
  get directoriesMade(): string[] {
    return this.#changes.flatMap((change) => (change.kind === "make_directory" ? [change.path] : []));
  }

  /** Writes the plan durably, then applies it. On any failure call `abort`. */
  async activate(notes: Notes = {}): Promise<void> {
    const { fs, signal } = this.#effects;
    const { directory } = this.#site;
    await fs.syncFiles(this.#unsynced.map((index) => stagedPath(this.#site, index)));
    if (this.#changes.length > 0) appendLines(fs, `${directory}/changes.jsonl`, this.#changes);
    fs.syncDirectory(directory);
    this.#record({ state: "planned", changes: this.#changes.length, notes });
    await applyChanges(this.#effects, this.#site, this.#changes, signal);
    syncTouched(fs, this.#site, this.#changes);
    signal.throwIfAborted();
  }

  /** The single commit point. Afterwards only `retireTransaction` may follow, here or in recovery. */
  commit(generation: number, follow_ups: readonly FollowUp[]): void {
    this.#record({ state: "committed", generation, follow_ups, at_ms: this.#effects.clock.now_ms() });
  }

  /**
   * Puts everything back and holds every path against what was there before.
   * @returns how many paths were compared @throws UNDO_FAILED, UNDO_DIFFERS; recovery tries again after the first
   */
  undo(): number {
    const { fs } = this.#effects;
    const transaction_id = this.id;
    try {
      undoChanges(fs, this.#site, this.#changes);
      syncTouched(fs, this.#site, this.#changes);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      const path = (error as { path?: string }).path ?? "";
      throw make(
        "UNDO_FAILED",
        `the failed change ${transaction_id} could not be undone yet: ${problem}`,
        { transaction_id, path, problem },
        error,
      );
    }
    const { checked, different } = compareWithBefore(fs, this.#site, this.#changes);
    if (different.length === 0) return checked;
    throw make(
      "UNDO_DIFFERS",
      `${different.length} of ${checked} path(s) are not what they were before ${transaction_id}: ${different[0]}`,
      { transaction_id, path: different[0] ?? "", paths: different.slice(0, 100) },
    );
  }

  /** Records that all was put back, and what the ledger is owed. */
  recordUndone(reason: string, follow_ups: readonly FollowUp[]): void {
    try {
      this.#record({ state: "undone", reason, follow_ups });
    } catch {
      // A full disk can refuse this record; recovery then undoes again, which changes nothing.
    }
  }

  /** Removes the folder once the ledger has what it is owed. */
  discard(): void {
    try {
      removeTransaction(this.#effects, this.#site.directory);
    } finally {
      // What could not be removed is for a sweep to take.
      this.releaseOwner();
    }
  }

  /** The fault users see for a change that failed and was undone. */
  failure(error: unknown): Fault {
    const { id: transaction_id, phase, back_to } = this;
    return failureOf({ transaction_id, phase, back_to, is_stopped: this.#effects.signal.aborted }, error);
  }

  #record(record: JournalRecord): void {
    appendLines(this.#effects.fs, `${this.#site.directory}/journal.jsonl`, [record]);
  }

  #planFolders(path: string): void {
    const missing = missingFolders(this.#effects.fs, this.#site.root, path, this.#planned_directories);
    for (const parent of missing) this.#changes.push({ kind: "make_directory", path: parent });
  }
}
