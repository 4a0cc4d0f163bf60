/** A ledger of 1,000 entries and what can be done to each of its lines. */
import { readFileSync, writeFileSync } from "node:fs";
import { expect } from "vitest";
import { type LedgerVerdict, verifyStream } from "../../src/ledger/index.ts";
import { aLedger, effects, filled, type TestLedger } from "./ledgers.ts";

export const COUNT = 1000;

const whole = Array.from({ length: COUNT }, (_, index) => index + 1);
/** Both ends and every seventh line; all of them with `HOLDFAST_SWEEP=all`, which takes a minute. */
export const every =
  process.env["HOLDFAST_SWEEP"] === "all"
    ? whole
    : whole.filter((line) => line <= 3 || line > COUNT - 3 || line % 7 === 0);

export interface Swept extends TestLedger {
  /** Each with its newline. */
  readonly lines: readonly string[];
}

export async function sweptLedger(): Promise<Swept> {
  const ledger = aLedger();
  const lines = (await filled(ledger, COUNT)).map((line) => `${line}\n`);
  return { ...ledger, lines };
}

export interface Expected {
  /** From 1. */
  readonly line: number;
  readonly code: string;
}

/** Writes what `change` makes of the lines and requires that verifying names exactly that line, first and alone. */
export function requireNamed(on: Swept, change: (lines: string[]) => void, expected: Expected): void {
  const lines = [...on.lines];
  change(lines);
  writeFileSync(on.stream.path, lines.join(""));
  requireVerdict(verifyStream(effects.fs, on.stream), expected);
}

function requireVerdict(verdict: LedgerVerdict, { line, code }: Expected): void {
  const errors = verdict.findings.filter(({ severity }) => severity === "error");
  // One comparison a case: thousands of matchers would take longer than the verifying.
  const told = `${verdict.valid} ${verdict.first_bad?.line} ${verdict.first_bad?.code} ${errors.length}`;
  const wanted = `false ${line} ${code} 1`;
  if (told !== wanted) expect(`line ${line}: ${told}`).toBe(`line ${line}: ${wanted}`);
}

/** Cuts the file to a length and requires that the head shows it. */
export function requireCut(on: Swept, bytes: Buffer, length: number, expected: Expected): void {
  writeFileSync(on.stream.path, bytes.subarray(0, length));
  requireVerdict(verifyStream(effects.fs, on.stream), expected);
}

export const bytesOf = (on: Swept): Buffer => readFileSync(on.stream.path);
