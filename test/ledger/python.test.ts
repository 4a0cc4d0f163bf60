/** Agreement with real Python: what it prints we must hash alike, and what it wrote we must accept. */
import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { spacedJson } from "../../src/kernel/index.ts";
import { verifyStream } from "../../src/ledger/index.ts";
import { pythonNumber } from "../../src/ledger/python-number.ts";
import { parseStrictJson } from "../../src/ledger/strict-json.ts";
import { aLedger, effects, filled, linesOf, OLDER_WRITER, python, writeLines } from "./ledgers.ts";

const DUMP = `
import json, sys
print(json.dumps([json.dumps(json.loads(text), sort_keys=True, ensure_ascii=False) for text in json.load(sys.stdin)]))
`;
const dumpedByPython = (texts: readonly string[]): string[] => JSON.parse(python(DUMP, texts)) as string[];

test("strings and keys: control characters, U+2028, 0x7f, quotes, order beyond the BMP", () => {
  const odd = Array.from({ length: 0x30 }, (_, i) => String.fromCharCode(i)).concat([
    "\x7f",
    "\x80",
    "\u2028",
    "\u2029",
    "\ufeff",
    "\ufffe",
    "\uffff",
    "\\",
    '"',
    "/",
    "𝒳",
    "😀",
    "ﬀ",
    "é",
    "e\u0301",
  ]);
  const value = { list: odd, keys: Object.fromEntries(odd.map((key, index) => [key, index])), "": null };
  const ours = spacedJson(value);
  expect(dumpedByPython([JSON.stringify(value)])).toEqual([ours]);
  expect(parseStrictJson(ours)).toMatchObject({ exact: true });
});

test("any value", () => {
  const values = fc.sample(fc.jsonValue({ maxDepth: 4, stringUnit: "binary" }), { seed: 3, numRuns: 400 });
  const texts = values.map((value) => JSON.stringify(value)).filter((text) => !/\\ud[89a-f]/.test(text));
  expect(texts.length).toBeGreaterThan(200);
  expect(texts.map((text) => spacedJson(parseStrictJson(text).tree))).toEqual(dumpedByPython(texts));
});

test("numbers are printed as Python prints them", () => {
  const fixed = [
    "0",
    "-0",
    "-1",
    "1.0",
    "1.50",
    "1e5",
    "1E5",
    "1e+16",
    "1e16",
    "1e15",
    "9999999999999998.0",
    "1e-4",
    "1e-5",
    "0.0001",
    "0.00001234",
    "-0.0",
    "-0e0",
    "1e-400",
    "123456789012345678901234567890",
    "5e-324",
    "1.7976931348623157e308",
    "1e22",
    "1e21",
    "100000000000000000000000.5",
    "0.1",
    "2.5e-7",
    "12345.678e3",
  ];
  const doubles = fc.sample(fc.double({ noNaN: true, noDefaultInfinity: true }), { seed: 5, numRuns: 500 });
  const tokens = [...fixed, ...doubles.map((value) => JSON.stringify(value))];
  expect(tokens.map((token) => pythonNumber(token))).toEqual(dumpedByPython(tokens));
  expect([pythonNumber("1e400"), pythonNumber("9".repeat(4301))]).toEqual([undefined, undefined]);
});

describe("lines of the older writer", () => {
  const events = [
    { reason: "plain" },
    { metadata: { zeta: 1, alpha: { y: [], x: {} }, 𝒳: 1, ﬀ: 2 }, prompts_used: ["P-1", "P-2"] },
    { float: true, reason: 'é\u2028\x7f\t"\\' },
    { metadata: { _tier: "HO3", nested: [[[{ a: null, b: true }]]] } },
  ];

  test("verify, floats, big integers, short repeated ids and unsorted keys included", () => {
    const ledger = aLedger();
    writeFileSync(`${ledger.root}/x`, "");
    writeLines(ledger.stream, python(OLDER_WRITER, events).split("\n").slice(0, -1));
    expect(verifyStream(effects.fs, ledger.stream)).toMatchObject({ valid: true, entries_count: 4 });
  });

  test("can be continued by us, and one digit of a float changed is found", async () => {
    const ledger = aLedger();
    writeLines(ledger.stream, python(OLDER_WRITER, events).split("\n").slice(0, -1));
    await filled(ledger, 2);
    expect(verifyStream(effects.fs, ledger.stream)).toMatchObject({
      valid: true,
      entries_count: 6,
      head: "match",
    });
    const lines = linesOf(ledger.stream);
    for (const [from, to] of [
      ["1e+16", "1e+17"],
      ["[1.0", "[1"],
      ["-0.0", "0.0"],
      ["1e-07", "1.0e-07"],
    ] as const) {
      writeLines(
        ledger.stream,
        lines.map((line) => line.replace(from, to)),
      );
      expect(verifyStream(effects.fs, ledger.stream).first_bad?.line).toBe(3);
    }
  });

  test("a session ledger with prefixed hashes stays readable", () => {
    const session = `
import json, sys, hashlib
previous = ""
for turn in range(3):
    entry = {"event_type": "agent_turn", "session_id": "SES-1", "turn_number": turn, "timestamp": "t", "status": "ök", "previous_hash": previous}
    previous = entry["entry_hash"] = "sha256:" + hashlib.sha256(json.dumps(entry, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    print(json.dumps(entry))
`;
    const ledger = aLedger("planes/ho1/sessions/SES-1/ledger/exec.jsonl");
    const lines = python(session, null).split("\n").slice(0, -1);
    writeLines(ledger.stream, lines);
    expect(verifyStream(effects.fs, ledger.stream)).toMatchObject({ valid: true, entries_count: 3 });
    writeLines(
      ledger.stream,
      lines.map((line) => line.replace('"turn_number": 1', '"turn_number": 7')),
    );
    expect(verifyStream(effects.fs, ledger.stream).first_bad).toMatchObject({
      line: 2,
      code: "LEDGER_ENTRY_EDITED",
    });
  });
});

test("Python recomputes the hash of every line we write", async () => {
  const ledger = aLedger();
  await filled(ledger, 5);
  const check = `
import json, sys, hashlib
previous = ""
for line in json.load(sys.stdin):
    entry = json.loads(line)
    assert json.dumps(entry, sort_keys=True, ensure_ascii=False) == line
    stated = entry.pop("entry_hash")
    assert stated == hashlib.sha256(json.dumps(entry, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    assert entry["previous_hash"] == previous
    previous = stated
print("agreed")
`;
  expect(python(check, linesOf(ledger.stream))).toBe("agreed\n");
});
