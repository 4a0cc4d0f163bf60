import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { type LedgerVerdict, verifyStream } from "../../src/ledger/index.ts";
import { aLedger, effects, filled, linesOf, resealed, type TestLedger, writeLines } from "./ledgers.ts";

const COUNT = 60;
const shared = aLedger();
let original: string[] = [];
let head_text = "";

beforeAll(async () => {
  original = await filled(shared, COUNT);
  head_text = readFileSync(shared.stream.head_path ?? "", "utf8");
});

/** The one 60-entry ledger with its head, written anew after something was done to its lines. */
function changed(change: (lines: string[]) => void): TestLedger {
  const lines = [...original];
  change(lines);
  writeLines(shared.stream, lines);
  writeFileSync(shared.stream.head_path ?? "", head_text);
  return shared;
}

const verdictOf = (ledger: TestLedger): LedgerVerdict => verifyStream(effects.fs, ledger.stream);

function firstBad(change: (lines: string[]) => void): { line: number | undefined; code: string | undefined } {
  const verdict = verdictOf(changed(change));
  expect(verdict.valid).toBe(false);
  expect(verdict.findings.filter((finding) => finding.severity === "error")[0]).toMatchObject({
    code: verdict.first_bad?.code,
    line: verdict.first_bad?.line,
  });
  return { line: verdict.first_bad?.line, code: verdict.first_bad?.code };
}

const errorsOf = (verdict: LedgerVerdict) => verdict.findings.filter(({ severity }) => severity === "error");

const at = (lines: readonly string[], line: number): string => lines[line - 1] ?? "";
const every = Array.from({ length: COUNT }, (_, i) => i + 1);

test("an untouched ledger", () => {
  expect(verdictOf(changed(() => {}))).toEqual({
    stream: "ledger/governance.jsonl",
    valid: true,
    entries_count: COUNT,
    covered_count: COUNT,
    uncovered_count: 0,
    head: "match",
    torn_tails: [],
    findings: [],
  });
});

