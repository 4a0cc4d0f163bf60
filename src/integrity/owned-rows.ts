/** Rows of owned files that are as recorded, folder by folder: recalled ones as they were, and those that were judged. */
import type { Manifest, Receipt } from "../contracts/index.ts";
import { compareCodePoints } from "../kernel/index.ts";
import { receiptPath } from "../receipts/index.ts";
import type { CheckParts } from "./check-parts.ts";
import type { ColumnsWriter } from "./columns-writer.ts";
import type { KeptReceipt } from "./file-columns.ts";
import type { ReadTable } from "./file-reader.ts";
import type { Note, PendingFile } from "./note.ts";
import type { JudgedBatch } from "./owned-files.ts";
import { parentOf, type Recall, walkNumber } from "./recall.ts";
import type { CacheColumns } from "./stat-cache-form.ts";

/** With more files than this to judge again, recalling the rest saves little. */
const PENDING_MAX = 5_000;

export class OwnedRows {
  readonly #root: string;
  readonly #parts: CheckParts;
  readonly #recall: Recall | undefined;
  readonly #writer: ColumnsWriter;
  readonly #owner_of = new Map<unknown, number>();
  /** Of the expected paths: 1 where it has a row. */
  readonly #has_row: Uint8Array;
  readonly #owners: Uint32Array;
  readonly #flags: Uint8Array;

  constructor(root: string, parts: CheckParts, recall: Recall | undefined, writer: ColumnsWriter) {
    this.#root = root;
    this.#parts = parts;
    this.#recall = recall;
    this.#writer = writer;
    this.#has_row = new Uint8Array(parts.expected.size);
    const count_max = parts.expected.size + (recall?.last.owned_count ?? 0);
    this.#owners = new Uint32Array(count_max);
    this.#flags = new Uint8Array(count_max);
    for (const [owner, { receipt }] of parts.installed.entries()) this.#owner_of.set(receipt, owner);
  }

