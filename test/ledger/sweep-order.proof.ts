import { test } from "vitest";
import { COUNT, every, requireNamed, type Swept, sweptLedger } from "./sweep.ts";

const LIMIT_MS = 240_000;
const at = ({ lines }: Swept, line: number): string => lines[line - 1] ?? "";

test("lines of 1,000, deleted: named exactly", { timeout: LIMIT_MS }, async () => {
  const on = await sweptLedger();
  for (const line of every) {
    const code = line === COUNT ? "LEDGER_TAIL_CUT" : "LEDGER_ENTRY_REMOVED";
    requireNamed(on, (lines) => lines.splice(line - 1, 1), { line, code });
  }
  console.log(`${every.length} deletions, each found on its line`);
});

test("lines of 1,000, changed places with the next: named exactly", { timeout: LIMIT_MS }, async () => {
  const on = await sweptLedger();
  for (const line of every.slice(0, -1)) {
    const swap = (lines: string[]): void => void lines.splice(line - 1, 2, at(on, line + 1), at(on, line));
    requireNamed(on, swap, { line, code: "LEDGER_ENTRIES_SWAPPED" });
  }
  console.log(`${every.length - 1} swaps, each found on its line`);
});

test("lines of 1,000, twice: named exactly", { timeout: LIMIT_MS }, async () => {
  const on = await sweptLedger();
  for (const line of every) {
    const double = (lines: string[]): void => void lines.splice(line, 0, at(on, line));
    requireNamed(on, double, { line: line + 1, code: "LEDGER_ENTRY_DUPLICATED" });
  }
  console.log(`${every.length} doubles, each found on its line`);
});
