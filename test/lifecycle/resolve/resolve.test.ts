import { describe, expect, test } from "vitest";
import { resolve } from "../../../src/lifecycle/resolve/index.ts";
import { aPackage, aProblem, chosenBy, linesOf, type Sketch, solve } from "./problem.ts";

const LIB = "PKG-T1-LIB-001";
const TOOL = "PKG-T2-TOOL-001";
const APP = "PKG-T3-APP-001";
const lib = (version: string) => aPackage(LIB, version, {}, { tier: "T1" });
const tool = (version: string, range: string) => aPackage(TOOL, version, { [LIB]: range }, { tier: "T2" });

/** One dependency fewer, each in turn; the request keeps its ids. */
function* withOneLess(sketch: Sketch): Generator<Sketch> {
  const without = (where: "available" | "installed", at: number, id: string): Sketch => ({
    ...sketch,
    [where]: (sketch[where] ?? []).map((one, index) =>
      index === at ? { ...one, dependencies: one.dependencies.filter((need) => need.id !== id) } : one,
    ),
  });
  for (const where of ["available", "installed"] as const)
    for (const [at, one] of (sketch[where] ?? []).entries())
      for (const { id } of one.dependencies) yield without(where, at, id);
}

describe("a conflict is explained", () => {
  const diamond: Sketch = {
    wanted: { [APP]: "1.0.0" },
    available: [
      aPackage(APP, "1.0.0", { [LIB]: "^2.0.0", [TOOL]: "^1.0.0" }),
      tool("1.3.0", "^1.0.0"),
      lib("2.1.0"),
      lib("1.4.0"),
    ],
  };

  test("by who wants what, and what there is", () => {
    expect(solve(diamond)).toEqual({
      kind: "conflict",
      package_id: LIB,
      missing: false,
      clauses: [
        { by: APP, version: "1.0.0", range: "^2.0.0", chain: [] },
        { by: TOOL, version: "1.3.0", range: "^1.0.0", chain: [`${APP} 1.0.0`] },
      ],
      available: ["1.4.0", "2.1.0"],
      lines: [
        `${APP} 1.0.0 (you asked for it) needs ${LIB} ^2.0.0`,
        `${TOOL} 1.3.0 (needed by ${APP} 1.0.0) needs ${LIB} ^1.0.0`,
        "available: 1.4.0, 2.1.0; none satisfies both",
      ],
    });
  });

  test("minimally: with any one dependency less there is a resolution", () => {
    const tried = [...withOneLess(diamond)];
    expect(tried.map((one) => solve(one).kind)).toEqual(["resolution", "resolution", "resolution"]);
  });

  test("without what takes no part", () => {
    const noise = ["PKG-X", "PKG-Y"].map((id) => aPackage(id, "1.0.0", { [LIB]: "*" }, { tier: "T2" }));
    const noisy: Sketch = {
      ...diamond,
      wanted: { ...diamond.wanted, "PKG-X": "*", "PKG-Y": "^1.0.0" },
      available: [...(diamond.available ?? []), ...noise],
    };
    expect(solve(noisy)).toEqual(solve(diamond));
  });

  test("with the range on the way down when another version would have done", () => {
    const available = [...(diamond.available ?? []), tool("2.0.0", "^2.0.0")];
    expect(linesOf(solve({ ...diamond, available }))).toEqual([
      `${APP} 1.0.0 (you asked for it) needs ${TOOL} ^1.0.0`,
      `${APP} 1.0.0 (you asked for it) needs ${LIB} ^2.0.0`,
      `${TOOL} 1.3.0 (needed by ${APP} 1.0.0) needs ${LIB} ^1.0.0`,
      "available: 1.4.0, 2.1.0; none satisfies both",
    ]);
  });

  test("many versions that want the same share a sentence", () => {
    const available = [lib("3.0.0"), ...["1.0.0", "1.1.0", "1.2.0"].map((one) => tool(one, "^1.0.0"))];
    const outcome = solve({ wanted: { [TOOL]: "*" }, available });
    expect(linesOf(outcome)).toEqual([
      `${TOOL} 1.2.0 and 2 other versions (you asked for it) need ${LIB} ^1.0.0`,
      "available: 3.0.0; none satisfies it",
    ]);
  });

  test("a missing package gives the chain down to who wants it", () => {
    const available = [aPackage(APP, "1.0.0", { [TOOL]: "*" }), tool("1.0.0", "^1.0.0")];
    expect(solve({ wanted: { [APP]: "*" }, available })).toEqual({
      kind: "conflict",
      package_id: LIB,
      missing: true,
      clauses: [{ by: TOOL, version: "1.0.0", range: "^1.0.0", chain: [`${APP} 1.0.0`] }],
      available: [],
      lines: [
        `${TOOL} 1.0.0 (needed by ${APP} 1.0.0) needs ${LIB} ^1.0.0`,
        `no version of ${LIB} is available or installed`,
      ],
    });
  });

  test("a wanted package that does not exist", () => {
    expect(solve({ wanted: { [LIB]: "^1.0.0" } })).toMatchObject({
      missing: true,
      clauses: [{ by: "you", version: null, range: "^1.0.0", chain: [] }],
      lines: [`you asked for ${LIB} ^1.0.0`, `no version of ${LIB} is available or installed`],
    });
  });

  test("a range that is none", () => {
    expect(linesOf(solve({ wanted: { [LIB]: "newest" }, available: [lib("1.0.0")] }))[0]).toBe(
      `you asked for ${LIB} in "newest", which is no semver range`,
    );
    expect(
      linesOf(solve({ wanted: { [TOOL]: "*" }, available: [tool("1.0.0", "^^1"), lib("1.0.0")] }))[0],
    ).toBe(`${TOOL} 1.0.0 (you asked for it) needs ${LIB} in "^^1", which is no semver range`);
  });
});

