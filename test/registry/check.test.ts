import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Finding, REGISTRY_COLUMNS, REGISTRY_NAMES, type Row } from "../../src/contracts/index.ts";
import { checkRegistries, checkRegistry, emptyRegistry } from "../../src/registry/index.ts";
import { aFile, found, freshPath, fs } from "./plane.ts";

const FRAMEWORKS = "framework_id,title,status,version,plane_id,created_at";
const HEX = "a".repeat(64);

/** A row of packages_registry that every rule accepts. */
function aPackage(cells: Row): string {
  const row: Record<string, string> = {
    version: "1.0.0",
    source: "packages_store/x.tar.gz",
    source_type: "tar",
    digest: HEX,
    status: "active",
    ...cells,
  };
  return REGISTRY_COLUMNS.packages_registry.map((column) => `"${row[column] ?? ""}"`).join(",");
}
const packages = (...rows: readonly Row[]): string =>
  `${emptyRegistry("packages_registry")}${rows.map((row) => `${aPackage(row)}\r\n`).join("")}`;
const judged = (...rows: readonly Row[]): string[] => found("packages_registry", packages(...rows));
const messages = (...rows: readonly Row[]): string[] =>
  checkRegistry(fs, aFile(packages(...rows)), "packages_registry").map((finding) => finding.message);

describe("checkRegistry() reports the form of", () => {
  test("a missing file", () => {
    expect(checkRegistry(fs, freshPath(), "specs_registry")).toEqual([
      {
        code: "REGISTRY_MISSING",
        severity: "error",
        message: "registries/specs_registry.csv: does not exist",
        next_step:
          'Restore registries/specs_registry.csv from version control or a backup, then run "pkg registry validate".',
        path: "registries/specs_registry.csv",
      },
    ]);
  });

  test.each([
    ["no byte at all", "", ["REGISTRY_HEADER_INVALID error 1:1"]],
    ["no header", "PKG-A,x\n", ["REGISTRY_HEADER_INVALID error 1:1 framework_id"]],
    ["a blank first line", `\n${FRAMEWORKS}\n`, ["REGISTRY_HEADER_INVALID error 1:1 framework_id"]],
    ["a doubled column", `${FRAMEWORKS},title\nFMWK-1\n`, ["REGISTRY_HEADER_INVALID error 1:55 title"]],
    ["a damaged header", `framework_id,"title\n`, ["REGISTRY_HEADER_INVALID error 1:14"]],
    ["a header alone", `${FRAMEWORKS}\n`, []],
    ["a stray quote", `${FRAMEWORKS}\nFMWK-1,é"x,,,,\n`, ["REGISTRY_SYNTAX error 2:9"]],
    ["text after a quote", `${FRAMEWORKS}\nFMWK-1,"a"b"c",,,,\n`, ["REGISTRY_SYNTAX error 2:10"]],
    ["an open quote", `${FRAMEWORKS}\nFMWK-1,"a,,,,\n`, ["REGISTRY_SYNTAX error 2:8"]],
    ["a NUL", `${FRAMEWORKS}\nFMWK-1,a\0,,,,\n`, ["REGISTRY_SYNTAX error 2:9"]],
    ["a bare carriage return", `${FRAMEWORKS}\nFMWK-1,a\rb,,,,\n`, ["REGISTRY_SYNTAX error 2:9"]],
    ["bad UTF-8", Buffer.from(`${FRAMEWORKS}\nFMWK-1,\xe9,,,,\n`, "latin1"), ["REGISTRY_ENCODING error 2:8"]],
    ["too many cells", `${FRAMEWORKS}\nFMWK-1,,,,,,7\n`, ["REGISTRY_CELL_COUNT error 2:13"]],
    ["too few cells", `${FRAMEWORKS}\nFMWK-1,a\n`, ["REGISTRY_CELL_COUNT error 2:9 status"]],
    [
      "a short column of the user's own",
      `${FRAMEWORKS},notes\nFMWK-1,a,,,,\n`,
      ["REGISTRY_CELL_COUNT note 2:13 notes"],
    ],
    ["a blank line", `${FRAMEWORKS}\n\nFMWK-1,,,,,\n`, ["REGISTRY_BLANK_LINE note 2:1"]],
    [
      "a missing column",
      "framework_id,title,status,version,plane_id\nFMWK-1,,,,\n",
      ["REGISTRY_COLUMN_MISSING error 1:1 created_at"],
    ],
  ])("%s", (_, content, expected) => {
    expect(found("frameworks_registry", content)).toEqual(expected);
  });

  test("duplicate keys, naming both lines", () => {
    const path = aFile(`${FRAMEWORKS}\nFMWK-1,"a\nb",,,,\nFMWK-1,,,,,\n`);
    expect(checkRegistry(fs, path, "frameworks_registry")).toMatchObject([
      { code: "REGISTRY_CELL_UNSAFE", line: 2, column: 8 },
      {
        code: "REGISTRY_KEY_DUPLICATE",
        line: 4,
        column: 1,
        message: expect.stringContaining("which line 2 has already"),
      },
    ]);
  });

  test("every problem of a file, in file order", () => {
    expect(found("frameworks_registry", `${FRAMEWORKS}\nX,,,v1,ho9,\nFMWK-1,a"\nFMWK-2,=1,,,,\n`)).toEqual([
      "REGISTRY_FIELD_INVALID error 2:1 framework_id",
      "REGISTRY_FIELD_INVALID error 2:5 version",
      "REGISTRY_FIELD_INVALID error 2:8 plane_id",
      "REGISTRY_SYNTAX error 3:9",
      "REGISTRY_CELL_COUNT error 3:10 status",
      "REGISTRY_CELL_UNSAFE error 4:8 title",
    ]);
  });

  test("cells a spreadsheet would run: an error in our columns, a note in the user's", () => {
    const content = `${FRAMEWORKS},notes\n"FMWK-1","a\n,b",@x,,,,"-1"\n`;
    expect(found("frameworks_registry", content)).toEqual([
      "REGISTRY_CELL_UNSAFE error 2:10 title",
      "REGISTRY_CELL_UNSAFE error 3:5 status",
      "REGISTRY_CELL_UNSAFE note 3:11 notes",
    ]);
  });

  test("the place of a cell behind a byte order mark and wide characters", () => {
    const header = `\ufeffframework_id,title,status,version,plane_id,created_at`;
    expect(found("frameworks_registry", `${header}\nFMWK-1,𝒳你é,,v1,,\n`)).toEqual([
      "REGISTRY_FIELD_INVALID error 2:13 version",
    ]);
    expect(found("frameworks_registry", `${header},title\nFMWK-1,,,,,\n`)).toEqual([
      "REGISTRY_HEADER_INVALID error 1:55 title",
    ]);
  });
});

