/** The verdict on the ledgers, kept with the stamps of everything it came from: verifying a million entries takes longer than all the rest. */
import type { Finding, LedgerState } from "../contracts/index.ts";
import type { FileSystem } from "../effects/index.ts";
import { sha256Hex } from "../kernel/index.ts";
import type { Plane } from "../plane/index.ts";
import { headsIn, receiptPath } from "../receipts/index.ts";
import { judgeLedgers } from "./ledgers.ts";
import type { Outcome } from "./outcome.ts";
import { SeenFiles, stampOf } from "./seen-files.ts";

export interface LedgerNote {
  /** What the verdict depends on besides files. */
  readonly key: string;
  readonly states: readonly LedgerState[];
  readonly findings: readonly Finding[];
  /** Of every path it looked at, absent ones too. */
  readonly stamps: readonly (readonly [path: string, stamp: string])[];
}

type Judged = Parameters<typeof judgeLedgers>[2];

export class LedgerMemory {
  /** What to keep for the next check. */
  note: LedgerNote | null = null;
  readonly #before: LedgerNote | null;
  readonly #began_ns: bigint;

  /** `before`: null where nothing is believed. */
  constructor(before: LedgerNote | null, began_ns: bigint) {
    this.#before = before;
    this.#began_ns = began_ns;
  }

  async judge(fs: FileSystem, plane: Plane, judged: Judged, outcome: Outcome): Promise<LedgerState[]> {
    const key = keyOf(judged);
    if (this.#before?.key === key && isAsItWas(fs, this.#before)) {
      this.note = this.#before;
      outcome.findings.push(...this.#before.findings);
      return [...this.#before.states];
    }
    const seen = new SeenFiles(fs);
    const found_before = outcome.findings.length;
    const states = await judgeLedgers(seen.fs, plane, judged, outcome);
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
  stamps.every(([path, stamp]) => stampOf(fs.stat(path)).join(" ") === stamp);

/** Receipts say which entries they knew. */
const keyOf = ({ installed }: Judged): string =>
  sha256Hex(
    JSON.stringify(
      installed.flatMap(({ receipt }) => headsIn(receipt, receiptPath(receipt.package_id, receipt.plane_id))),
    ),
  );