describe("newest first", () => {
  test("a diamond takes the newest version all agree on, lowest tier first", () => {
    const available = [
      aPackage(APP, "1.0.0", { [LIB]: ">=1.0.0", [TOOL]: "^1.0.0" }),
      tool("1.3.0", "^1.0.0"),
      ...["1.4.0", "1.5.0", "2.0.0"].map(lib),
    ];
    const outcome = solve({ wanted: { [APP]: "*" }, available });
    expect(outcome).toEqual({
      kind: "resolution",
      chosen: [
        {
          id: LIB,
          version: "1.5.0",
          why: [`you asked for ${APP}`, `${APP} 1.0.0 needs ${LIB} >=1.0.0`],
        },
        {
          id: TOOL,
          version: "1.3.0",
          why: [`you asked for ${APP}`, `${APP} 1.0.0 needs ${TOOL} ^1.0.0`],
        },
        { id: APP, version: "1.0.0", why: [`you asked for ${APP}`] },
      ],
    });
  });

  test("an older version is taken when the newest leads nowhere", () => {
    const available = [tool("2.0.0", "^9.0.0"), tool("1.0.0", "^1.0.0"), lib("1.0.0")];
    expect(chosenBy(solve({ wanted: { [TOOL]: "*" }, available }))).toEqual([
      `${LIB} 1.0.0`,
      `${TOOL} 1.0.0`,
    ]);
  });

  test("twelve packages with a diamond enter in tier order, dependencies first", () => {
    const chain = (id: string, tier: "T1" | "T2", needs: Record<string, string>) =>
      aPackage(id, "1.0.0", needs, { tier });
    const available = [
      aPackage("PKG-BASE", "1.0.0", {}, { tier: "G0" }),
      chain("PKG-Z1", "T1", { "PKG-BASE": "^1.0.0" }),
      chain("PKG-Y1", "T1", { "PKG-Z1": "^1.0.0" }),
      chain("PKG-X1", "T1", { "PKG-Y1": "^1.0.0" }),
      ...["PKG-D1", "PKG-D2", "PKG-D3", "PKG-D4"].map((id) => chain(id, "T2", { "PKG-X1": "^1.0.0" })),
      chain("PKG-C1", "T2", { "PKG-D1": "*", "PKG-D2": "*" }),
      chain("PKG-C2", "T2", { "PKG-D3": "*", "PKG-D4": "*" }),
      aPackage("PKG-A2", "1.0.0", { "PKG-C1": "*", "PKG-C2": "*" }),
      aPackage("PKG-A1", "1.0.0", { "PKG-A2": "*" }),
    ];
    expect(chosenBy(solve({ wanted: { "PKG-A1": "*" }, available })).map((one) => one.split(" ")[0])).toEqual(
      "BASE Z1 Y1 X1 D1 D2 C1 D3 D4 C2 A2 A1".split(" ").map((name) => `PKG-${name}`),
    );
  });

  test("a circle within a tier enters together, what it stands on first", () => {
    const available = [
      aPackage("PKG-A", "1.0.0", { "PKG-B": "*" }),
      aPackage("PKG-B", "1.0.0", { "PKG-C": "*", "PKG-Z": "*" }),
      aPackage("PKG-C", "1.0.0", { "PKG-B": "^1.0.0" }),
      aPackage("PKG-Z", "1.0.0"),
    ];
    expect(chosenBy(solve({ wanted: { "PKG-A": "*" }, available }))).toEqual([
      "PKG-Z 1.0.0",
      "PKG-B 1.0.0",
      "PKG-C 1.0.0",
      "PKG-A 1.0.0",
    ]);
  });

  test("a package may need itself only in a version it is", () => {
    const available = [
      aPackage(APP, "2.0.0", { [APP]: "^1.0.0" }),
      aPackage(APP, "1.0.0", { [APP]: "^1.0.0" }),
    ];
    expect(chosenBy(solve({ wanted: { [APP]: "*" }, available }))).toEqual([`${APP} 1.0.0`]);
  });
});

