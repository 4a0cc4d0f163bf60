/** One change of many files that is whole or absent. Holds the caller to the order: stage, plan, activate, commit. */
import type { Effects } from "../effects/index.ts";
import { Fault } from "../kernel/index.ts";
import { applyChanges, parentOf, type Site, stagedPath, syncTouched, undoChanges } from "./apply.ts";
import { make } from "./faults.ts";
import { appendLines } from "./log.ts";
import type { Begun, Change, FollowUp, JournalRecord } from "./records.ts";

export const transactionsDirectory = (root: string): string => `${root}/.holdfast/state/transactions`;

type Needs = Pick<Effects, "fs" | "clock" | "random" | "signal">;

/** Where staged bytes come from: written now, or a file already extracted on the same file system. */
export type Staged = { readonly bytes: Uint8Array; readonly mode: number } | { readonly file: string };

export class Transaction {
  readonly id: string;
  readonly site: Site;
  readonly #effects: Needs;
  readonly #changes: Change[] = [];
  readonly #planned_directories = new Set<string>();
  #phase = "begun";

  private constructor(effects: Needs, id: string, site: Site) {
    this.#effects = effects;
    this.id = id;
    this.site = site;
  }

  /** Call under the plane lock. The folder and its first record are durable when this returns. */
  static begin(
    effects: Needs,
    root: string,
    about: Omit<Begun, "state" | "transaction_id" | "at_ms">,
  ): Transaction {
    const { fs, clock, random } = effects;
    const at_ms = clock.now_ms();
    const stamp = new Date(at_ms).toISOString().replace(/[-:.]/g, "").slice(0, 15);
    const id = `TX-${stamp}-${random.hex(8)}`;
    const parent = transactionsDirectory(root);
    const directory = `${parent}/${id}`;
    fs.makeDirectory(directory, 0o700);
    for (const name of ["staged", "aside"]) fs.makeDirectory(`${directory}/${name}`, 0o700);
    const transaction = new Transaction(effects, id, { root, directory });
    transaction.#record({ state: "begun", transaction_id: id, at_ms, ...about });
    fs.syncDirectory(directory);
    fs.syncDirectory(parent);
    return transaction;
  }

  get phase(): string {
    return this.#phase;
  }

  get changes(): readonly Change[] {
    return this.#changes;
  }

  /** Records the phase durably before its first step. */
  enterPhase(phase: string): void {
    this.#phase = phase;
    this.#record({ state: "phase", phase, at_ms: this.#effects.clock.now_ms() });
  }

  /** A scratch folder on the same file system, removed with the transaction. */
  makeScratch(name: string): string {
    const path = `${this.site.directory}/${name}`;
    this.#effects.fs.makeDirectory(path, 0o700);
    return path;
  }