describe("checkRegistry() judges a row of packages_registry:", () => {
  test("accepts good rows, also from a file older than the tier column", () => {
    expect(judged({ id: "PKG-T1-A-001", tier: "T1" }, { id: "PKG-B", deps: "PKG-T1-A-001@^1.0" })).toEqual(
      [],
    );
    const older = REGISTRY_COLUMNS.packages_registry.slice(0, -1).join(",");
    const row = aPackage({ id: "PKG-A" }).replace(/,""$/, "");
    expect(found("packages_registry", `${older}\n${row}\n`)).toEqual([
      "REGISTRY_COLUMN_MISSING info 1:1 tier",
    ]);
    // What a rewrite leaves that had to add the column for another row.
    expect(found("packages_registry", `${older},tier\n${row}\n`)).toEqual([]);
  });

  test("calls a registry without packages an error", () => {
    expect(found("packages_registry", emptyRegistry("packages_registry"))).toEqual([
      "REGISTRY_EMPTY error -:-",
    ]);
  });

  test.each([
    ["id", { id: "pkg-a" }],
    ["version", { version: "1.0" }],
    ["version", { version: "" }],
    ["status", { status: "installed" }],
    ["source_type", { source_type: "zip" }],
    ["platform", { platform: "windows" }],
    ["arch", { arch: "mips" }],
    ["digest", { digest: "abc" }],
    ["digest", { digest: "" }],
    ["digest", { digest: "", status: "proposed", source_type: "tar", x: "" }, "unless proposed"],
    ["source", { source: "../x" }],
    ["source", { source: "/etc/passwd" }],
    ["source", { source: "a//b" }],
    ["source", { source: "a\\b" }],
    ["source", { source: "../x", source_type: "git" }, "an address is no path"],
    ["tier", { tier: "T9" }],
    ["deps", { deps: "pkg" }],
    ["deps", { deps: "PKG-B@banana" }],
    ["deps", { deps: "PKG-B,,PKG-C" }],
    ["conflicts", { conflicts: "PKG-B;PKG-C" }],
  ])("%s %j", (field, cells, allowed?: string) => {
    const fields = judged({ id: "PKG-A", ...cells }, { id: "PKG-B" }, { id: "PKG-C" }).filter((line) =>
      line.includes("FIELD_INVALID"),
    );
    const places = fields.map((line) => line.replace(/2:\d+/, "row 2"));
    const refused = [`REGISTRY_FIELD_INVALID error row 2 ${field}`];
    expect(places).toEqual(allowed === undefined ? refused : []);
  });

  test("lets a local package and a draft do without a digest", () => {
    const local = { id: "PKG-A", digest: "", source_type: "local", source: "modules/a" };
    expect(judged(local, { id: "PKG-B", digest: "", source: "", source_type: "", status: "draft" })).toEqual(
      [],
    );
  });

  test("dependencies that are missing or out of range", () => {
    expect(messages({ id: "PKG-A", deps: "PKG-B@^2.0.0,PKG-NONE" }, { id: "PKG-B" })).toEqual([
      "registries/packages_registry.csv line 2: PKG-A depends on PKG-NONE, which is not registered",
      "registries/packages_registry.csv line 2: PKG-A wants PKG-B ^2.0.0, but version 1.0.0 is registered",
    ]);
    expect(judged({ id: "PKG-A", deps: "PKG-B@^2.0.0" }, { id: "PKG-B" })).toEqual([
      expect.stringMatching(/^REGISTRY_DEPENDENCY_RANGE note 2:\d+ deps$/),
    ]);
  });

  test("a dependency of a higher tier, from the column or from the id", () => {
    const rows = [
      { id: "PKG-T0-A-001", deps: "PKG-X,PKG-T0-B-001" },
      { id: "PKG-X", tier: "T1" },
      { id: "PKG-T0-B-001" },
    ];
    expect(judged(...rows)).toEqual([expect.stringMatching(/^REGISTRY_DEPENDENCY_TIER error 2:\d+ deps$/)]);
    expect(judged({ id: "PKG-T2-A-001", deps: "PKG-X" }, { id: "PKG-X", tier: "T1" })).toEqual([]);
  });

  test("conflicts with what it depends on", () => {
    expect(messages({ id: "PKG-A", deps: "PKG-B", conflicts: "PKG-C,PKG-B" }, { id: "PKG-B" })).toEqual([
      "registries/packages_registry.csv line 2: PKG-A conflicts with its own dependency PKG-B",
    ]);
  });

  test("dependencies that go round", () => {
    const cycles = messages(
      { id: "PKG-A", deps: "PKG-B" },
      { id: "PKG-B", deps: "PKG-C,PKG-D" },
      { id: "PKG-C", deps: "PKG-B" },
      { id: "PKG-D", deps: "PKG-D" },
    );
    expect(cycles).toEqual([
      "registries/packages_registry.csv line 3: dependencies go round: PKG-B -> PKG-C -> PKG-B",
      "registries/packages_registry.csv line 5: dependencies go round: PKG-D -> PKG-D",
    ]);
  });

  test("a chain as long as the registry, without running out of stack", () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => ({
      id: `PKG-A-${i}`,
      deps: i < 19_999 ? `PKG-A-${i + 1}` : "",
    }));
    expect(judged(...rows)).toEqual([]);
  });

  test("does not call a damaged row's package missing", () => {
    const content = packages({ id: "PKG-A", deps: "PKG-B" }).concat('PKG-B,a"b\r\n');
    expect(found("packages_registry", content).map((line) => line.split(" ")[0])).toEqual([
      "REGISTRY_SYNTAX",
      "REGISTRY_CELL_COUNT",
    ]);
  });
});