describe("prereleases", () => {
  const available = [lib("2.0.0-rc.1"), lib("1.0.0")];

  test("are not taken unasked", () => {
    expect(chosenBy(solve({ wanted: { [LIB]: "*" }, available }))).toEqual([`${LIB} 1.0.0`]);
    expect(linesOf(solve({ wanted: { [LIB]: ">=1.5.0" }, available }))).toContain(
      "available: 1.0.0, 2.0.0-rc.1; none satisfies it",
    );
  });

  test("are taken when the range names one of that version", () => {
    expect(chosenBy(solve({ wanted: { [LIB]: "^2.0.0-rc.0" }, available }))).toEqual([`${LIB} 2.0.0-rc.1`]);
  });

  test("are taken when there is nothing else", () => {
    expect(chosenBy(solve({ wanted: { [LIB]: "*" }, available: [lib("2.0.0-rc.1")] }))).toEqual([
      `${LIB} 2.0.0-rc.1`,
    ]);
  });

  test("satisfy as they are once installed", () => {
    const outcome = solve({
      wanted: { [TOOL]: "*" },
      available: [tool("1.0.0", ">=1.0.0"), ...available],
      installed: [lib("2.0.0-rc.1")],
    });
    expect(chosenBy(outcome)).toEqual([`${TOOL} 1.0.0`]);
  });
});

describe("packages that cannot be together", () => {
  const foe = (version: string) => aPackage(TOOL, version, {}, { tier: "T2", conflicts: [LIB] });

  test("are refused whichever names the other", () => {
    const outcome = solve({ wanted: { [LIB]: "*", [TOOL]: "*" }, available: [lib("1.0.0"), foe("1.0.0")] });
    expect(linesOf(outcome)).toEqual([
      `${TOOL} 1.0.0 (you asked for it) conflicts with ${LIB} (you asked for it)`,
    ]);
    expect(outcome).toMatchObject({ package_id: LIB, missing: false });
  });

  test("an installed one keeps the other out, and is named", () => {
    const entering = solve({ wanted: { [LIB]: "*" }, available: [lib("1.0.0")], installed: [foe("1.0.0")] });
    expect(linesOf(entering)).toContain(`${TOOL} 1.0.0 (installed) conflicts with ${LIB} (you asked for it)`);
    const named = solve({ wanted: { [TOOL]: "*" }, available: [foe("1.0.0")], installed: [lib("1.0.0")] });
    expect(linesOf(named)).toEqual([`${TOOL} 1.0.0 (you asked for it) conflicts with ${LIB} (installed)`]);
  });

  test("a version that names nobody is taken instead", () => {
    const available = [foe("2.0.0"), aPackage(TOOL, "1.0.0", {}, { tier: "T2" })];
    expect(chosenBy(solve({ wanted: { [TOOL]: "*" }, available, installed: [lib("1.0.0")] }))).toEqual([
      `${TOOL} 1.0.0`,
    ]);
  });
});