  writeAll(): Pick<
    CacheColumns,
    "owners" | "flags" | "folder_counts" | "folder_walks" | "folder_leaves" | "folder_names"
  > {
    const { leaves, walks } = this.#parts;
    const own = this.#ownByFolder();
    const recalled = new Map(this.#recall?.folders.map((folder) => [folder.path, folder]));
    const names = [...new Set([...leaves.keys(), ...walks.keys()])].sort(compareCodePoints);
    const counts = new Uint32Array(names.length);
    const numbers = new Uint32Array(names.length);
    const hashes = new Uint8Array(names.length * 32);
    // Folders in which nothing moved mostly follow one another: then so do their rows.
    let run: { start: number; end: number } | undefined;
    const flush = (): void => {
      if (this.#recall !== undefined && run !== undefined) this.#copy(this.#recall, run.start, run.end);
      run = undefined;
    };
    for (const [index, name] of names.entries()) {
      numbers[index] = walkNumber(walks.get(name));
      hashes.set(leaves.get(name) ?? [], index * 32);
      const folder = recalled.get(name);
      if (folder !== undefined && this.#recall?.isTouched(name) === false) {
        const { start, end } = folder;
        counts[index] = end - start;
        if (run?.end !== start) flush();
        run = { start: run?.start ?? start, end };
        continue;
      }
      flush();
      const before = this.#writer.count;
      this.#writeFolder(own.get(name) ?? [], folder);
      counts[index] = this.#writer.count - before;
    }
    flush();
    return {
      owners: this.#owners.subarray(0, this.#writer.count),
      flags: this.#flags.subarray(0, this.#writer.count),
      folder_counts: counts,
      folder_walks: numbers,
      folder_leaves: hashes,
      folder_names: Buffer.from(names.map((name) => `${name}\0`).join("")),
    };
  }

  /** Places of files that were found as recorded: number of the batch times 65,536 plus place in it. */
  #ownByFolder(): Map<string, number[]> {
    const { expected, judged } = this.#parts;
    const own = new Map<string, number[]>();
    let last: { readonly folder: string; readonly places: number[] } | undefined;
    for (const [number, { indexes, matches }] of judged.entries()) {
      for (const [at, index] of indexes.entries()) {
        if (matches[at] !== 1 || !this.#owner_of.has(expected.receiptAt(index))) continue;
        const folder = parentOf(expected.paths[index] ?? "");
        if (last?.folder !== folder) {
          const places = own.get(folder) ?? [];
          own.set(folder, places);
          last = { folder, places };
        }
        last.places.push(number * PLACES + at);
      }
    }
    return own;
  }

  #writeFolder(own: readonly number[], recalled: Recall["folders"][number] | undefined): void {
    const recall = this.#recall;
    if (recall === undefined || recalled === undefined || recalled.start === recalled.end) {
      for (const place of this.#sorted(own)) this.#addOwn(place);
      return;
    }
    const { start, end } = recalled;
    const merged: (readonly [string, number | undefined, number])[] = own.map((place) => [
      this.#pathAt(place),
      place,
      0,
    ]);
    for (let row = start; row < end; row++)
      if (recall.gone[row] !== 1) merged.push([recall.pathAt(row), undefined, row]);
    for (const [, place, row] of merged.sort(([a], [b]) => compareCodePoints(a, b))) {
      if (place === undefined) this.#copy(recall, row, row + 1);
      else this.#addOwn(place);
    }
  }

  #pathAt(place: number): string {
    const { expected, judged } = this.#parts;
    return expected.paths[judged[Math.floor(place / PLACES)]?.indexes[place % PLACES] ?? 0] ?? "";
  }

  #sorted(places: readonly number[]): readonly number[] {
    const is_sorted = places.every(
      (place, at) =>
        at === 0 || compareCodePoints(this.#pathAt(places[at - 1] ?? 0), this.#pathAt(place)) < 0,
    );
    return is_sorted
      ? places
      : places.toSorted((a, b) => compareCodePoints(this.#pathAt(a), this.#pathAt(b)));
  }

  #addOwn(place: number): void {
    const { expected, judged } = this.#parts;
    const batch = judged[Math.floor(place / PLACES)];
    const at = place % PLACES;
    const index = batch?.indexes[at];
    const owner = index === undefined ? undefined : this.#owner_of.get(expected.receiptAt(index));
    if (batch === undefined || index === undefined || owner === undefined) return;
    const digest = batch.read.digests.subarray(at * 32, at * 32 + 32);
    const path = `${this.#root}/${expected.paths[index]}`;
    if (!this.#writer.add(path, batch.read.table.stamps, at, digest)) return;
    this.#has_row[index] = 1;
    this.#owners[this.#writer.count - 1] = owner;
    this.#flags[this.#writer.count - 1] = expected.flagsAt(index);
  }

  #copy({ last }: Recall, start: number, end: number): void {
    const { columns, receipts } = last;
    const first = this.#writer.count;
    this.#writer.copy(columns, start, end);
    this.#flags.set(columns.flags.subarray(start, end), first);
    let before = -1;
    let owner = 0;
    for (let row = start; row < end; row++) {
      const now = columns.owners[row] ?? 0;
      if (now !== before) owner = this.#owner_of.get(receipts[now]?.receipt) ?? 0;
      before = now;
      this.#owners[first + row - start] = owner;
    }
  }

  /** Whether a file that was read has a row by now. */
  keptIn(judged: readonly JudgedBatch[]): IsKept {
    if (this.#recall !== undefined) {
      const paths = new Set<string>();
      for (const { indexes, read } of judged)
        for (const [at, index] of indexes.entries())
          if (this.#has_row[index] === 1) paths.add(read.paths[at] ?? "");
      return (_, __, path) => paths.has(path);
    }
    const batches = new Map(judged.map((batch) => [batch.read, batch.indexes]));
    return (read, at) => this.#has_row[batches.get(read)?.[at] ?? -1] === 1;
  }

  rest(): { readonly receipts: readonly (KeptReceipt | null)[]; readonly pending: Note["pending"] } {
    const { installed, outcome, expected } = this.#parts;
    const damaged = new Set(
      outcome.findings.flatMap(({ code, path }) => (code === "RECEIPT_DAMAGED" ? (path ?? []) : [])),
    );
    const receipts = installed.map((one) =>
      damaged.has(receiptPath(one.receipt.package_id, one.receipt.plane_id)) ? null : withoutFiles(one),
    );
    // Of two owners the first one counts: who that is, only all receipts together say.
    const is_contested = outcome.findings.some(({ code }) => code === "OWNERS_CONFLICT");
    const pending: PendingFile[] = [];
    for (let index = 0; index < expected.size && pending.length <= PENDING_MAX; index++) {
      const owner = this.#owner_of.get(expected.receiptAt(index));
      if (owner === undefined || this.#has_row[index] === 1) continue;
      pending.push([expected.paths[index] ?? "", owner, expected.digestAt(index), expected.flagsAt(index)]);
    }
    return { receipts, pending: is_contested || pending.length > PENDING_MAX ? null : pending };
  }
}

const PLACES = 65_536;

export type IsKept = (read: ReadTable, at: number, path: string) => boolean;

function withoutFiles(one: KeptReceipt): KeptReceipt {
  const { receipt, manifest, receipt_sha256 } = one;
  if (!("files" in receipt) && !("assets" in manifest) && !("files" in one)) return one;
  const { files: _files, ...head } = receipt as Partial<Receipt>;
  const { assets: _assets, ...rest } = manifest as Partial<Manifest>;
  return {
    receipt: head as KeptReceipt["receipt"],
    manifest: rest as KeptReceipt["manifest"],
    receipt_sha256,
  };
}
