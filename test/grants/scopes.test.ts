import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Permissions } from "../../src/contracts/index.ts";
import { globCovers } from "../../src/grants/glob-cover.ts";
import { covers, inWords, isWider, scopesOf, widening } from "../../src/grants/index.ts";
import { matchesGlob } from "../../src/metadata/index.ts";

describe("covers", () => {
  test.each([
    ["files.read:data/**", "files.read:data/a/b.txt", true],
    ["files.read:data/**", "files.read:data", true],
    ["files.read:data/*", "files.read:data/a/b", false],
    ["files.read:data/*", "files.read:data/**", false],
    ["files.read:**", "files.read:a/**/b?", true],
    ["files.read:a/?", "files.read:a/*", false],
    ["files.read:a/*b", "files.read:a/*bb", true],
    ["files.read:data/**", "files.write:data/a", false],
    ["files.read:data/**", "files.read:database/a", false],
    ["network:*.example.org", "network:api.example.org", true],
    ["network:*.example.org", "network:example.org", false],
    ["network:*.example.org", "network:notexample.org", false],
    ["network:*.example.org", "network:*.eu.example.org", true],
    ["network:*.example.org", "network:api.example.org:8443", false],
    ["network:api.example.org", "network:*.example.org", false],
    ["network:*.example.org:8443", "network:a.example.org:8443", true],
    ["environment:HOME", "environment:HOMER", false],
    ["environment:APP_*", "environment:APP_TOKEN", true],
    ["subprocess", "subprocess", true],
    ["tokens:100", "tokens:99", true],
    ["tokens:100", "tokens:101", false],
    ["tokens:100", "cost:1", false],
    ["tokens:1e9", "tokens:2", false],
    ["tool:search", "tool:Search", false],
    ["what:ever", "what:ever", false],
  ])("%s over %s is %s", (outer, inner, expected) => {
    expect(covers(outer, inner)).toBe(expected);
  });

  test("a yes holds for every path, whatever the globs", () => {
    const segment = fc.oneof(
      fc.constantFrom("**", "*", "?", "a", "b", "a*", "*a", "a?b", "a*b", "**b", "a**"),
      fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), minLength: 1, maxLength: 4 }),
    );
    const glob = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
    const name = fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 4 });
    const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("/"));
    let yes = 0;
    fc.assert(
      fc.property(glob, glob, fc.array(path, { maxLength: 40 }), (outer, inner, paths) => {
        if (!globCovers(outer, inner)) return;
        yes += 1;
        for (const one of paths) if (matchesGlob(one, inner)) expect(matchesGlob(one, outer)).toBe(true);
      }),
      { seed: 5, numRuns: 5000 },
    );
    expect(yes).toBeGreaterThan(200);
  });

  test("a hostile glob takes no time", () => {
    const outer = `${"*a".repeat(250)}b`;
    expect(globCovers(outer, "a".repeat(500))).toBe(false);
    expect(globCovers(`${"**/a/".repeat(80)}b`, `${"a/".repeat(250)}a`)).toBe(false);
  });
});

describe("a permission difference", () => {
  const before = Permissions.parse({
    files: { read: ["data/**"], forbidden: ["data/private/**"] },
    tokens_max: 10,
  });

  test("is empty where less is asked", () => {
    const after = Permissions.parse({ files: { read: ["data/a/*"], forbidden: ["data/**"] }, tokens_max: 9 });
    expect(isWider(widening(scopesOf(before), scopesOf(after)))).toBe(false);
    expect(isWider(widening(scopesOf(before), scopesOf(before)))).toBe(false);
  });

  test("names what is added and what is no longer forbidden", () => {
    const after = Permissions.parse({
      files: { read: ["**"], forbidden: ["data/private/*"] },
      network: ["api.example.org"],
      subprocess: true,
      tokens_max: 11,
    });
    expect(widening(scopesOf(before), scopesOf(after))).toEqual({
      added: ["files.read:**", "network:api.example.org", "subprocess", "tokens:11"],
      unforbidden: ["files.forbidden:data/private/**"],
    });
  });

  test("is shown in words that cannot move a cursor", () => {
    expect(inWords("network:api.example.org")).toBe("network: api.example.org");
    expect(inWords("files.write:data/**")).toBe("write: data/**");
    expect(inWords("files.read:a\u001b[2K\u202eb\n")).toBe("read: a\\u{1b}[2K\\u{202e}b\\u{a}");
    expect(inWords("files.read:\ud800")).toBe("read: \\u{d800}");
  });
});