test("checkRegistry() judges rows of packages_state and file_ownership", () => {
  const state = emptyRegistry("packages_state");
  expect(found("packages_state", `${state}PKG-A,installed,sha256:${HEX},library,ho3,3,,\r\n`)).toEqual([]);
  expect(
    found("packages_state", `${state}A,,${HEX},library,HO3,-3,,\r\n`).map((line) => line.split(" ").at(-1)),
  ).toEqual(["package_id", "status", "manifest_hash", "plane_id", "assets_count", "assets_count"]);
  const owned = emptyRegistry("file_ownership");
  expect(found("file_ownership", `${owned}a/b c.md,PKG-A,sha256:${HEX},doc,\r\n`)).toEqual([]);
  expect(found("file_ownership", `${owned}a/../b,A,${HEX},module,\r\n`)).toEqual([
    "REGISTRY_FIELD_INVALID error 2:1 file_path",
    "REGISTRY_FIELD_INVALID error 2:8 owner_package_id",
    "REGISTRY_FIELD_INVALID error 2:10 sha256",
    "REGISTRY_FIELD_INVALID error 2:75 classification",
  ]);
});

describe("checkRegistries()", () => {
  const aPlane = (files: Readonly<Record<string, string>>): string => {
    const directory = freshPath();
    mkdirSync(directory);
    for (const name of REGISTRY_NAMES)
      writeFileSync(`${directory}/${name}.csv`, files[name] ?? emptyRegistry(name));
    return directory;
  };
  const specs = emptyRegistry("specs_registry");
  const frameworks = `${FRAMEWORKS}\nFMWK-100,a,,,,\n`;

  test("reports a framework that no registry knows, once, and other open references as notes", () => {
    const directory = aPlane({
      frameworks_registry: frameworks,
      specs_registry: `${specs}SPEC-A,,FMWK-100,,,,\r\nSPEC-B,,FMWK-9,,,,\r\nSPEC-C,,FMWK-9,,,,\r\n`,
      packages_registry: packages({ id: "PKG-A", source_spec_id: "SPEC-NONE" }),
      packages_state: `${emptyRegistry("packages_state")}PKG-B,installed,,,ho3,,,\r\n`,
    });
    const findings = checkRegistries(fs, directory).filter((finding) => finding.code !== "REGISTRY_EMPTY");
    expect(findings.map((f) => [f.path, f.line, f.severity, f.message.replace(/^.*?: /, "")])).toEqual([
      [
        "registries/packages_registry.csv",
        2,
        "note",
        'source_spec_id "SPEC-NONE" is not in registries/specs_registry.csv',
      ],
      [
        "registries/packages_state.csv",
        2,
        "note",
        'package_id "PKG-B" is not in registries/packages_registry.csv',
      ],
      [
        "registries/specs_registry.csv",
        3,
        "error",
        'framework_id "FMWK-9" is not in registries/frameworks_registry.csv (in 2 rows)',
      ],
    ]);
    for (const finding of checkRegistries(fs, directory))
      expect(Finding.safeParse(finding).success).toBe(true);
  });

  test("does not hide an unreadable registry behind references into it", () => {
    const directory = aPlane({ frameworks_registry: "", specs_registry: `${specs}SPEC-A,,FMWK-100,,,,\r\n` });
    const codes = checkRegistries(fs, directory).map((finding) => finding.code);
    expect(codes).not.toContain("REGISTRY_REFERENCE_MISSING");
    expect(codes).toContain("REGISTRY_HEADER_INVALID");
  });

  test("names every registry of an empty directory as missing, and gives equal findings in every place", () => {
    const directory = freshPath();
    mkdirSync(directory);
    const findings = checkRegistries(fs, directory);
    expect(findings.map((f) => f.code)).toEqual(REGISTRY_NAMES.map(() => "REGISTRY_MISSING"));
    const other = freshPath();
    cpSync(directory, other, { recursive: true });
    expect(checkRegistries(fs, other)).toEqual(findings);
    rmSync(other, { recursive: true });
  });
});
