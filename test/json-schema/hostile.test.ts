import { describe, expect, test } from "vitest";
import { checkSchema, compileSchema } from "../../src/json-schema/index.ts";

const nested = (levels: number, wrap: (inner: unknown) => unknown, end: unknown): unknown =>
  Array.from({ length: levels }).reduce<unknown>((inner) => wrap(inner), end);
const within = async (limit_ms: number, work: () => Promise<unknown>): Promise<void> => {
  const began = performance.now();
  await work();
  expect(performance.now() - began).toBeLessThan(limit_ms);
};

describe("a hostile pattern", () => {
  test("that makes JavaScript's own expressions run for ever is answered at once", async () => {
    const { validate } = await compileSchema({ type: "string", pattern: "^(a+)+$" });
    await within(2000, async () => {
      expect(validate(`${"a".repeat(50_000)}!`)).toEqual([
        { pointer: "/", message: 'must match pattern "^(a+)+$"' },
      ]);
      expect(validate("a".repeat(50_000))).toEqual([]);
    });
  });

  test("as the name of a property too", async () => {
    const { validate } = await compileSchema({
      type: "object",
      patternProperties: { "^(a|a)*$": { type: "integer" } },
      additionalProperties: false,
    });
    await within(2000, async () => {
      expect(validate({ [`${"a".repeat(20_000)}!`]: 1 })).toHaveLength(1);
      expect(validate({ aaa: "x" })).toEqual([{ pointer: "/aaa", message: "must be integer" }]);
    });
  });

  test("with look-around, a back reference, a huge repetition or too many characters is refused", async () => {
    for (const pattern of ["(?=a)b", "(a)\\1", "((a{1000}){1000}){1000}", "(", "a".repeat(600)]) {
      const issues = await checkSchema({ type: "string", pattern });
      expect(issues, pattern).toMatchObject([{ pointer: "/pattern" }]);
      expect(issues[0]?.message).toMatch(/^is no pattern RE2 can run/);
    }
  });
});

describe("a hostile schema", () => {
  test.each([
    ["a remote reference", { $ref: "https://example.org/schema.json" }, "/$ref"],
    ["a file reference", { $ref: "other.json#/a" }, "/$ref"],
    ["a reference to nothing", { $ref: "#/$defs/none" }, "/$ref"],
    ["a reference into a value", { enum: [{ type: "x" }], $ref: "#/enum/0" }, "/$ref"],
    ["an address", { $id: "https://example.org/" }, "/$id"],
    ["an anchor", { $anchor: "a" }, "/$anchor"],
    ["a dynamic reference", { $dynamicRef: "#a" }, "/$dynamicRef"],
    ["an older draft", { $schema: "http://json-schema.org/draft-07/schema#" }, "/$schema"],
    ["a dialect inside", { properties: { a: { $schema: "x" } } }, "/properties/a/$schema"],
    ["a secret where none may be", { "x-secret": true }, "/x-secret"],
    ["no object", [], "/"],
    ["a list of types that is empty", { type: [] }, "/type"],
    ["a negative length", { minLength: -1 }, "/minLength"],
    ["a wrong list", { required: ["a", "a"] }, "/required"],
    ["no schema", { items: 3 }, "/items"],
    ["no map", { properties: [] }, "/properties"],
    ["an unknown format", { format: "iban" }, "/format"],
    ["a prototype", { properties: JSON.parse('{"__proto__": {"type": "string"}}') }, "/properties/__proto__"],
  ])("%s is refused with its place", async (_, schema, pointer) => {
    const issues = await checkSchema(schema);
    expect(issues.map((issue) => issue.pointer)).toEqual([pointer]);
    await expect(compileSchema(schema)).rejects.toMatchObject({ code: "JSON_SCHEMA_REFUSED" });
  });

  test("an unknown keyword names the nearest known one", async () => {
    expect(await checkSchema({ type: "object", propertees: {}, xyzzy: 1, definitions: {} })).toEqual([
      { pointer: "/definitions", message: "is of an older draft: write $defs" },
      {
        pointer: "/propertees",
        message: "is not a keyword of JSON Schema; the nearest is properties",
        nearest: "properties",
      },
      { pointer: "/xyzzy", message: "is not a keyword of JSON Schema" },
    ]);
    expect((await checkSchema({ type: "strnig" }))[0]?.message).toMatch(/the nearest is string$/);
  });

  test("depth, size and the number of schemas are limited", async () => {
    const deep = nested(100_000, (inner) => ({ items: inner }), {});
    expect(await checkSchema(deep)).toEqual([{ pointer: "/", message: "is nested deeper than 40 levels" }]);
    expect(await checkSchema({ description: "x".repeat(300_000) })).toMatchObject([{ pointer: "/" }]);
    const many = { allOf: Array.from({ length: 3000 }, () => ({})) };
    expect(await checkSchema(many)).toEqual([{ pointer: "/", message: "holds more than 2000 schemas" }]);
  });

  test("references that double at every step end, and so does one that leads to itself", async () => {
    const levels = 40;
    const $defs = Object.fromEntries(
      Array.from({ length: levels }, (_, index) => {
        const next = { $ref: `#/$defs/d${index + 1}` };
        return [`d${index}`, { allOf: [next, next] }];
      }),
    );
    const doubling = { $defs: { ...$defs, [`d${levels}`]: { type: "string" } }, $ref: "#/$defs/d0" };
    const bounded = [{ pointer: "/", message: "takes too many steps to hold against its schema" }];
    await within(5000, async () => {
      expect((await compileSchema(doubling)).validate("x")).toEqual(bounded);
      expect((await compileSchema({ $ref: "#" })).validate(1)).toEqual(bounded);
    });
  });

  test("names of every object are not taken for fields", async () => {
    const { validate } = await compileSchema({
      type: "object",
      required: ["toString", "constructor"],
      properties: { constructor: { type: "string" } },
    });
    expect(validate({})).toEqual([
      { pointer: "/constructor", message: "is missing" },
      { pointer: "/toString", message: "is missing" },
    ]);
    expect(validate(JSON.parse('{"toString": 1, "constructor": "x", "__proto__": {"a": 1}}'))).toEqual([]);
  });

  test("code in names and values stays text", async () => {
    const name = '"];globalThis.pwned=1;//';
    const { validate } = await compileSchema({
      type: "object",
      title: name,
      properties: { [name]: { const: name, description: "*/ globalThis.pwned = 1 /*" } },
      required: [name],
    });
    expect(validate({ [name]: 1 })).toHaveLength(1);
    expect(validate({ [name]: name })).toEqual([]);
    expect((globalThis as { pwned?: number }).pwned).toBeUndefined();
  });
});

describe("a hostile value", () => {
  test("that is large in what is compared pair by pair is answered in line with its size", async () => {
    const { validate } = await compileSchema({
      type: "array",
      uniqueItems: true,
      items: { enum: Array.from({ length: 2000 }, (_, index) => `v${index}`).concat("x") },
    });
    await within(5000, async () => {
      const items = Array.from({ length: 100_000 }, (_, index) => ({ index }));
      expect(validate(items).length).toBeGreaterThan(0);
    });
  });

  test("nested too deep is one problem", async () => {
    const { validate } = await compileSchema({});
    expect(validate(nested(100_000, (inner) => [inner], 1))).toEqual([
      { pointer: "/", message: "is nested deeper than 200 levels" },
    ]);
  });
});
