import { expect, test } from "vitest";
import { isCode, isGenerated, repositoryFiles, type SourceFile } from "./tree.ts";

const FILE_LINES_MAX = 300;

const lines = ({ text }: SourceFile): number => text.split("\n").length - 1;
const tooLong = (files: readonly SourceFile[]): string[] =>
  files.filter((file) => lines(file) > FILE_LINES_MAX).map((file) => `${file.path} has ${lines(file)} lines`);

test("the size rule sees a file of 301 lines", () => {
  expect(tooLong([{ path: "src/a.ts", text: "x\n".repeat(301) }])).toEqual(["src/a.ts has 301 lines"]);
  expect(tooLong([{ path: "src/a.ts", text: "x\n".repeat(300) }])).toEqual([]);
});

test(`no file of code has more than ${FILE_LINES_MAX} lines`, () => {
  const code = repositoryFiles().filter((file) => isCode(file) && !isGenerated(file));
  expect(code.length).toBeGreaterThan(50);
  const nearest = code.toSorted((a, b) => lines(b) - lines(a)).slice(0, 3);
  console.info(
    `nearest to ${FILE_LINES_MAX} lines: ${nearest.map((file) => `${file.path} ${lines(file)}`).join(", ")}`,
  );
  expect(tooLong(code)).toEqual([]);
});