describe("tiers", () => {
  test("a package does not depend upwards", () => {
    const available = [aPackage(LIB, "1.0.0", { [APP]: "*" }, { tier: "T1" }), aPackage(APP, "1.0.0")];
    const outcome = solve({ wanted: { [LIB]: "*" }, available });
    expect(linesOf(outcome)).toEqual([
      `${LIB} 1.0.0 (you asked for it) is T1 and may not depend on ${APP}, which is T3`,
    ]);
  });

  test("an older version that does not is taken instead", () => {
    const available = [
      aPackage(LIB, "2.0.0", { [APP]: "*" }, { tier: "T1" }),
      lib("1.0.0"),
      aPackage(APP, "1.0.0"),
    ];
    expect(chosenBy(solve({ wanted: { [LIB]: "*" }, available }))).toEqual([`${LIB} 1.0.0`]);
  });
});

describe("what is installed", () => {
  test("stays when it satisfies everything, also when newer versions exist", () => {
    const available = [tool("1.0.0", "^1.0.0"), lib("1.9.0")];
    const installed = [lib("1.0.0")];
    expect(chosenBy(solve({ wanted: { [TOOL]: "*" }, available, installed }))).toEqual([`${TOOL} 1.0.0`]);
    expect(chosenBy(solve({ wanted: { [LIB]: "*" }, available, installed }))).toEqual([]);
  });

  test("is replaced when a range asks for it", () => {
    const sketch = { available: [tool("1.0.0", "^1.5.0"), lib("1.9.0")], installed: [lib("1.0.0")] };
    expect(chosenBy(solve({ ...sketch, wanted: { [TOOL]: "*" } }))).toEqual([
      `${LIB} 1.9.0`,
      `${TOOL} 1.0.0`,
    ]);
  });

  test("is replaced by a lower version only when that is allowed", () => {
    const sketch = { wanted: { [LIB]: "^1.0.0" }, available: [lib("1.0.0")], installed: [lib("2.0.0")] };
    expect(linesOf(solve(sketch))).toEqual([
      `you asked for ${LIB} ^1.0.0`,
      `${LIB} 2.0.0 is installed and is not replaced by a lower version`,
    ]);
    expect(chosenBy(solve({ ...sketch, allow_downgrade: true }))).toEqual([`${LIB} 1.0.0`]);
  });

  test("counts with its own ranges, and is named", () => {
    const outcome = solve({
      wanted: { [LIB]: "^2.0.0" },
      available: [lib("2.0.0")],
      installed: [lib("1.0.0"), tool("1.0.0", "^1.0.0")],
    });
    expect(linesOf(outcome)).toEqual([
      `you asked for ${LIB} ^2.0.0`,
      `${TOOL} 1.0.0 (installed) needs ${LIB} ^1.0.0`,
      "available: 1.0.0, 2.0.0; none satisfies both",
    ]);
  });

  test("is replaced along with what it needs when a version of it fits", () => {
    const outcome = solve({
      wanted: { [LIB]: "^2.0.0" },
      available: [lib("2.0.0"), tool("1.1.0", "^1.0.0"), tool("2.0.0", "^2.0.0")],
      installed: [lib("1.0.0"), tool("1.0.0", "^1.0.0")],
    });
    expect(outcome).toMatchObject({
      chosen: [
        { id: LIB, version: "2.0.0", why: [`you asked for ${LIB}`] },
        {
          id: TOOL,
          version: "2.0.0",
          why: [`you asked for ${LIB}`, `${TOOL} 1.0.0, which is installed, needs ${LIB} ^1.0.0`],
        },
      ],
    });
  });

  test("is left alone where an older version of a mere dependency spares it", () => {
    const outcome = solve({
      wanted: { [APP]: "*" },
      available: [
        aPackage(APP, "1.0.0", { [LIB]: ">=1.5.0" }),
        lib("1.5.0"),
        lib("2.0.0"),
        tool("2.0.0", "^2.0.0"),
      ],
      installed: [lib("1.0.0"), tool("1.0.0", "^1.0.0")],
    });
    expect(chosenBy(outcome)).toEqual([`${LIB} 1.5.0`, `${APP} 1.0.0`]);
  });

  test("and broken already is no obstacle to others, but is mended when it is needed", () => {
    const installed = [tool("1.0.0", "^1.0.0")];
    const available = [aPackage("PKG-OTHER", "1.0.0"), aPackage(APP, "1.0.0", { [TOOL]: "*" }), lib("1.0.0")];
    expect(chosenBy(solve({ wanted: { "PKG-OTHER": "*" }, available, installed }))).toEqual([
      "PKG-OTHER 1.0.0",
    ]);
    expect(chosenBy(solve({ wanted: { [APP]: "*" }, available, installed }))).toEqual([
      `${LIB} 1.0.0`,
      `${APP} 1.0.0`,
    ]);
  });
});

