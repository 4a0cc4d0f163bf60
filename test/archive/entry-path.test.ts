import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { archiveFaults, checkEntryPath, checkEntryPaths } from "../../src/archive/index.ts";

const code = (path: string): string | undefined => checkEntryPath(path)?.code;

describe("checkEntryPath()", () => {
  test.each([
    ["", "ARCHIVE_PATH_EMPTY"],
    ["/a", "ARCHIVE_PATH_ABSOLUTE"],
    ["//host/share", "ARCHIVE_PATH_ABSOLUTE"],
    ["C:", "ARCHIVE_PATH_DRIVE"],
    ["c:/a", "ARCHIVE_PATH_DRIVE"],
    ["a/z:b", "ARCHIVE_PATH_DRIVE"],
    ["a\\b", "ARCHIVE_PATH_BACKSLASH"],
    ["a\0b", "ARCHIVE_PATH_NUL"],
    ["a\nb", "ARCHIVE_PATH_CONTROL"],
    ["a\u007f", "ARCHIVE_PATH_CONTROL"],
    ["a\u0085", "ARCHIVE_PATH_CONTROL"],
    ["a\u2028b", "ARCHIVE_PATH_CONTROL"],
    ["\ufeffa", "ARCHIVE_PATH_CONTROL"],
    ["a\ud800", "ARCHIVE_PATH_ENCODING"],
    ["\udc00a", "ARCHIVE_PATH_ENCODING"],
    ["..", "ARCHIVE_PATH_PARENT"],
    ["a/..", "ARCHIVE_PATH_PARENT"],
    [".", "ARCHIVE_PATH_DOT"],
    ["./a", "ARCHIVE_PATH_DOT"],
    ["a//b", "ARCHIVE_PATH_EMPTY_SEGMENT"],
    ["a/", "ARCHIVE_PATH_EMPTY_SEGMENT"],
    ["a.", "ARCHIVE_PATH_TRAILING"],
    ["...", "ARCHIVE_PATH_TRAILING"],
    ["a /b", "ARCHIVE_PATH_TRAILING"],
    ["nul", "ARCHIVE_PATH_RESERVED"],
    ["a/Com1.txt", "ARCHIVE_PATH_RESERVED"],
    ["LPT¹", "ARCHIVE_PATH_RESERVED"],
    ["aux .c", "ARCHIVE_PATH_RESERVED"],
    ["conin$", "ARCHIVE_PATH_RESERVED"],
    ["u\u0308", "ARCHIVE_PATH_NOT_NFC"],
    ["é".repeat(128), "ARCHIVE_PATH_SEGMENT_LONG"],
    [`${"a".repeat(200)}/`.repeat(6) + "a", "ARCHIVE_PATH_LONG"],
    [`${"a/".repeat(32)}a`, "ARCHIVE_PATH_DEEP"],
  ])("refuses %j with %s", (path, expected) => {
    expect(code(path)).toBe(expected);
  });

  test.each([
    "a",
    "a/b.c/d-e_f",
    ".gitignore",
    "a/..b",
    "a..b",
    "console.py",
    "com10",
    "nully/aux1",
    "ü/日本語.md",
    "a b/c",
    "ab:c",
    "__proto__",
    "👩‍💻.md",
    "a".repeat(255),
    `${"a/".repeat(31)}a`,
  ])("accepts %j", (path) => {
    expect(checkEntryPath(path)).toBeUndefined();
  });

  test("names the path and a next step in every fault", () => {
    expect(checkEntryPath("a/../b")).toMatchObject({
      code: "ARCHIVE_PATH_PARENT",
      message: 'path "a/../b" has a ".." segment',
      next_step: 'Rename a/../b in the package\'s source and pack it again; "pkg pack --help" shows how.',
      details: { path: "a/../b" },
      exit_code: 3,
    });
  });

  test("never throws, and what it accepts stays below its root", () => {
    const piece = fc.constantFrom(
      "a",
      "..",
      ".",
      "",
      "/",
      "\\",
      "C:",
      "\0",
      "nul",
      "é",
      "e\u0301",
      "\ud83d",
      " ",
      ".x",
      "b",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.array(piece).map((parts) => parts.join("/")),
        ),
        (path) => {
          if (checkEntryPath(path) !== undefined) return;
          const url = new URL(
            encodeURI(path).replaceAll("?", "%3F").replaceAll("#", "%23"),
            "file:///plane/",
          );
          expect(url.pathname.startsWith("/plane/")).toBe(true);
          expect(
            path.split("/").every((segment) => segment !== "" && segment !== "." && segment !== ".."),
          ).toBe(true);
        },
      ),
      { seed: 7, numRuns: 2000 },
    );
  });
});

describe("checkEntryPaths()", () => {
  const found = (...paths: string[]): unknown[][] =>
    checkEntryPaths(paths).map((fault) => [fault.code, fault.details["path"]]);

  test("accepts paths that share directories", () => {
    expect(found("a/b/c", "a/b/d", "a/e", "f", "__proto__/x", "constructor")).toEqual([]);
  });

  test("lists every problem, sorted by path", () => {
    expect(found("z", "z", "../x", "A/b", "a/c", "d", "d/e", "Ｆ", "f")).toEqual([
      ["ARCHIVE_PATH_PARENT", "../x"],
      ["ARCHIVE_PATH_COLLISION", "a"],
      ["ARCHIVE_PATH_FILE_AND_DIRECTORY", "d"],
      ["ARCHIVE_PATH_COLLISION", "f"],
      ["ARCHIVE_PATH_DUPLICATE", "z"],
    ]);
  });

  test.each([
    ["ß", "ss"],
    ["ſ", "S"],
    ["K", "k"],
    ["ﬃ", "FFI"],
    ["Σ", "ς"],
    ["a\u00adb", "ab"],
    ["①", "1"],
    ["x/Y", "X/y"],
  ])("sees that %j and %j are one name somewhere", (a, b) => {
    expect(found(a, b).map(([found_code]) => found_code)).toEqual(["ARCHIVE_PATH_COLLISION"]);
    expect(found(b, a).map(([found_code]) => found_code)).toEqual(["ARCHIVE_PATH_COLLISION"]);
  });
});

test("every fault of the room has a next step that names a command", () => {
  for (const [name, kind] of Object.entries(archiveFaults)) {
    const details = { path: "a b", archive: "x y.tar.gz", destination: "/d", expected: "e", actual: "f" };
    expect(kind.next_step(details), name).toMatch(/^[A-Z].*"(pkg|sha256sum|ls|df) .*\.$/s);
  }
});
