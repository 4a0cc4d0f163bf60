/**
 * The part of a plane that nothing has changed since the last check: files of packages whose receipts are as they were, with the
 * verdicts they had. A check that recalls them judges only the rest.
 */
import { type Finding, REGISTRY_NAMES, type RegistryName, type Row } from "../contracts/index.ts";
import { STAMP_WIDTH } from "../effects/index.ts";
import { prefixed } from "../kernel/index.ts";
import { registryPath } from "../plane/index.ts";
import { manifestCopyPath, receiptPath } from "../receipts/index.ts";
import type { ExpectedPaths } from "./expected.ts";
import { classificationOf, type KeptReceipt } from "./file-columns.ts";
import { bufferOf, type LastCheck } from "./last-check.ts";
import type { Outcome } from "./outcome.ts";

/** Of a governed folder in which every file is owned or plain source. */
export interface FolderWalk {
  readonly sources_count: number;
  readonly has_folders: boolean;
}

/** As a number of the cache: 0 where there is nothing to recall. */
export const walkNumber = (walk: FolderWalk | undefined): number =>
  walk === undefined ? 0 : 1 + (walk.has_folders ? 1 : 0) + 2 * walk.sources_count;
const walkOf = (number: number): FolderWalk | undefined =>
  number === 0
    ? undefined
    : { has_folders: (number - 1) % 2 === 1, sources_count: Math.floor((number - 1) / 2) };

export interface KnownRegistries {
  readonly findings: readonly Finding[];
  /** Whether packages_state is to be checked. */
  readonly wants_state: boolean;
}

const WRITTEN_BY_INSTALLS: ReadonlySet<RegistryName> = new Set(["packages_state", "file_ownership"]);

/** Thrown where more may depend on a change than can be judged by itself: then everything is judged again. */
export class NotRecallable extends Error {}

export interface RecalledFolder {
  readonly path: string;
  /** Rows of owned files. */
  readonly start: number;
  readonly end: number;
  readonly walk: FolderWalk | undefined;
  readonly index: number;
}

export class Recall {
  readonly last: LastCheck;
  readonly folders: readonly RecalledFolder[];
  /** Rows of owned files that hold no more: changed, or of a receipt that was read again. */
  readonly gone: Uint8Array;
  gone_count = 0;
  readonly #root: string;
  readonly #by_path = new Map<string, RecalledFolder>();
  readonly #owner_of = new Map<string, number>();
  readonly #is_alive: Uint8Array;
  /** Folders directly in which something is to be judged again. */
  readonly #touched = new Set<string>();

  constructor(last: LastCheck, root: string) {
    this.last = last;
    this.#root = root;
    this.gone = new Uint8Array(last.owned_count);
    this.folders = foldersOf(last);
    for (const folder of this.folders) this.#by_path.set(folder.path, folder);
    this.#is_alive = new Uint8Array(last.receipts.length);
    for (const [owner, kept] of last.receipts.entries())
      if (kept !== null)
        this.#owner_of.set(receiptPath(kept.receipt.package_id, kept.receipt.plane_id), owner);
  }

  /** A receipt of which neither the file nor its manifest has changed. Its files are recalled from then on. */
  receiptOf(id: string, tier: KeptReceipt["receipt"]["plane_id"]): KeptReceipt | undefined {
    const path = receiptPath(id, tier);
    const owner = this.#owner_of.get(path);
    if (owner === undefined) return undefined;
    const is_same = [path, manifestCopyPath(id, tier)].every((one) =>
      this.last.isSame(`${this.#root}/${one}`),
    );
    if (!is_same) return undefined;
    this.#is_alive[owner] = 1;
    return this.last.receipts[owner] ?? undefined;
  }

  /**
   * When all receipts are known: what else is to be judged is added to what is expected.
   * @throws NotRecallable
   */
  settle(expected: ExpectedPaths, isPlainFolder: (folder: string) => boolean): void {
    const { owners } = this.last.columns;
    for (let row = 0; row < owners.length; row++) if (this.#is_alive[owners[row] ?? 0] !== 1) this.#drop(row);
    for (const row of this.last.changed_rows ?? []) this.#touch(row);
    for (const path of expected.paths) {
      // Two receipts claim it: who was first decides.
      if (this.has(path)) throw new NotRecallable();
      this.#touched.add(parentOf(path));
    }
    for (const row of this.last.changed_rows ?? []) this.#expectChanged(row, expected);
    this.#expectPending(expected);
    for (const { path, start, end } of this.folders)
      if (this.#hasRows(start, end) && !isPlainFolder(path)) throw new NotRecallable();
  }

  #expectPending(expected: ExpectedPaths): void {
    for (const [path, owner, digest, flags] of this.last.note.pending ?? []) {
      const receipt = this.#receiptOf(owner);
      if (receipt === undefined) continue;
      expected.addOne(path, digest, flags, receipt);
      this.#touched.add(parentOf(path));
    }
  }

  #hasRows(start: number, end: number): boolean {
    for (let row = start; row < end; row++) if (this.gone[row] === 0) return true;
    return false;
  }

