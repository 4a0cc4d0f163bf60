/** The verdict on the ledgers, kept with the stamps of everything it came from: verifying a million entries takes longer than all the rest. */
import type { Finding, LedgerState } from "../contracts/index.ts";
import { type Effects, type FileSystem, SeenFiles, seenStamp } from "../effects/index.ts";
import { macKey, sha256Hex } from "../kernel/index.ts";
import type { ApartVerdict, KeptHead, KnownHeads, StreamMemo, StreamRef } from "../ledger/index.ts";
import type { Plane } from "../plane/index.ts";
import { headsIn, type InstalledHead, receiptPath } from "../receipts/index.ts";
import { keepLedgerMemos, readLedgerMemos } from "./ledger-memo.ts";
import { againstReceipts, Ledgers, type LedgerThreads } from "./ledgers.ts";
import type { EventsMemo, LedgerNote } from "./note.ts";
import type { Outcome } from "./outcome.ts";
import { NotRecallable, type Recall } from "./recall.ts";

export interface LedgerMemoryOptions {
  readonly effects: Pick<Effects, "fs" | "random">;
  readonly root: string;
  /** Of the plane's cache. */
  readonly key: string;
  /** Null where nothing is believed. */
  readonly before: LedgerNote | null;
  readonly began_ns: bigint;
  /** Whether to leave something for the next time. */
  readonly keeps: boolean;
  /** Told of what other threads looked at. */
  readonly seen: SeenFiles;
  readonly threads: LedgerThreads | undefined;
  readonly recall: Recall | undefined;
}

export class LedgerMemory {
  /** What to keep for the next check. */
  note: LedgerNote | null = null;
  readonly #options: LedgerMemoryOptions;
  readonly #ledgers: Ledgers;
  #is_as_it_was = false;
  #memos: readonly StreamMemo[] = [];
  /** A stream of which something was recalled before it was known to be what it was. */
  #assumed: string | undefined;
  #ends: LedgerNote["ends"] = [];

  constructor(options: LedgerMemoryOptions) {
    this.#options = options;
    this.#ledgers = new Ledgers(options.threads);
  }

  start(fs: FileSystem, plane: Plane): void {
    const { before, effects, root, key, keeps } = this.#options;
    this.#is_as_it_was = before !== null && isAsItWas(fs, before);
    if (this.#is_as_it_was) return;
    const isValid = (name: string): boolean =>
      before?.states.some(({ stream, valid }) => stream === name && valid) === true;
    // What was found wrong may be as wrong as it was.
    if (before !== null && !before.findings.some(isError))
      this.#memos = readLedgerMemos(effects, root, key).filter(({ stream }) => isValid(stream));
    const memory = {
      key: macKey(key, "holdfast ledger blocks"),
      nonce: effects.random.hex(8),
      memos: this.#memos,
      stamps: before?.stamps ?? [],
    };
    this.#ledgers.start(fs, plane, keeps || this.#memos.length > 0 ? memory : undefined);
  }

  /** What is known of the first bytes of a stream. What is wrong with that shows when the stream is judged. */
  recallEvents(stream: StreamRef): EventsMemo | undefined {
    const last = this.#options.recall?.last;
    const events = last?.note.events ?? undefined;
    if (last?.isSame(stream.path) === true) return events;
    const memo = this.#memos.find((one) => one.stream === stream.name);
    if (events === undefined || memo === undefined || memo.size_bytes < events.size_bytes) return undefined;
    this.#assumed = stream.name;
    return events;
  }

  /** @throws NotRecallable */
  async judge(
    fs: FileSystem,
    plane: Plane,
    installed: readonly InstalledHead[],
    outcome: Outcome,
  ): Promise<LedgerState[]> {
    const { before } = this.#options;
    const heads = installed.flatMap(({ receipt }) =>
      headsIn(receipt, receiptPath(receipt.package_id, receipt.plane_id)),
    );
    const key = keyOf(heads);
    if (before?.key === key && this.#is_as_it_was) {
      this.note = before;
      outcome.findings.push(...before.findings);
      return [...before.states];
    }
    if (before !== null && this.#is_as_it_was && !before.findings.some(isError)) {
      const names = new Set(before.heads);
      const known = { has: (head: KeptHead) => names.has(headName(head)), linesOf: () => undefined };
      if (againstReceipts(fs, plane, installed, known).length === 0) {
        this.note = { ...before, key, heads: heads.map(headName) };
        outcome.findings.push(...before.findings);
        return [...before.states];
      }
    }
    const seen = new SeenFiles(fs);
    const found_before = outcome.findings.length;
    const states = await this.#ledgers.judge(seen.fs, plane, installed, outcome, (apart) => {
      if (this.#assumed !== undefined && apart?.resumed.includes(this.#assumed) !== true)
        throw new NotRecallable();
      return apart === undefined ? undefined : this.#takeApart(apart, seen);
    });
    const stamps = [...seen.stamps];
    // What changed as late as the check began may change again within the same tick of the clock.
    const is_racy = stamps.some(([, stamp]) => (stamp[3] ?? 0n) >= this.#options.began_ns);
    if (seen.is_steady && !is_racy) {
      const findings = outcome.findings.slice(found_before);
      const is_sound = !findings.some(isError);
      this.note = {
        key,
        states,
        findings,
        stamps: stamps.map(([path, stamp]) => [path, stamp.join(" ")]),
        heads: is_sound ? heads.map(headName) : [],
        ends: this.#ends,
      };
    }
    return states;
  }

  #takeApart(apart: ApartVerdict, seen: SeenFiles): KnownHeads | undefined {
    const { before, keeps, effects, root, key } = this.#options;
    seen.add(apart);
    this.#options.seen.add(apart);
    if (keeps) keepLedgerMemos(effects, root, key, apart.memos);
    this.#ends = apart.memos.map(({ stream, entries_count, size_bytes, last }) => [
      stream,
      { lines_count: entries_count, size_bytes, entry_hash: last.entry_hash },
    ]);
    if (before === null || apart.resumed.length === 0) return undefined;
    const heads = new Set(before.heads);
    const ends = new Map(before.ends.filter(([stream]) => apart.resumed.includes(stream)));
    // A receipt names the entry before its own: often the last one that was verified.
    const isLast = ({ stream, entries, entry_hash }: KeptHead): boolean =>
      ends.get(stream)?.lines_count === entries && ends.get(stream)?.entry_hash === entry_hash;
    return {
      has: (head) => ends.has(head.stream) && (heads.has(headName(head)) || isLast(head)),
      linesOf: (stream) => ends.get(stream),
    };
  }
}

const isAsItWas = (fs: FileSystem, { stamps }: LedgerNote): boolean =>
  stamps.every(([path, stamp]) => seenStamp(fs.stat(path)).join(" ") === stamp);

/** Receipts say which entries they knew. */
const keyOf = (heads: readonly KeptHead[]): string => sha256Hex(JSON.stringify(heads));

const isError = ({ severity }: Finding): boolean => severity === "error";

const headName = ({ stream, entries, entry_hash }: KeptHead): string => `${stream} ${entries} ${entry_hash}`;