describe("every single line of a 60-entry ledger", () => {
  test("edited", () => {
    for (const line of every) {
      const edit = (lines: string[]) =>
        lines.splice(line - 1, 1, at(lines, line).replace("entry ", "entry 9"));
      expect(firstBad(edit)).toEqual({ line, code: "LEDGER_ENTRY_EDITED" });
    }
  });

  test("edited in its hash, and in its link", () => {
    for (const line of every) {
      for (const key of ["entry_hash", "previous_hash"]) {
        const edit = (lines: string[]) => {
          lines[line - 1] = at(lines, line).replace(
            new RegExp(`"${key}": "[0-9a-f]*"`),
            `"${key}": "${"0".repeat(64)}"`,
          );
        };
        expect(firstBad(edit)).toEqual({ line, code: "LEDGER_ENTRY_EDITED" });
      }
    }
  });

  test("edited and resealed: the next line, or the head, does not fit", () => {
    for (const line of every) {
      const edit = (lines: string[]) =>
        lines.splice(line - 1, 1, resealed(at(lines, line), { reason: "forged" }));
      const expected =
        line === COUNT
          ? { line, code: "LEDGER_HEAD_MISMATCH" }
          : { line: line + 1, code: "LEDGER_ENTRY_REMOVED" };
      expect(firstBad(edit)).toEqual(expected);
    }
  });

  test("deleted", () => {
    for (const line of every) {
      const code = line === COUNT ? "LEDGER_TAIL_CUT" : "LEDGER_ENTRY_REMOVED";
      expect(firstBad((lines) => lines.splice(line - 1, 1))).toEqual({ line, code });
    }
  });

  test("a forged line with a good hash inserted before it", () => {
    for (const line of every) {
      const previous_hash = line === 1 ? "" : JSON.parse(at(original, line - 1)).entry_hash;
      const forged = resealed(at(original, 5), { previous_hash, id: `LED-${"f".repeat(32)}` });
      expect(firstBad((lines) => lines.splice(line - 1, 0, forged))).toEqual({
        line,
        code: "LEDGER_ENTRY_INSERTED",
      });
    }
  });

  test("a forged line with any link inserted before it", () => {
    const forged = resealed(at(original, 5), { previous_hash: "a".repeat(64) });
    for (const line of every) {
      expect(firstBad((lines) => lines.splice(line - 1, 0, forged))).toEqual({
        line,
        code: "LEDGER_ENTRY_INSERTED",
      });
    }
  });

  test("swapped with the next", () => {
    for (const line of every.slice(0, -1)) {
      const swap = (lines: string[]) => lines.splice(line - 1, 2, at(lines, line + 1), at(lines, line));
      expect(firstBad(swap)).toEqual({ line, code: "LEDGER_ENTRIES_SWAPPED" });
      expect(verdictOf(changed(swap)).findings).toHaveLength(1);
    }
  });

  test("duplicated", () => {
    for (const line of every) {
      const double = (lines: string[]) => lines.splice(line, 0, at(lines, line));
      expect(firstBad(double)).toEqual({ line: line + 1, code: "LEDGER_ENTRY_DUPLICATED" });
      expect(errorsOf(verdictOf(changed(double)))).toHaveLength(1);
    }
  });

  test("copied to the end of the first half", () => {
    for (const line of every.slice(0, 28)) {
      const copy = (lines: string[]) => lines.splice(30, 0, at(lines, line));
      expect(firstBad(copy)).toEqual({ line: 31, code: "LEDGER_ENTRY_DUPLICATED" });
      expect(verdictOf(changed(copy)).findings).toHaveLength(1);
    }
  });

  test("moved to the end", () => {
    for (const line of every.slice(0, 57)) {
      const move = (lines: string[]) => lines.push(...lines.splice(line - 1, 1));
      expect(firstBad(move)).toEqual({ line, code: "LEDGER_ENTRY_MOVED" });
    }
  });

  test("without its hashes: a bare line never starts the chain anew", () => {
    for (const line of every) {
      const strip = (lines: string[]) => {
        const { entry_hash: _a, previous_hash: _b, ...bare } = JSON.parse(at(lines, line));
        lines[line - 1] = JSON.stringify(bare);
      };
      expect(firstBad(strip)).toEqual({ line, code: "LEDGER_LINE_MALFORMED" });
      expect(firstBad((lines) => lines.splice(line - 1, 0, "{}"))).toEqual({
        line,
        code: "LEDGER_LINE_MALFORMED",
      });
    }
  });

  test.each([
    ["CRLF", (line: string) => `${line}\r`],
    ["NULs", (line: string) => "\0".repeat(line.length)],
    ["empty", () => ""],
    ["not JSON", () => "{oops"],
    ["two objects", (line: string) => line + line],
    ["a space more", (line: string) => line.replace(": ", ":  ")],
    ["an escape for a letter", (line: string) => line.replace("INSTALLED", "INST\\u0041LLED")],
    ["a duplicate key", (line: string) => line.replace("{", '{"decision": "NO", ')],
    ["an unknown key", (line: string) => resealed(line, { extra: 1 })],
    ["a missing key", (line: string) => resealed(line, { reason: undefined })],
    ["another type", (line: string) => resealed(line, { metadata: [] })],
    ["invalid UTF-8", (line: string) => line.replace('"entry ', '"entr\ufffe ')],
  ])("%s", (what, change) => {
    for (const line of [1, 30, COUNT]) {
      const ledger = changed((lines) => lines.splice(line - 1, 1, change(at(lines, line))));
      if (what === "invalid UTF-8") {
        const bytes = readFileSync(ledger.stream.path);
        bytes[bytes.indexOf("\ufffe")] = 0xff;
        writeFileSync(ledger.stream.path, bytes);
      }
      expect(verdictOf(ledger).first_bad).toMatchObject({ line, code: "LEDGER_LINE_MALFORMED" });
    }
  });
});

