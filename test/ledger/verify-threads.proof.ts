/** Verifying with the lines shared out to threads says exactly what verifying in one piece says. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { appendEntries, type LedgerVerdict, verifyStream, verifyStreams } from "../../src/ledger/index.ts";
import { aLedger, anEntry, effects, resealed } from "./ledgers.ts";

const COUNT = 9000;
const THREADS = {
  worker_url: new URL("../../src/ledger/scan-worker.ts", import.meta.url),
  threads_count: 2,
  shared_bytes_min: 0,
};
const ledger = aLedger();
let bytes: Buffer;
let head: string;

beforeAll(async () => {
  const entries = Array.from({ length: COUNT }, (_, index) => anEntry({ reason: `entry ${index}` }));
  await appendEntries(effects, ledger.stream, entries);
  bytes = readFileSync(ledger.stream.path);
  head = readFileSync(ledger.stream.head_path ?? "", "utf8");
  // More blocks than are in flight, so that slots are used again.
  if (bytes.length < 3 << 20) throw new Error("too few entries");
});

/** Both ways over the same bytes; returns what they agree on. */
async function bothWays(changed: Buffer | string): Promise<LedgerVerdict> {
  writeFileSync(ledger.stream.path, changed);
  const [shared] = await verifyStreams(effects.fs, [ledger.stream], THREADS);
  const here = verifyStream(effects.fs, ledger.stream);
  expect(shared).toEqual(here);
  return here;
}

const linesOf = (): string[] => bytes.toString("utf8").split("\n").slice(0, -1);
const fileOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

async function afterChange(change: (lines: string[]) => void): Promise<LedgerVerdict> {
  const lines = linesOf();
  change(lines);
  return bothWays(fileOf(lines));
}

describe("the same verdict", () => {
  test("untouched, with its head in the middle, and without a head", async () => {
    expect(await bothWays(bytes)).toMatchObject({ valid: true, entries_count: COUNT, head: "match" });
    const lines = linesOf();
    const middle = 4000;
    const covered = { bytes: fileOf(lines.slice(0, middle)).length, entries: middle };
    const { entry_hash } = JSON.parse(lines[middle - 1] ?? "") as { entry_hash: string };
    writeFileSync(ledger.stream.head_path ?? "", JSON.stringify({ ...covered, entry_hash }));
    expect(await bothWays(bytes)).toMatchObject({ head: "behind", uncovered_count: COUNT - middle });
    writeFileSync(ledger.stream.head_path ?? "", JSON.stringify({ ...covered, entry_hash: "0".repeat(64) }));
    expect(await bothWays(bytes)).toMatchObject({ valid: false, head: "mismatch" });
    rmSync(ledger.stream.head_path ?? "");
    expect(await bothWays(bytes)).toMatchObject({ valid: true, head: "missing" });
    writeFileSync(ledger.stream.head_path ?? "", head);
  });

  test.each([
    ["edited", 5000, (line: string) => line.replace("entry ", "entry 9"), "LEDGER_ENTRY_EDITED"],
    ["resealed", 5000, (line: string) => resealed(line, { reason: "forged" }), "LEDGER_ENTRY_REMOVED"],
    ["emptied", 8999, () => "", "LEDGER_LINE_MALFORMED"],
    ["longer than a block", 3000, (line: string) => resealed(line, { reason: "x".repeat(2 << 20) }), ""],
    ["longer than any line", 3000, () => "x".repeat((16 << 20) + 1), "LEDGER_LINE_MALFORMED"],
  ])("%s", async (_what, line, change, code) => {
    const verdict = await afterChange((lines) => lines.splice(line - 1, 1, change(lines[line - 1] ?? "")));
    expect(verdict.valid).toBe(false);
    if (code !== "") expect(verdict.first_bad?.code).toBe(code);
  });

  test("an id used again far away, in a chain that was sealed anew", async () => {
    const lines = linesOf();
    const { id } = JSON.parse(lines[10] ?? "") as { id: string };
    let previous_hash = (JSON.parse(lines[7999] ?? "") as { previous_hash: string }).previous_hash;
    for (let index = 7999; index < COUNT; index++) {
      const changes = index === 7999 ? { id, previous_hash } : { previous_hash };
      lines[index] = resealed(lines[index] ?? "", changes);
      previous_hash = (JSON.parse(lines[index] ?? "") as { entry_hash: string }).entry_hash;
    }
    const verdict = await bothWays(fileOf(lines));
    expect(verdict.first_bad).toMatchObject({ line: 8000, code: "LEDGER_ID_REPEATED" });
  });

  test("garbage, nothing at all, a torn tail", async () => {
    expect((await bothWays("x\n".repeat(60_000))).first_bad?.line).toBe(1);
    expect((await bothWays("")).valid).toBe(false);
    expect(await bothWays(Buffer.concat([bytes, bytes.subarray(0, 100)]))).toMatchObject({ valid: true });
    expect((await bothWays(bytes.subarray(0, 2 << 20))).first_bad?.code).toBe("LEDGER_TAIL_CUT");
  });

  test("after any few changes at once", async () => {
    const at = fc.nat(COUNT - 1);
    const change = fc.tuple(fc.constantFrom("delete", "double", "swap", "flip"), at);
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const verdict = await afterChange((lines) => {
          for (const [kind, index] of changes) {
            const [line = "", next = ""] = lines.slice(index, index + 2);
            if (kind === "delete") lines.splice(index, 1);
            if (kind === "double") lines.splice(index, 0, line);
            if (kind === "swap" && next !== "") lines.splice(index, 2, next, line);
            if (kind === "flip") lines[index] = line.replace("as", "sa").replace("entry", "Entry");
          }
        });
        expect(verdict.stream).toBe(ledger.stream.name);
      }),
      { seed: 7, numRuns: 12 },
    );
  });
});

test("a thread that cannot start is an error, not a verdict", async () => {
  writeFileSync(ledger.stream.path, bytes);
  const nowhere = { ...THREADS, worker_url: new URL("file:///nowhere/scan-worker.ts") };
  await expect(verifyStreams(effects.fs, [ledger.stream], nowhere)).rejects.toThrow(
    "a verifying thread failed",
  );
});
