import fc from "fast-check";
import { expect, test } from "vitest";
import { parseDependencies, renderDependencies } from "../../src/registry/index.ts";

test.each([
  ["", []],
  ["PKG-A", [["PKG-A", "*"]]],
  [
    " PKG-A , PKG-B@^1.2 ",
    [
      ["PKG-A", "*"],
      ["PKG-B", "^1.2"],
    ],
  ],
  ["PKG-A@>=1.0.0 <2.0.0", [["PKG-A", ">=1.0.0 <2.0.0"]]],
  [
    "PKG-A>=1.0.0,PKG-B==2.0.0,PKG-C@===3.0.0,PKG-D~1",
    [
      ["PKG-A", ">=1.0.0"],
      ["PKG-B", "=2.0.0"],
      ["PKG-C", "=3.0.0"],
      ["PKG-D", "~1"],
    ],
  ],
])("parseDependencies() reads %j", (cell, expected) => {
  const { dependencies, problems } = parseDependencies(cell);
  expect({ list: dependencies.map(({ id, range }) => [id, range]), problems }).toEqual({
    list: expected,
    problems: [],
  });
});

test.each([
  "pkg",
  "PKG-A,",
  "PKG-A@x.y.z.w",
  "PKG-A PKG-B",
  "PKG-A,PKG-A",
  "@^1",
  "PKG-A\0",
  `PKG-${"A".repeat(200)}`,
])("parseDependencies() reports %j", (cell) => {
  expect(parseDependencies(cell).problems).toHaveLength(1);
});

test("parseDependencies() reads back what renderDependencies() wrote", () => {
  const dependency = fc.record({
    id: fc.stringMatching(/^PKG-[A-Z0-9]{1,6}$/),
    range: fc.constantFrom("*", "^1.0.0", ">=1.0.0 <2.0.0", "1.x || 2.x", "=1.0.0-rc.1"),
  });
  const list = fc.uniqueArray(dependency, { selector: (item) => item.id });
  fc.assert(
    fc.property(list, (dependencies) => {
      expect(parseDependencies(renderDependencies(dependencies))).toEqual({ dependencies, problems: [] });
    }),
    { seed: 5 },
  );
});
