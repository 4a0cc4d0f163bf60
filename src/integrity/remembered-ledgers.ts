/** The verdict on the ledgers, kept with the stamps of everything it came from: verifying a million entries takes longer than all the rest. */
import type { Finding, LedgerState } from "../contracts/index.ts";
import { type FileSystem, SeenFiles, seenStamp } from "../effects/index.ts";
import { sha256Hex } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { headsIn, type InstalledHead, receiptPath } from "../receipts/index.ts";
import type { LastCheck } from "./last-check.ts";
import { Ledgers, type LedgerThreads } from "./ledgers.ts";
import type { Outcome } from "./outcome.ts";
import type { EventsMemo } from "./package-events.ts";

export interface LedgerNote {
  /** What the verdict depends on besides files. */
  readonly key: string;
  readonly states: readonly LedgerState[];
  readonly findings: readonly Finding[];
  /** Of every path it looked at, absent ones too. */
  readonly stamps: readonly (readonly [path: string, stamp: string])[];
}

export class LedgerMemory {
  /** What to keep for the next check. */
  note: LedgerNote | null = null;
  readonly #before: LedgerNote | null;
  readonly #began_ns: bigint;
  readonly #seen: SeenFiles;
  readonly #ledgers: Ledgers;
  readonly #recalling: { readonly last: LastCheck } | undefined;
  #is_as_it_was = false;

  /** `before`: null where nothing is believed. `seen`: told of what other threads looked at. */
  constructor(
    before: LedgerNote | null,
    began_ns: bigint,
    seen: SeenFiles,
    threads?: LedgerThreads,
    recalling?: { readonly last: LastCheck },
  ) {
    this.#recalling = recalling;
    this.#before = before;
    this.#began_ns = began_ns;
    this.#seen = seen;
    this.#ledgers = new Ledgers(threads);
  }

  start(fs: FileSystem, plane: Plane): void {
    this.#is_as_it_was = this.#before !== null && isAsItWas(fs, this.#before);
    if (!this.#is_as_it_was) this.#ledgers.start(fs, plane);
  }

  /** What is known of the first bytes of the package ledger; undefined where they may be others by now. */
  recallEvents(path: string): EventsMemo | undefined {
    const { last } = this.#recalling ?? {};
    return last?.isSame(path) === true ? (last.note.events ?? undefined) : undefined;
  }

  async judge(
    fs: FileSystem,
    plane: Plane,
    installed: readonly InstalledHead[],
    outcome: Outcome,
  ): Promise<LedgerState[]> {
    const key = keyOf(installed);
    if (this.#before?.key === key && this.#is_as_it_was) {
      this.note = this.#before;
      outcome.findings.push(...this.#before.findings);
      return [...this.#before.states];
    }
    const seen = new SeenFiles(fs);
    const found_before = outcome.findings.length;
    const states = await this.#ledgers.judge(seen.fs, plane, installed, outcome, (apart) => {
      seen.add(apart);
      this.#seen.add(apart);
    });
    const stamps = [...seen.stamps];
    // What changed as late as the check began may change again within the same tick of the clock.
    const is_racy = stamps.some(([, stamp]) => (stamp[3] ?? 0n) >= this.#began_ns);
    if (seen.is_steady && !is_racy) {
      const findings = outcome.findings.slice(found_before);
      this.note = { key, states, findings, stamps: stamps.map(([path, stamp]) => [path, stamp.join(" ")]) };
    }
    return states;
  }
}

const isAsItWas = (fs: FileSystem, { stamps }: LedgerNote): boolean =>
  stamps.every(([path, stamp]) => seenStamp(fs.stat(path)).join(" ") === stamp);

/** Receipts say which entries they knew. */
const keyOf = (installed: readonly InstalledHead[]): string =>
  sha256Hex(
    JSON.stringify(
      installed.flatMap(({ receipt }) => headsIn(receipt, receiptPath(receipt.package_id, receipt.plane_id))),
    ),
  );