  /** Plans new bytes for a path and stages them; folders that are missing are planned before it. */
  put(path: string, staged: Staged): void {
    const { fs } = this.#effects;
    this.#planFolders(path);
    const before = fs.stat(`${this.site.root}/${path}`) !== undefined;
    const target = stagedPath(this.site, this.#changes.length);
    this.#changes.push({ kind: "put", path, before });
    if ("file" in staged) {
      fs.rename(staged.file, target);
      return;
    }
    const handle = fs.openWrite(target, { mode: staged.mode, how: "exclusive" });
    try {
      handle.write(staged.bytes);
      handle.sync();
    } finally {
      handle.close();
    }
    fs.setMode(target, staged.mode);
  }

  remove(path: string): void {
    this.#changes.push({ kind: "remove", path });
  }

  /** Removed only if empty when its turn comes. */
  removeDirectory(path: string): void {
    const mode = this.#effects.fs.stat(`${this.site.root}/${path}`)?.mode ?? 0o755;
    this.#changes.push({ kind: "remove_directory", path, mode });
  }

  /** Folders this transaction makes, parents first. */
  get directoriesMade(): string[] {
    return this.#changes.flatMap((change) => (change.kind === "make_directory" ? [change.path] : []));
  }

  /** Writes the plan durably, then applies it. On any failure call `abort`. */
  async activate(): Promise<void> {
    const { fs, signal } = this.#effects;
    if (this.#changes.length > 0) appendLines(fs, `${this.site.directory}/changes.jsonl`, this.#changes);
    for (const folder of ["staged", ""]) fs.syncDirectory(`${this.site.directory}/${folder}`);
    this.#record({ state: "planned", changes: this.#changes.length });
    await applyChanges(this.#effects, this.site, this.#changes, signal);
    syncTouched(fs, this.site, this.#changes);
    signal.throwIfAborted();
  }

  /** The single commit point. Afterwards only `finish` may follow, here or in recovery. */
  commit(generation: number, follow_ups: readonly FollowUp[]): void {
    this.#record({ state: "committed", generation, follow_ups });
  }

  /** Puts everything back and records why. @throws UNDO_FAILED, in which case recovery tries again */
  abort(reason: string, follow_ups: readonly FollowUp[]): void {
    const { fs } = this.#effects;
    try {
      undoChanges(fs, this.site, this.#changes);
      syncTouched(fs, this.site, this.#changes);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      throw make(
        "UNDO_FAILED",
        `the failed change ${this.id} could not be undone yet: ${problem}`,
        { transaction_id: this.id, path: (error as { path?: string }).path ?? "", problem },
        error,
      );
    }
    try {
      this.#record({ state: "undone", reason, follow_ups });
    } catch {
      // A full disk can refuse this record; recovery then undoes again, which changes nothing.
    }
  }

  /** The fault users see for a change that failed and was undone. Faults of ours keep their code and gain exit 6 or 130. */
  failure(error: unknown): Fault {
    const { id: transaction_id } = this;
    const phase = this.#phase;
    if (this.#effects.signal.aborted) {
      return make(
        "INTERRUPTED",
        `interrupted in ${phase}; everything is as it was before`,
        { transaction_id, phase },
        error,
      );
    }
    const problem = error instanceof Error ? error.message : String(error);
    const cause_code =
      error instanceof Fault ? error.code : ((error as { code?: string }).code ?? "UNEXPECTED");
    return make(
      "TRANSACTION_FAILED",
      `${phase} failed and everything was put back: ${problem}`,
      { transaction_id, phase, problem, cause_code },
      error,
    );
  }

  #record(record: JournalRecord): void {
    appendLines(this.#effects.fs, `${this.site.directory}/journal.jsonl`, [record]);
  }

  #planFolders(path: string): void {
    const { fs } = this.#effects;
    const missing: string[] = [];
    for (
      let parent = parentOf(`/${path}`).slice(1);
      parent !== "";
      parent = parentOf(`/${parent}`).slice(1)
    ) {
      if (this.#planned_directories.has(parent)) break;
      this.#planned_directories.add(parent);
      if (fs.stat(`${this.site.root}/${parent}`) === undefined) missing.push(parent);
    }
    for (const parent of missing.reverse()) this.#changes.push({ kind: "make_directory", path: parent });
  }
}

/** Removes the folder of a finished transaction. Safe to repeat; leftovers are finished transactions only. */
export function removeTransaction({ fs }: Pick<Effects, "fs">, directory: string): void {
  // The plan goes first, so that nothing can act on it again; the journal last, since it says that all is finished.
  const names = fs.list(directory).map((entry) => entry.name);
  const rest = names.filter((one) => one !== "journal.jsonl" && one !== "changes.jsonl");
  for (const name of [...names.filter((one) => one === "changes.jsonl"), ...rest])
    removeTree(fs, `${directory}/${name}`);
  removeTree(fs, directory);
}

/** Removes a folder and all below it, following no link. */
export function removeTree(fs: Effects["fs"], path: string): void {
  if (fs.stat(path)?.kind !== "directory") {
    fs.remove(path);
    return;
  }
  for (const entry of fs.list(path)) removeTree(fs, `${path}/${entry.name}`);
  fs.removeDirectory(path);
}
