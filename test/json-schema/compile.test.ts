import { expect, test } from "vitest";
import { checkSchema, compileSchema } from "../../src/json-schema/index.ts";

const schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  additionalProperties: false,
  required: ["name", "tree"],
  properties: {
    name: { type: "string", minLength: 1, "x-secret": true },
    mode: { enum: ["fast", "slow", { deep: [1, 2] }] },
    tree: { $ref: "#/$defs/node" },
    pair: { prefixItems: [{ type: "string" }, { type: "integer" }], items: false },
    once: { type: "array", uniqueItems: true },
    "a/b~c": { const: 1 },
  },
  $defs: {
    node: {
      type: "object",
      unevaluatedProperties: false,
      properties: {
        value: { type: "integer" },
        children: { type: "array", items: { $ref: "#/$defs/node" } },
      },
    },
  },
};

test("every problem of a value is told by its pointer", async () => {
  expect(await checkSchema(schema, { secrets: true })).toEqual([]);
  const { validate } = await compileSchema(schema, { secrets: true });
  expect(validate({ name: "x", tree: { children: [{ value: 1 }] }, mode: { deep: [1, 2] } })).toEqual([]);
  expect(
    validate({
      mode: "medium",
      tree: { children: [{ value: "1", colour: 2 }] },
      pair: ["a", 1, 2],
      once: [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      "a/b~c": 2,
      more: 1,
    }),
  ).toEqual([
    { pointer: "/a~1b~0c", message: "must be 1" },
    { pointer: "/mode", message: 'must be one of "fast", "slow", {"deep":[1,2]}' },
    { pointer: "/more", message: "is not a field of the schema" },
    { pointer: "/name", message: "is missing" },
    { pointer: "/once", message: "must not hold the same value twice" },
    { pointer: "/pair", message: "must NOT have more than 2 items" },
    { pointer: "/tree/children/0/colour", message: "is not a field of the schema" },
    { pointer: "/tree/children/0/value", message: "must be integer" },
  ]);
});

test("formats are checked", async () => {
  const good: Record<string, string> = {
    date: "2024-02-29",
    time: "23:59:60Z",
    "date-time": "2024-02-29T10:00:00.5+01:00",
    email: "a.b@example.org",
    hostname: "api.example.org",
    ipv4: "127.0.0.1",
    uri: "https://example.org/a?b#c",
    uuid: "00000000-0000-4000-8000-000000000000",
  };
  const bad: Record<string, string> = {
    date: "2023-02-29",
    time: "24:00:00Z",
    "date-time": "2024-01-01T1",
    email: "a@",
    hostname: "-a.b",
    ipv4: "1.2.3.256",
    uri: "no address",
    uuid: "0",
  };
  for (const [format, text] of Object.entries(good)) {
    const { validate } = await compileSchema({ type: "string", format });
    expect(validate(text), format).toEqual([]);
    expect(validate(bad[format]), format).toEqual([
      { pointer: "/", message: `must match format "${format}"` },
    ]);
  }
});

test("one schema compiled twice is one function, and a changed one is another", async () => {
  const one = await compileSchema({ type: "integer" });
  expect(await compileSchema({ type: "integer" })).toBe(one);
  expect((await compileSchema({ type: "string" })).validate(1)).toHaveLength(1);
});

test("then without if is refused by name", async () => {
  await expect(compileSchema(JSON.parse('{"then": {"type": "string"}}'))).rejects.toMatchObject({
    code: "JSON_SCHEMA_REFUSED",
  });
});

test("patterns of several schemas, and of one, stay apart", async () => {
  const hex = await compileSchema({ type: "string", pattern: "^#[0-9a-f]{6}$" });
  const word = await compileSchema({ type: "string", pattern: "^[a-z]+$" });
  const both = await compileSchema({
    type: "object",
    properties: {
      colour: { type: "string", pattern: "^#[0-9a-f]{6}$" },
      name: { type: "string", pattern: "^[a-z]+$" },
    },
  });
  expect([hex, word].map((one) => [one.validate("#ff0000").length, one.validate("red").length])).toEqual([
    [0, 1],
    [1, 0],
  ]);
  expect(both.validate({ colour: "#ff0000", name: "red" })).toEqual([]);
  expect(both.validate({ colour: "red", name: "#ff0000" })).toHaveLength(2);
});
