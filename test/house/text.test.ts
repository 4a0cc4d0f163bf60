import { describe, expect, test } from "vitest";
import { linesMatching, repositoryFiles } from "./tree.ts";

/** Forbidden words are put together from pieces, so that this file does not break its own rules. */
const word = (...pieces: readonly string[]): string => pieces.join("");
const HOMES = [
  word("wo", "rk"),
  word("ro", "ot"),
  word("far", "m"),
  word("Us", "ers"),
  word("ho", "me"),
].join("|");
const HOME_OF_SOMEBODY = new RegExp(`(^|[^\\w.@}-])/(${HOMES})/`);
const OTHER_REGISTRY = /https?:\/\/[^\s"'/]*(registry|artifactory|nexus|verdaccio|mirror)[^\s"'/]*/;
const LEFTOVER = new RegExp(`\\b(${[word("TO", "DO"), word("FIX", "ME"), word("XX", "X")].join("|")})\\b`);
const IDLE = [word("sk", "ip"), word("on", "ly"), word("to", "do")].join("|");
const IDLE_TEST = new RegExp(`\\b(it|test|describe)\\.(${IDLE})\\(|expect\\(${word("tr", "ue")}\\)`);
const FAKED = new RegExp(`\\bvi\\.(${word("mo", "ck")}|spyOn|stubGlobal)\\(`);
const SILENCED = new RegExp(
  `@ts-(${word("ig", "nore")}|nocheck)|\\bas ${word("an", "y")}\\b|lint-${word("dis", "able")}(?!.* -- )`,
);

const files = repositoryFiles();
const code = files.filter(({ path }) => /^(src|test|scripts|bin|modules|templates)\//.test(path));

describe("each rule sees what it forbids", () => {
  test.each([
    [HOME_OF_SOMEBODY, `open("/${word("wo", "rk")}/main/x")`],
    [OTHER_REGISTRY, "https://npm-mirror.example.org/"],
    [LEFTOVER, `// ${word("TO", "DO")} later`],
    [IDLE_TEST, `test.${word("sk", "ip")}("x")`],
    [FAKED, `vi.${word("mo", "ck")}("node:fs")`],
    [SILENCED, `x as ${word("an", "y")}`],
  ])("%s", (pattern, line) => {
    expect(pattern.test(line)).toBe(true);
  });
});

test("the rules look at the repository", () => {
  expect(files.length).toBeGreaterThan(100);
  expect(code.length).toBeGreaterThan(50);
});

test("no file names a path of one machine", () => {
  expect(
    linesMatching(
      files.filter(({ path }) => path !== "package-lock.json"),
      HOME_OF_SOMEBODY,
    ),
  ).toEqual([]);
});

test("no file names a package registry other than the public one", () => {
  const found = linesMatching(files, OTHER_REGISTRY);
  expect(
    found.filter(
      (line) => !/https:\/\/registry\.npmjs\.org/.test(line) && !line.startsWith("test/house/text"),
    ),
  ).toEqual([]);
});

test("nothing is left for later in the code", () => {
  expect(linesMatching(code, LEFTOVER)).toEqual([]);
});

test("no test is switched off or cannot fail", () => {
  expect(linesMatching(code, IDLE_TEST)).toEqual([]);
});

test("our own code is never faked and the compiler never silenced without a reason", () => {
  expect(linesMatching(code, FAKED)).toEqual([]);
  expect(linesMatching(code, SILENCED)).toEqual([]);
});
