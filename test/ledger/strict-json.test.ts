import fc from "fast-check";
import { expect, test } from "vitest";
import { sha256Hex, spacedJson } from "../../src/kernel/index.ts";
import { readLine } from "../../src/ledger/line-reading.ts";
import { scanLine } from "../../src/ledger/line-scanner.ts";
import { parseStrictJson } from "../../src/ledger/strict-json.ts";
import { aLedger, filled, resealed } from "./ledgers.ts";

test.each([
  "",
  " ",
  "{",
  "}",
  "[1,]",
  "[,1]",
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  "{a:1}",
  "01",
  "1.",
  ".5",
  "+1",
  "1e",
  "--1",
  "NaN",
  "Infinity",
  "-Infinity",
  "nul",
  "truefalse",
  '"',
  '"\\x"',
  '"\\u12"',
  '"\t"',
  '"a',
  "1 2",
  "{}\r",
  "[1]\n",
  '{"a":1,"a":2}',
  '{"a":{"b":1,"b":1}}',
  '"\\ud800"',
  '{"\\udc00":1}',
  "1e999",
  "'a'",
  "/* */1",
  "\ufeff1",
  '{"__proto__":1,"__proto__":2}',
])("refuses %j", (text) => {
  expect(() => parseStrictJson(text)).toThrow(/./);
  expect(readLine(Buffer.from(text)).state).toBe("malformed");
});

test("depth 64 is the most", () => {
  const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
  expect(parseStrictJson(nested(64)).exact).toBe(true);
  expect(() => parseStrictJson(nested(65))).toThrow("nested more than 64 deep");
  expect(() => parseStrictJson(nested(100_000))).toThrow("nested more than 64 deep");
});

test("a key __proto__ is data", () => {
  const { tree } = parseStrictJson('{"__proto__": {"polluted": 1}}');
  expect(Object.keys(tree as object)).toEqual(["__proto__"]);
  expect(spacedJson(tree)).toBe('{"__proto__": {"polluted": 1}}');
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});

test("accepts what JSON.parse accepts, apart from what it must refuse", () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: "grapheme" }), (text) => {
      expect(JSON.parse(spacedJson(parseStrictJson(text).tree))).toEqual(JSON.parse(text));
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("the quick scanner agrees with the strict reader, or leaves the line to it", async () => {
  const ledger = aLedger();
  const [line = ""] = await filled(ledger, 1);
  const any = fc.jsonValue({ maxDepth: 3, noInteger: false, stringUnit: "grapheme" } as object);
  let scanned = 0;
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ unit: "grapheme" }), any),
      fc.string({ unit: "binary" }),
      (metadata, reason) => {
        const text = resealedOrUndefined(line, { metadata, reason });
        if (text === undefined) return;
        const bytes = Buffer.from(text);
        const quick = scanLine(bytes);
        if (quick !== undefined) scanned++;
        expect(quick ?? readLine(bytes)).toMatchObject({
          state: "sound",
          entry_hash: JSON.parse(text).entry_hash,
        });
      },
    ),
    { seed: 2, numRuns: 250 },
  );
  expect(scanned).toBeGreaterThan(25);
});

test("mutilated lines never get past the quick scanner as something else", async () => {
  const ledger = aLedger();
  const [line = ""] = await filled(ledger, 1);
  const bytes = Buffer.from(line);
  for (let at = 0; at < bytes.length; at++) {
    for (const byte of [0x22, 0x5c, 0x7b, 0x2c, 0x00, 0x39, 0xff]) {
      if (bytes[at] === byte) continue;
      const mutilated = Buffer.from(bytes);
      mutilated[at] = byte;
      expect(readLine(mutilated).state).not.toBe("sound");
    }
    expect(readLine(bytes.subarray(0, at)).state).toBe("malformed");
  }
});

test.each([
  "007",
  "-0",
  "00",
  "1e5",
  "1.50",
  "01.0",
  '{"b": 1, "a": 2}',
  '{"a": 1, "a": 2}',
  '{"a":1}',
  "[1,2]",
  "[1 , 2]",
  '"\\u0041"',
  '"\\/"',
  '{"\\u0061": 1}',
  '{"𝒳": 1, "ﬀ": 2}',
  " 1",
  "1 ",
])("a hash over text no writer writes does not make it true: %s", async (value) => {
  const ledger = aLedger();
  const [line = ""] = await filled(ledger, 1);
  const text = line
    .replace(/"entry_hash": "[0-9a-f]{64}", /, "")
    .replace('"assets_count": 3', `"x": ${value}`);
  const entry_hash = sha256Hex(text);
  const forged = text.replace('"event_type"', `"entry_hash": "${entry_hash}", "event_type"`);
  expect(readLine(Buffer.from(forged)).state).not.toBe("sound");
});

test("a hash over bytes that are not UTF-8 does not make them true", async () => {
  const ledger = aLedger();
  const [line = ""] = await filled(ledger, 1);
  const bare = Buffer.from(line.replace(/"entry_hash": "[0-9a-f]{64}", /, ""));
  bare[bare.indexOf("entry 0")] = 0xff;
  const at = bare.indexOf('"event_type"');
  const member = Buffer.from(`"entry_hash": "${sha256Hex(bare)}", `);
  const forged = Buffer.concat([bare.subarray(0, at), member, bare.subarray(at)]);
  expect(readLine(forged)).toEqual({ state: "malformed", reason: "it is not UTF-8" });
});

/** Floats and lone surrogates have no place in what we write. */
function resealedOrUndefined(line: string, changes: Record<string, unknown>): string | undefined {
  try {
    const text = resealed(line, changes);
    return text.isWellFormed() ? text : undefined;
  } catch {
    return undefined;
  }
}

test("an entry of ours takes the quick way", async () => {
  const ledger = aLedger();
  const [line = ""] = await filled(ledger, 1);
  expect(scanLine(Buffer.from(line))?.state).toBe("sound");
});
