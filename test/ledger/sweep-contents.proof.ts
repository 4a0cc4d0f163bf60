import { expect, test } from "vitest";
import { resealed } from "./ledgers.ts";
import { bytesOf, every, requireCut, requireNamed, type Swept, sweptLedger } from "./sweep.ts";

const LIMIT_MS = 240_000;
const at = ({ lines }: Swept, line: number): string => lines[line - 1] ?? "";

test("lines of 1,000, edited: named exactly", { timeout: LIMIT_MS }, async () => {
  const on = await sweptLedger();
  for (const line of every) {
    const edited = at(on, line).replace('"reason": "entry', '"reason": "Entry');
    requireNamed(on, (lines) => lines.splice(line - 1, 1, edited), { line, code: "LEDGER_ENTRY_EDITED" });
  }
  console.log(`${every.length} edits, each found on its line`);
});

test("a forged line before lines of 1,000: named exactly", { timeout: LIMIT_MS }, async () => {
  const on = await sweptLedger();
  for (const line of every) {
    const previous_hash =
      line === 1 ? "" : (JSON.parse(at(on, line - 1)) as { entry_hash: string }).entry_hash;
    const id = `LED-${"f".repeat(32)}`;
    const forged = `${resealed(at(on, 5).trimEnd(), { previous_hash, id })}\n`;
    const code = "LEDGER_ENTRY_INSERTED";
    requireNamed(on, (lines) => lines.splice(line - 1, 0, forged), { line, code });
  }
  console.log(`${every.length} insertions, each found on its line`);
});

test("the tail cut after lines of 1,000 and inside it: the head shows it", {
  timeout: LIMIT_MS,
}, async () => {
  const on = await sweptLedger();
  const bytes = bytesOf(on);
  let end = 0;
  let cases = 0;
  const cut_here = new Set(every);
  for (const [index, text] of on.lines.entries()) {
    const line = index + 1;
    const start = end;
    end += Buffer.byteLength(text);
    if (!cut_here.has(line)) continue;
    // At its start, after its first byte, in its middle and before its newline.
    for (const length of [start, start + 1, (start + end) >> 1, end - 1].slice(
      line % 10 === 0 || cut_here.size < on.lines.length ? 0 : 3,
    )) {
      requireCut(on, bytes, length, { line, code: "LEDGER_TAIL_CUT" });
      cases++;
    }
  }
  expect(end).toBe(bytes.length);
  console.log(`${cases} cuts, each found at its line`);
});
