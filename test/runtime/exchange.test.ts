import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { environmentFor } from "../../src/runtime/environment.ts";
import { evidenceDigest } from "../../src/runtime/evidence-digest.ts";
import { readAnswer, requestLine } from "../../src/runtime/exchange.ts";

const read = (text: string | Uint8Array, id?: string) =>
  readAnswer(typeof text === "string" ? Buffer.from(text) : text, id);

describe("what a plugin answers", () => {
  test("is a result with its size", () => {
    expect(read('{"status":"ok","result":{"a":"ä"},"evidence":1}\n')).toEqual({
      kind: "ok",
      result: { a: "ä" },
      result_bytes: 10,
      evidence: 1,
    });
    expect(read('{"status":"ok"}')).toMatchObject({ kind: "ok", result: null });
  });

  test("may be an error of its own", () => {
    expect(read('{"status":"error","error":{"code":"X","message":"y"}}')).toEqual({
      kind: "refused",
      code: "X",
      message: "y",
    });
    expect(read('{"status":"error","error":{"code":5}}')).toEqual({ kind: "refused", code: "", message: "" });
  });

  test.each([
    ["nothing", "", "ended without an answer"],
    ["prose", "hello", "did not answer with one JSON object"],
    ["two documents", '{"status":"ok"}\n{"status":"ok"}', "did not answer with one JSON object"],
    ["a list", "[1]", "did not answer with one JSON object"],
    ["null", "null", "did not answer with one JSON object"],
    ["NaN", '{"status":"ok","result":NaN}', "did not answer with one JSON object"],
    ["no status", '{"result":1}', 'answered without a status "ok" or "error"'],
    [
      "a status of the prototype",
      '{"__proto__":{"status":"ok"}}',
      'answered without a status "ok" or "error"',
    ],
    ["an error without one", '{"status":"error"}', 'answered with status "error" and no error'],
    [
      "deep nesting",
      `{"status":"ok","result":${"[".repeat(50_000)}${"]".repeat(50_000)}}`,
      "nests too deeply",
    ],
  ])("is garbage: %s", (_what, text, problem) => {
    const answer = read(text);
    expect(answer.kind).toBe("garbage");
    expect(answer.kind === "garbage" && answer.problem).toContain(problem);
  });

  test("is garbage: no UTF-8", () => {
    expect(read(Uint8Array.of(0x7b, 0xff, 0x7d))).toMatchObject({ problem: "did not answer in UTF-8" });
  });

  test("of a worker bears the id of the call", () => {
    expect(read('{"id":"a","status":"ok"}', "a").kind).toBe("ok");
    expect(read('{"id":"b","status":"ok"}', "a")).toMatchObject({
      problem: "answered another call than this one",
    });
    expect(read('{"status":"ok"}', "a").kind).toBe("garbage");
  });

  test("never throws, whatever it is", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(["ok", "refused", "garbage"]).toContain(readAnswer(bytes).kind);
      }),
      { seed: 6, numRuns: 300 },
    );
  });
});

test("a request is one line, whatever is in it", () => {
  const call = { action: "echo", input: { text: "a\nb\u2028" }, config: {}, request_id: "r" };
  expect(requestLine(call).indexOf("\n")).toBe(requestLine(call).length - 1);
  expect(JSON.parse(requestLine(call))).toEqual({ operation: "action", ...call });
  expect(JSON.parse(requestLine(call, "7"))).toMatchObject({ id: "7" });
});

test("digests are those of stdlib_evidence.hash_json", () => {
  // printf '{"a": 1, "b": [0.1, "ä"]}' | sha256sum
  expect(evidenceDigest('{"b":[0.1,"ä"],"a":1}')).toBe(evidenceDigest('{ "a": 1, "b": [0.1, "ä"] }'));
  expect(evidenceDigest("{}")).toBe(
    "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
  );
  // Has no canonical form, and a digest all the same.
  expect(evidenceDigest(`${"[".repeat(100)}${"]".repeat(100)}`)).toMatch(/^sha256:[0-9a-f]{64}$/);
});

test("of the caller's variables only those needed are handed on, and never ours or a loader's", () => {
  const scopes = [
    "A_KEY",
    "HOLDFAST_TOKEN",
    "CONTROL_PLANE_SECRET",
    "LD_PRELOAD",
    "PYTHONPATH",
    "NODE_OPTIONS",
    "NOT_SET",
    "toString",
  ];
  const env = Object.fromEntries([...scopes.slice(0, -2), "OTHER"].map((name) => [name, "v"]));
  const found = environmentFor(
    scopes.map((name) => `environment:${name}`),
    env,
  );
  expect(found.values).toEqual({ A_KEY: "v" });
  expect(found.unset).toEqual(["NOT_SET", "toString"]);
  expect(found.withheld).toHaveLength(5);
});