test("any single changed byte is found on its line, or on the next when it joins two", () => {
  const text = `${original.join("\n")}\n`;
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.integer({ min: 1, max: 255 }), (position, flip) => {
      const ledger = changed(() => {});
      const bytes = Buffer.from(text);
      bytes[position] = (bytes[position] ?? 0) ^ flip;
      writeFileSync(ledger.stream.path, bytes);
      const line = text.slice(0, position).split("\n").length;
      const verdict = verdictOf(ledger);
      expect(verdict.valid).toBe(false);
      expect(verdict.first_bad?.line).toBe(line);
    }),
    { seed: 11, numRuns: 250 },
  );
});

describe("the head", () => {
  test("the tail cut at every line, and inside every line", () => {
    for (const kept of every.slice(0, -1)) {
      const ledger = changed((lines) => lines.splice(kept));
      expect(verdictOf(ledger)).toMatchObject({
        valid: false,
        head: "ahead",
        entries_count: kept,
        covered_count: 0,
      });
      expect(verdictOf(ledger).first_bad).toMatchObject({ line: kept + 1, code: "LEDGER_TAIL_CUT" });
      appendFileSync(ledger.stream.path, at(original, kept + 1));
      expect(verdictOf(ledger).first_bad).toMatchObject({ line: kept + 1, code: "LEDGER_TAIL_CUT" });
    }
  });

  test("the last newline cut off", () => {
    const ledger = changed(() => {});
    truncateSync(ledger.stream.path, readFileSync(ledger.stream.path).length - 1);
    expect(verdictOf(ledger).first_bad).toMatchObject({ line: COUNT, code: "LEDGER_TAIL_CUT" });
  });

  test("a whole new history of the same length", async () => {
    const other = aLedger();
    const { head_path: _none, ...without } = other.stream;
    await filled({ ...other, stream: without }, COUNT);
    const ledger = changed((lines) => lines.splice(0, COUNT, ...linesOf(without)));
    expect(verdictOf(ledger)).toMatchObject({ valid: false, head: "mismatch", uncovered_count: COUNT });
    expect(verdictOf(ledger).first_bad).toMatchObject({ line: COUNT, code: "LEDGER_HEAD_MISMATCH" });
  });

  test("a changed head is told from a changed ledger", () => {
    const ledger = changed(() => {});
    const { entry_hash } = JSON.parse(at(original, 20));
    writeFileSync(ledger.stream.head_path ?? "", JSON.stringify({ ...JSON.parse(head_text), entry_hash }));
    expect(verdictOf(ledger).first_bad).toMatchObject({
      line: 20,
      message: "the head covers 60 entries and names the one on line 20: the head itself was changed",
    });
  });

  test.each(["", "null", "[]", '{"bytes": -1}', '{"bytes": 1, "entries": 1}', "x".repeat(5000)])(
    "what lies in place of a head and is none is an error (%#)",
    (text) => {
      const ledger = changed(() => {});
      writeFileSync(ledger.stream.head_path ?? "", text);
      expect(verdictOf(ledger)).toMatchObject({
        valid: false,
        head: "unusable",
        covered_count: 0,
        uncovered_count: COUNT,
        first_bad: { code: "LEDGER_HEAD_UNUSABLE" },
      });
      const [finding, ...others] = verdictOf(ledger).findings;
      expect(finding).toMatchObject({ code: "LEDGER_HEAD_UNUSABLE", severity: "error" });
      expect(finding?.message).toContain(ledger.stream.head_path);
      expect(finding?.next_step).toContain("pkg ledger append --event head_renewed --stream ledger/");
      expect(others).toEqual([]);
    },
  );

  test("a folder in place of a head is an error too, and what was wrong with a line comes first", () => {
    const ledger = changed((lines) => lines.splice(4, 1));
    const path = ledger.stream.head_path ?? "";
    rmSync(path);
    mkdirSync(path);
    const verdict = verdictOf(ledger);
    rmdirSync(path);
    expect(verdict).toMatchObject({ valid: false, head: "unusable", first_bad: { line: 5 } });
    expect(errorsOf(verdict).map(({ code }) => code)).toContain("LEDGER_HEAD_UNUSABLE");
  });

  test("a head that is absent is noted", () => {
    const ledger = changed(() => {});
    rmSync(ledger.stream.head_path ?? "");
    expect(verdictOf(ledger)).toMatchObject({ valid: true, head: "missing", uncovered_count: COUNT });
    expect(verdictOf(ledger).findings).toMatchObject([{ code: "LEDGER_HEAD_MISSING", severity: "note" }]);
  });
});

