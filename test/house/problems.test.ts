/** What a step of the golden harness can be told: every code is given somewhere, and some test sees it given. */
import { expect, test } from "vitest";
import { PROBLEMS } from "../../src/harness/problems.ts";
import { repositoryFiles, type SourceFile } from "./tree.ts";

const files = repositoryFiles();
const sources = files.filter(
  ({ path }) => /^src\/harness\/.*\.ts$/.test(path) && path !== "src/harness/problems.ts",
);
/** Elsewhere the same words mean other things. */
const tests = files.filter(({ path }) => /^test\/(harness\/|golden\/|e2e\/golden-).*\.ts$/.test(path));

/** Many of the codes are plain words, so only a quoted one counts, or one of several in a pattern, or the head of a title. */
const unnamed = (codes: readonly string[], among: readonly SourceFile[]): string[] =>
  codes.filter((code) => {
    const named = new RegExp(`(["'\`])${code}(\\1|: )|[(|]${code}[|)]`);
    return !among.some(({ text }) => named.test(text));
  });

test("the rule sees a code that nobody names", () => {
  const file = { path: "test/a.test.ts", text: 'expect(code).toBe("FILE"); // ROW\n/(EVENTS|STATE)/' };
  expect(unnamed(["FILE", "ROW", "EVENTS", "STATE", "LEDGER"], [file])).toEqual(["ROW", "LEDGER"]);
});

test("every code is given by the harness, and seen by a test", () => {
  const codes = Object.keys(PROBLEMS);
  expect(codes.length).toBeGreaterThan(20);
  expect(unnamed(codes, sources)).toEqual([]);
  expect(unnamed(codes, tests)).toEqual([]);
});
