import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";
import { ROOMS } from "../../scripts/rooms.mjs";
import { ROOT, repositoryFiles, type SourceFile } from "./tree.ts";

const files = repositoryFiles();
const pages = files.filter(({ path }) => path.endsWith(".md"));

/** Targets of `[text](target)` and `[text]: target` that lie in the repository. */
function brokenLinks(page: SourceFile, exists: (path: string) => boolean): string[] {
  const prose = page.text.replace(/```[\s\S]*?```/g, "").replace(/`[^`\n]*`/g, "");
  const targets = [...prose.matchAll(/\]\(([^)\s]+)[^)]*\)|^\[[^\]]+\]:\s*(\S+)/gm)].map(
    ([, inline, named]) => inline ?? named ?? "",
  );
  return targets
    .filter((target) => !/^([a-z][a-z0-9+.-]*:|#)/i.test(target))
    .map((target) => normalize(join(dirname(page.path), decodeURIComponent(target.replace(/[#?].*$/, "")))))
    .filter((target) => !exists(target))
    .map((target) => `${page.path} -> ${target}`);
}

test("the link rule sees a link that leads nowhere", () => {
  const page = { path: "docs/a.md", text: "[x](../README.md) and [y](no.md#part), [z](https://example.org)" };
  expect(brokenLinks(page, (path) => path === "README.md")).toEqual(["docs/a.md -> docs/no.md"]);
});

test("relative links of every page resolve", () => {
  expect(pages.length).toBeGreaterThan(3);
  expect(pages.flatMap((page) => brokenLinks(page, (path) => existsSync(join(ROOT, path))))).toEqual([]);
});

test("docs/ARCHITECTURE.md names every room", () => {
  const page = pages.find(({ path }) => path === "docs/ARCHITECTURE.md");
  expect(page, "docs/ARCHITECTURE.md is missing").toBeDefined();
  expect(ROOMS.filter((room) => !page?.text.includes(`\`${room}\``))).toEqual([]);
});

test("every dependency is explained in docs/decisions", () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const names = Object.keys({ ...dependencies, ...devDependencies });
  const decisions = pages
    .filter(({ path }) => path.startsWith("docs/decisions/"))
    .map(({ text }) => text)
    .join("\n");
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !decisions.includes(`\`${name}\``))).toEqual([]);
});