describe("giving up", () => {
  /** More pigeons than holes: no versions go together, and no short proof of it exists. */
  const pigeons = (count: number): Sketch => {
    const holes = Array.from({ length: count - 1 }, (_, hole) => hole);
    const ids = Array.from({ length: count }, (_, at) => `PKG-P${String(at).padStart(2, "0")}`);
    const seat = (hole: number): string => `PKG-SEAT-${hole}`;
    return {
      wanted: Object.fromEntries(ids.map((id) => [id, "*"])),
      available: [
        ...ids.flatMap((id, at) =>
          holes.map((hole) => aPackage(id, `${hole}.0.0`, { [seat(hole)]: `${at}.0.0` })),
        ),
        ...holes.flatMap((hole) => ids.map((_, at) => aPackage(seat(hole), `${at}.0.0`))),
      ],
    };
  };

  test("a small crowd is refused, a large one ends in bounded time with a clear line", () => {
    expect(linesOf(solve(pigeons(4))).join("\n")).not.toContain("gave up");
    expect(linesOf(solve(pigeons(16)))).toEqual([
      "gave up looking for versions that go with PKG-P00: too many combinations were tried; name exact versions",
    ]);
  });
});

describe("what an installed package wants twice", () => {
  test("is told the same in either order", () => {
    const told = (...ranges: string[]) =>
      resolve({
        ...aProblem({ wanted: { [LIB]: "*" }, available: [lib("2.0.0")] }),
        installed: new Map([
          [
            TOOL,
            {
              version: "1.0.0",
              tier: "T2",
              dependencies: ranges.map((range) => ({ id: LIB, range })),
              conflicts: [],
            },
          ],
        ]),
      });
    expect(told("^1.0.0", "^1.1.0")).toEqual(told("^1.1.0", "^1.0.0"));
    expect(linesOf(told("^1.0.0", "^1.1.0"))[0]).toContain(`you asked for ${LIB}`);
  });
});

describe("hostile input", () => {
  test("ids of object members, foreign ids, versions that are none and doubles do no harm", () => {
    const outcome = resolve({
      ...aProblem({ wanted: { [TOOL]: "*", constructor: "*" } }),
      versionsOf: (id) => [
        aPackage(id, "not a version"),
        aPackage(id, "1.0.0", { ["__proto__" as string]: "*" }),
        aPackage(id, "1.0.0"),
        aPackage("PKG-FOREIGN", "9.0.0"),
      ],
    });
    expect(chosenBy(outcome)).toEqual([`${TOOL} 1.0.0`, "constructor 1.0.0"]);
  });

  test("versions are asked for once for each id", () => {
    const asked: string[] = [];
    const problem = aProblem({ wanted: { [TOOL]: "*" }, available: [tool("1.0.0", "*"), lib("1.0.0")] });
    resolve({
      ...problem,
      versionsOf: (id) => {
        asked.push(id);
        return problem.versionsOf(id);
      },
    });
    expect(asked).toEqual([TOOL, LIB]);
  });
});