describe("a check that saw nothing fails", () => {
  test("missing", () => {
    const { stream } = aLedger();
    expect(verifyStream(effects.fs, stream)).toMatchObject({
      valid: false,
      first_bad: { code: "LEDGER_MISSING" },
    });
    expect(existsSync(stream.path)).toBe(false);
  });

  test("missing though its head says otherwise", () => {
    const ledger = changed(() => {});
    rmSync(ledger.stream.path);
    expect(verdictOf(ledger)).toMatchObject({ valid: false, head: "ahead" });
    expect(verdictOf(ledger).first_bad?.message).toBe("it does not exist; its head covers 60 entries");
  });

  test.each(["", "torn"])("empty but for %j", (text) => {
    const ledger = aLedger();
    writeLines(ledger.stream, []);
    writeFileSync(ledger.stream.path, text);
    expect(verdictOf(ledger)).toMatchObject({
      valid: false,
      entries_count: 0,
      first_bad: { code: "LEDGER_EMPTY" },
    });
  });

  test("emptied though its head says otherwise", () => {
    expect(firstBad((lines) => lines.splice(0))).toEqual({ line: 1, code: "LEDGER_TAIL_CUT" });
  });

  test("a directory in its place", () => {
    const ledger = aLedger();
    mkdirSync(ledger.stream.path, { recursive: true });
    expect(verdictOf(ledger)).toMatchObject({ valid: false, first_bad: { code: "LEDGER_UNREADABLE" } });
  });
});

describe("more than one thing wrong", () => {
  test("each cause is listed once, in order", () => {
    const verdict = verdictOf(
      changed((lines) => {
        lines[49] = "{}";
        lines.splice(29, 1);
        lines[9] = at(lines, 10).replace("entry 9", "entry 8");
      }),
    );
    expect(verdict.findings.map(({ line, code }) => [line, code])).toEqual([
      [10, "LEDGER_ENTRY_EDITED"],
      [30, "LEDGER_ENTRY_REMOVED"],
      [49, "LEDGER_LINE_MALFORMED"],
    ]);
    expect(verdict.first_bad?.line).toBe(10);
  });

  test("a file of garbage lists at most 100 and counts the rest", () => {
    const verdict = verdictOf(
      changed((lines) => lines.splice(0, COUNT, ...Array.from({ length: 5000 }, () => "x"))),
    );
    expect(verdict.findings.filter(({ severity }) => severity === "error")).toHaveLength(100);
    expect(verdict.findings.at(-1)?.message).toContain("4900 more");
  });

  test("an id used twice in a chain that was sealed anew", () => {
    const ledger = aLedger();
    const lines: string[] = [];
    let previous_hash = "";
    for (const [index, line] of original.entries()) {
      const id = JSON.parse(at(original, index === 40 ? 8 : index + 1)).id;
      lines.push(resealed(line, { id, previous_hash }));
      previous_hash = JSON.parse(lines.at(-1) ?? "").entry_hash;
    }
    writeLines(ledger.stream, lines);
    expect(verdictOf(ledger).first_bad).toMatchObject({ line: 41, code: "LEDGER_ID_REPEATED" });
  });
});

test("lines longer than a chunk, and beyond 16 MiB", async () => {
  const ledger = aLedger();
  const [line = ""] = await filled(ledger, 1);
  const long = resealed(line, { reason: "x".repeat(3 << 20) });
  writeLines(ledger.stream, [long]);
  rmSync(ledger.stream.head_path ?? "");
  expect(verdictOf(ledger)).toMatchObject({ valid: true, entries_count: 1 });
  writeLines(ledger.stream, [long, "y".repeat((16 << 20) + (1 << 19)), long]);
  expect(verdictOf(ledger).first_bad).toEqual({
    line: 2,
    code: "LEDGER_LINE_MALFORMED",
    message: "line 2 is not an entry: it is longer than 16 MiB",
  });
  expect(verdictOf(ledger).entries_count).toBe(3);
});
