import { describe, expect, test } from "vitest";
import { PLUGIN_KINDS } from "../../src/contracts/index.ts";
import { aboveProfile, elevationGaps, profileOf } from "../../src/grants/index.ts";

const OWN = { namespace: "notes", root: "modules/notes" };
const ASKED = [
  "files.read:modules/notes/**",
  "files.read:modules/other/a.py",
  "files.write:data/notes/x.json",
  "files.write:data/notes.b/x.json",
  "files.execute:modules/notes/run",
  "files.forbidden:**",
  "network:api.example.org",
  "environment:HOME",
  "subprocess",
  "tool:search",
  "tokens:10",
  "cost:10",
];
const always = ["files.read:modules/other/a.py", "files.write:data/notes.b/x.json"];

describe("the profile of a kind", () => {
  test.each([
    [
      "node",
      [
        ...always,
        "files.execute:modules/notes/run",
        "network:api.example.org",
        "environment:HOME",
        "subprocess",
        "tool:search",
        "tokens:10",
        "cost:10",
      ],
    ],
    [
      "integration",
      [...always, "files.execute:modules/notes/run", "subprocess", "tool:search", "tokens:10", "cost:10"],
    ],
    [
      "agent",
      [
        ...always,
        "files.execute:modules/notes/run",
        "network:api.example.org",
        "environment:HOME",
        "subprocess",
      ],
    ],
    [
      "quality_gate",
      [
        "files.write:data/notes/x.json",
        "files.write:data/notes.b/x.json",
        "files.execute:modules/notes/run",
        "network:api.example.org",
        "environment:HOME",
        "subprocess",
        "tool:search",
        "tokens:10",
        "cost:10",
      ],
    ],
  ] as const)("%s stands below exactly these", (kind, above) => {
    expect(new Set(aboveProfile(kind, OWN, ASKED))).toEqual(new Set(above));
  });

  test("exists for every kind, with a sentence", () => {
    for (const kind of PLUGIN_KINDS) expect(profileOf(kind).title).toMatch(/\w/);
  });

  test("a scope of no known kind is above every profile", () => {
    expect(aboveProfile("quality_gate", OWN, ["everything:now"])).toEqual(["everything:now"]);
  });

  test("each elevation names a scope that is above it", () => {
    const elevated = [
      { permission: "subprocess", reason: "runs git" },
      { permission: "tokens:10", reason: "not needed" },
    ];
    expect(elevationGaps(["subprocess", "network:api.example.org"], elevated)).toEqual({
      unexplained: ["network:api.example.org"],
      needless: ["tokens:10"],
    });
  });
});
