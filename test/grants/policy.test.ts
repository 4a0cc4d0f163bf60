import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Permissions } from "../../src/contracts/index.ts";
import { scopesOf } from "../../src/grants/index.ts";
import { overlaps } from "../../src/grants/overlap.ts";
import { judgeScopes } from "../../src/grants/policy-judge.ts";
import { looseningsOf } from "../../src/grants/policy-layers.ts";
import { policyProblems } from "../../src/grants/policy-read.ts";
import { matchesGlob } from "../../src/metadata/index.ts";
import { parsePolicy } from "../../src/provenance/index.ts";

const ID = "PKG-T2-NOTES-001";
const SUBJECT = {
  package_id: ID,
  kind: "agent" as const,
  runtime: "python" as const,
  scopes: scopesOf(
    Permissions.parse({
      files: { read: ["modules/notes/**"], write: ["data/notes/**"], forbidden: ["data/notes/key"] },
      network: ["api.example.org"],
      environment: ["NOTES_KEY"],
      tools: ["search"],
      tokens_max: 500,
    }),
  ),
  above: ["network:api.example.org"],
};
const judged = (text: string) =>
  Object.fromEntries(
    judgeScopes(parsePolicy(text), SUBJECT).map(({ asked, allowed, rule }) => [
      asked,
      `${allowed ? "yes" : "no"} ${rule === null ? "-" : rule.pointer}`,
    ]),
  );

describe("what the policy says", () => {
  test("nothing, allows everything", () => {
    expect(new Set(Object.values(judged("")))).toEqual(new Set(["yes -"]));
  });

  test("is decided by the first rule that denies, else by the lowest that allows", () => {
    expect(
      judged(`
[organisation.permissions]
network = ["*.example.org", "*.example.net"]
files_read = ["**"]
tokens_max = 1000
kinds = ["node", "agent"]
[plane.permissions]
network = ["*.example.org"]
tokens_max = 400
environment = []
deny = ["files.write:data/*/secret/**"]
[package."${ID}".permissions]
elevated = "deny"
subprocess = false
[package."PKG-OTHER-001".permissions]
tools = []
`),
    ).toEqual({
      "kind:agent": "yes /organisation/permissions/kinds/1",
      "runtime:python": "yes -",
      "environment:NOTES_KEY": "no /plane/permissions/environment",
      "files.read:modules/notes/**": "yes /organisation/permissions/files_read/0",
      // A part of what is asked for is denied, so all of it is.
      "files.write:data/notes/**": "no /plane/permissions/deny/0",
      "network:api.example.org": "yes /plane/permissions/network/0",
      "tokens:500": "no /plane/permissions/tokens_max",
      "tool:search": "yes -",
      "elevated:network:api.example.org": `no /package/${ID}/permissions/elevated`,
    });
  });

  test.each([
    ["network:*.evil.org", "network:api.evil.org:8443", true],
    ["network:api.evil.org", "network:*.evil.org", true],
    ["network:evil.org", "network:notevil.org", false],
    ["files.read:a/*b", "files.read:a/c*", true],
    ["files.read:a/b*", "files.read:a/c*", false],
    ["files.read:**/key", "files.read:data/**", true],
    ["files.read:data", "files.write:data", false],
    ["environment:AWS_*", "environment:AWS_KEY", true],
    ["tokens:1", "tokens:900", true],
    ["subprocess", "subprocess", true],
  ])("%s and %s have something in common: %s", (one, other, expected) => {
    expect(overlaps(one, other)).toBe(expected);
    expect(overlaps(other, one)).toBe(expected);
  });

  test("a no on common ground holds for every path", () => {
    const segment = fc.constantFrom("**", "*", "a", "b", "a*", "*b", "?", "ab");
    const glob = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
    const name = fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 3 });
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
    let no = 0;
    fc.assert(
      fc.property(glob, glob, fc.array(path, { maxLength: 40 }), (one, other, paths) => {
        if (overlaps(`files.read:${one}`, `files.read:${other}`)) return;
        no += 1;
        for (const each of paths) expect(matchesGlob(each, one) && matchesGlob(each, other)).toBe(false);
      }),
      { seed: 7, numRuns: 4000 },
    );
    expect(no).toBeGreaterThan(200);
  });
});

describe("a lower layer", () => {
  test("may tighten", () => {
    expect(
      looseningsOf(
        parsePolicy(`
[organisation.permissions]
network = ["*.example.org"]
subprocess = false
tokens_max = 100
elevated = "deny"
kinds = ["node", "agent"]
[plane.permissions]
network = ["api.example.org", "*.eu.example.org"]
subprocess = false
tokens_max = 100
kinds = ["node"]
deny = ["network:old.example.org"]
files_read = ["data/**"]
[package."${ID}".permissions]
network = []
`),
      ),
    ).toEqual([]);
  });

  test("that loosens is refused with both lines, once each", async () => {
    const text = `[organisation.permissions]
network = ["*.example.org"]
subprocess = false
tokens_max = 100
elevated = "deny"
kinds = ["node"]

[plane.permissions]
network = ["api.example.org",
  "api.example.com"]
subprocess = true
tokens_max = 101
elevated = "approve"
kinds = ["node", "agent"]

[package."${ID}".permissions]
network = ["*.org"]
`;
    const problems = await policyProblems(text, parsePolicy(text));
    const seen = problems.map(({ code, details }) => [
      code,
      details["field"],
      details["line"],
      details["upper_line"],
    ]);
    expect(seen).toEqual([
      ["POLICY_LOOSENED", "network", 10, 2],
      ["POLICY_LOOSENED", "subprocess", 11, 3],
      ["POLICY_LOOSENED", "tokens_max", 12, 4],
      ["POLICY_LOOSENED", "elevated", 13, 5],
      ["POLICY_LOOSENED", "kinds", 14, 6],
      ["POLICY_LOOSENED", "network", 17, 2],
      ["POLICY_LOOSENED", "network", 17, 9],
    ]);
    expect(problems[0]?.message).toBe(
      "config/policy.toml line 10 (plane) allows network api.example.com, which line 2 (organisation) does not",
    );
    expect(problems[0]?.next_step).toContain('run "pkg policy check"');
  });

  test.each([
    "[plane.permissions]\nnetwrk = []",
    "[plane.permissions]\ndeny = ['x']",
    "[nobody.permissions]\n",
  ])("with an unknown word is refused: %s", (text) => {
    expect(() => parsePolicy(text)).toThrow(expect.objectContaining({ code: "POLICY_INVALID" }));
  });
});