  #drop(row: number): void {
    if (this.gone[row] === 1) return;
    this.gone[row] = 1;
    this.gone_count += 1;
    this.#touched.add(parentOf(this.pathAt(row)));
  }

  #touch(row: number): void {
    const path = this.last.pathAt(row);
    if (path.startsWith(`${this.#root}/`)) {
      const inner = path.slice(this.#root.length + 1);
      this.#touched.add(inner).add(parentOf(inner));
    }
  }

  #expectChanged(row: number, expected: ExpectedPaths): void {
    if (row >= this.last.owned_count) return;
    const { owners, flags } = this.last.columns;
    const receipt = this.#receiptOf(owners[row] ?? 0);
    if (receipt === undefined) return;
    this.#drop(row);
    expected.addOne(this.pathAt(row), prefixed(this.last.digestAt(row)), flags[row] ?? 0, receipt);
  }

  #receiptOf(owner: number): KeptReceipt["receipt"] | undefined {
    return this.#is_alive[owner] === 1 ? this.last.receipts[owner]?.receipt : undefined;
  }

  /** Of an owned file: plane-relative. */
  pathAt(row: number): string {
    return this.last.pathAt(row).slice(this.#root.length + 1);
  }

  get count(): number {
    return this.gone.length - this.gone_count;
  }

  /** Whether an owned path is recalled. */
  has(path: string): boolean {
    return this.rowOf(path) !== undefined;
  }

  rowOf(path: string): number | undefined {
    const folder = this.#by_path.get(parentOf(path));
    if (folder === undefined) return undefined;
    let [low, high] = [folder.start, folder.end];
    const wanted = Buffer.from(path);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = Buffer.compare(Buffer.from(this.pathAt(middle)), wanted);
      if (order === 0) return this.gone[middle] === 1 ? undefined : middle;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  /** The row of the ownership registry for a recalled file, as an install writes it; without its ending. */
  ownershipRow(row: number, path: string): string | undefined {
    const { owners, flags } = this.last.columns;
    const receipt = this.#receiptOf(owners[row] ?? 0);
    if (receipt === undefined) return undefined;
    const digest = prefixed(this.last.digestAt(row));
    return `${path},${receipt.package_id},${digest},${classificationOf(flags[row] ?? 0)},${receipt.installed_at}`;
  }

  /** Owned paths for which the registry may say another thing than before. */
  *goneOfOthers(): Generator<string> {
    const { owners } = this.last.columns;
    for (let row = 0; row < owners.length; row++)
      if (this.#is_alive[owners[row] ?? 0] !== 1) yield this.pathAt(row);
  }

  isAlive(receipt: KeptReceipt["receipt"] | undefined): boolean {
    if (receipt === undefined) return false;
    const owner = this.#owner_of.get(receiptPath(receipt.package_id, receipt.plane_id));
    return owner !== undefined && this.#receiptOf(owner) === receipt;
  }

  /** JSON of all receipts, where these are the ones that were known. */
  bytesOf(receipts: readonly (KeptReceipt | null)[]): Uint8Array | undefined {
    const known = this.last.receipts;
    const is_same =
      receipts.length === known.length && receipts.every((one, at) => one !== null && one === known[at]);
    return is_same ? this.last.columns.receipts : undefined;
  }

  #isSameRegistry(name: RegistryName): boolean {
    return this.last.isSame(`${this.#root}/${registryPath(name)}`);
  }

  /** JSON of `packages`. */
  get packageBytes(): Uint8Array | undefined {
    return this.#isSameRegistry("packages_registry") ? this.last.columns.packages : undefined;
  }

  /** Rows of packages_registry, where it is as it was. */
  packages(): Row[] | undefined {
    const bytes = this.packageBytes;
    return bytes && (JSON.parse(bufferOf(bytes).toString("utf8")) as Row[]);
  }

  /** What was found in registries of which none has changed but the two that every install writes, and in those that did not. */
  registryFindings(): KnownRegistries | undefined {
    const changed = REGISTRY_NAMES.filter((name) => !this.#isSameRegistry(name));
    if (!changed.every((name) => WRITTEN_BY_INSTALLS.has(name))) return undefined;
    const findings = this.last.note.registry_findings;
    if (!changed.includes("packages_state")) return { findings, wants_state: false };
    // Without the rows of a registry nobody can say what refers to them.
    const is_sound = !findings.some(({ severity }) => severity === "error");
    const path = registryPath("packages_state");
    return is_sound
      ? { findings: findings.filter((one) => one.path !== path), wants_state: true }
      : undefined;
  }

  isTouched(folder: string): boolean {
    return this.#touched.has(folder);
  }

  /** Undefined where the files of a folder are to be looked at one by one. */
  walkOf(folder: string): FolderWalk | undefined {
    if (this.#touched.has(folder) || !this.last.isSame(`${this.#root}/${folder}`)) return undefined;
    return this.#by_path.get(folder)?.walk;
  }

  /** Counts what is recalled, and adds it to the tree. */
  contribute(outcome: Outcome): void {
    const { stamps, folder_leaves } = this.last.columns;
    outcome.counts.match += this.count;
    for (const { path, start, end, index } of this.folders) {
      if (start === end) continue;
      if (!this.#touched.has(path)) {
        outcome.leaves.addHashed(path, bufferOf(folder_leaves).subarray(index * 32, index * 32 + 32));
        continue;
      }
      for (let row = start; row < end; row++) {
        if (this.gone[row] === 1) continue;
        const is_executable = (Number(stamps[row * STAMP_WIDTH + 1]) & 0o100) !== 0;
        outcome.leaves.add(this.pathAt(row), this.last.digestAt(row), is_executable);
      }
    }
  }
}

function foldersOf(last: LastCheck): RecalledFolder[] {
  const { folder_names, folder_counts, folder_walks } = last.columns;
  const names = bufferOf(folder_names).toString("utf8").split("\0").slice(0, -1);
  let start = 0;
  return names.map((path, index) => {
    const end = start + (folder_counts[index] ?? 0);
    const folder = { path, start, end, walk: walkOf(folder_walks[index] ?? 0), index };
    start = end;
    return folder;
  });
}

export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));
