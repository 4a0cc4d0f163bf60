import { basename } from "node:path";
import { expect, test } from "vitest";
import { isCode, repositoryFiles } from "./tree.ts";

/** Names that say where a file lies in somebody's mind, not what it is. */
const BANNED =
  /^(utils?|helpers?|common|misc|shared|manager|service|base|lib|stuff|tools?)\.(ts|mjs|cjs|py)$/;
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.d)?\.(ts|mjs|cjs)$/;

test("the name rules see what they forbid", () => {
  expect(BANNED.test("utils.ts")).toBe(true);
  expect(KEBAB.test("fileSystem.ts")).toBe(false);
  expect(KEBAB.test("file-system.test.ts")).toBe(true);
});

test("no file is called after nothing in particular", () => {
  const files = repositoryFiles().filter(({ path }) =>
    /^(src|test|scripts|bin|modules|templates)\//.test(path),
  );
  expect(files.length).toBeGreaterThan(50);
  expect(files.map(({ path }) => path).filter((path) => BANNED.test(basename(path)))).toEqual([]);
});

test("code files have kebab-case names", () => {
  const code = repositoryFiles().filter((file) => isCode(file) && !file.path.endsWith(".py"));
  expect(code.map(({ path }) => path).filter((path) => !KEBAB.test(basename(path)))).toEqual([]);
});
