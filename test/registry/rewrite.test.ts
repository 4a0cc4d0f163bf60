import { createHash } from "node:crypto";
import { existsSync, statSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Row } from "../../src/contracts/index.ts";
import { readRegistry, rewriteRegistry } from "../../src/registry/index.ts";
import { csvCase } from "./csv-text.ts";
import { aFile, faultOf, freshPath, fs, rewritten } from "./plane.ts";

const HEADER = "file_path,owner_package_id,sha256,classification,installed_at";
const own = (file_path: string, owner_package_id = "PKG-A"): Row => ({ file_path, owner_package_id });

describe("rewriteRegistry() refuses", () => {
  const attempt = (
    content: string,
    upsert: readonly Row[],
  ): { code: string; left: boolean; message: string } => {
    const to = freshPath();
    const request = {
      name: "file_ownership",
      from: aFile(content),
      to,
      upsert,
      remove: [],
      insert: "end",
    } as const;
    const fault = faultOf(() => rewriteRegistry(fs, request));
    return { code: fault.code, left: existsSync(to), message: fault.message };
  };

  test.each([
    ["a formula", "=1+1"],
    ["a plus", "+1"],
    ["a minus", "-1"],
    ["an at sign", "@SUM"],
    ["a tab", "a\tb"],
    ["a newline", "a\nb"],
    ["a NUL", "a\0"],
    ["a C1 control", "a\u0085"],
    ["half a surrogate pair", "a\ud800"],
  ])("%s in a cell, naming the column", (_, text) => {
    const { message, ...rest } = attempt(`${HEADER}\n`, [{ file_path: "a", classification: text }]);
    expect(rest).toEqual({ code: "REGISTRY_CELL_UNSAFE", left: false });
    expect(message).toContain('the classification of "a"');
  });

  test("a column nobody knows, when it would lose a text", () => {
    expect(attempt(`${HEADER}\n`, [{ file_path: "a", colour: "red" }]).code).toBe("REGISTRY_COLUMN_UNKNOWN");
    expect(
      rewritten("file_ownership", `${HEADER}\n`, { upsert: [{ file_path: "a", colour: "" }] }).text,
    ).toBe(`${HEADER}\na,,,,\n`);
  });

  test("a damaged file, leaving no copy behind", () => {
    const { code, left } = attempt(`${HEADER}\na,b\nc,"d\n`, [own("a", "x")]);
    expect({ code, left }).toEqual({ code: "REGISTRY_DAMAGED", left: false });
  });

  test("to change a key that stands twice", () => {
    const { code, message } = attempt(`${HEADER}\na,1\nb,2\na,3\n`, [own("a", "x")]);
    expect(code).toBe("REGISTRY_KEY_DUPLICATE");
    expect(message).toContain("lines 2 and 4");
  });

  test("a target that exists, leaving it as it is", () => {
    const to = aFile("mine");
    const request = {
      name: "file_ownership",
      from: aFile(`${HEADER}\n`),
      to,
      upsert: [],
      remove: [],
      insert: "end",
    } as const;
    expect(() => rewriteRegistry(fs, request)).toThrow(/EEXIST/);
    expect(existsSync(to)).toBe(true);
  });

  test("the same key twice in one request, as our own bug", () => {
    const change = { upsert: [own("a"), own("a")] };
    expect(() => rewritten("file_ownership", `${HEADER}\n`, change)).toThrow(/asked for twice/);
    expect(() => rewritten("file_ownership", `${HEADER}\n`, { upsert: [own("a")], remove: [["a"]] })).toThrow(
      /twice/,
    );
    expect(() => rewritten("file_ownership", `${HEADER}\n`, { upsert: [{ owner_package_id: "x" }] })).toThrow(
      /no file_path/,
    );
  });
});

describe("rewriteRegistry()", () => {
  test("changes the cells given and no other byte of the row, its quoting and ending included", () => {
    const before = `\ufeff"notes",${HEADER}\r\n"n, 1","a","PKG-A",old,"code",t\nx,b,PKG-B,old,,\r\n`;
    const { text, result } = rewritten("file_ownership", before, {
      upsert: [{ file_path: "a", sha256: 'n"e,w' }],
    });
    expect(text).toBe(`\ufeff"notes",${HEADER}\r\n"n, 1","a","PKG-A","n""e,w","code",t\nx,b,PKG-B,old,,\r\n`);
    const sha256 = createHash("sha256").update(text).digest("hex");
    const size_bytes = Buffer.byteLength(text);
    expect(result).toEqual({ inserted: 0, updated: 1, removed: 0, kept: 1, size_bytes, sha256 });
  });

  test("keeps a row that has the wanted cells already", () => {
    const before = `${HEADER}\n"a","PKG-A",,,\nb,"PKG-A",,,\n`;
    const { text, result } = rewritten("file_ownership", before, { upsert: [own("a"), own("b")] });
    expect({ text, result }).toMatchObject({ text: before, result: { updated: 0, kept: 2 } });
  });

  test("fills a short row up to the header when it changes", () => {
    const { text } = rewritten("file_ownership", `${HEADER}\na\nb\n`, {
      upsert: [{ file_path: "b", sha256: "s" }],
    });
    expect(text).toBe(`${HEADER}\na\nb,,s,,\n`);
  });

  test("appends with the header's ending and ends the file as it ended", () => {
    const change = { upsert: [own("c")] };
    expect(rewritten("file_ownership", `${HEADER}\r\na\nb\n`, change).text).toBe(
      `${HEADER}\r\na\nb\nc,PKG-A,,,\r\n`,
    );
    expect(rewritten("file_ownership", `${HEADER}\na\nb`, change).text).toBe(`${HEADER}\na\nb\nc,PKG-A,,,`);
    expect(rewritten("file_ownership", HEADER, change).text).toBe(`${HEADER}\r\nc,PKG-A,,,`);
    expect(rewritten("file_ownership", `${HEADER}\na\nb`, { upsert: [own("b")] }).text).toBe(
      `${HEADER}\na\nb,PKG-A,,,`,
    );
  });

  test("adds a known column at the end when a text needs it, and only then", () => {
    const before = "\ufeffid,name\r\nPKG-A,a\r\nPKG-B,b\r\n";
    const none = rewritten("packages_registry", before, { upsert: [{ id: "PKG-B", tier: "" }] });
    expect(none.text).toBe(before);
    const { text } = rewritten("packages_registry", before, {
      upsert: [{ id: "PKG-B", tier: "T1" }, { id: "PKG-C" }],
    });
    expect(text).toBe("\ufeffid,name,tier\r\nPKG-A,a\r\nPKG-B,b,T1\r\nPKG-C,,\r\n");
    const rows = readRegistry(fs, aFile(text), "packages_registry");
    expect(rows.map((row) => row["tier"])).toEqual(["", "T1", ""]);
  });

  test("puts a row before the first greater key of a sorted file, by code point", () => {
    const change = {
      upsert: [own("\u{1f600}"), own("b"), own("0"), own("\uffee")],
      insert: "sorted",
    } as const;
    const { text, result } = rewritten("file_ownership", `${HEADER}\na\nb\nd\n\uffff\n`, change);
    const keys = text
      .split("\n")
      .slice(1)
      .map((line) => line.split(",")[0]);
    expect(keys).toEqual(["0", "a", "b", "d", "\uffee", "\uffff", "\u{1f600}", ""]);
    expect(result).toMatchObject({ inserted: 3, updated: 1, kept: 3 });
  });

  test("appends to a file that is not sorted", () => {
    const change = { upsert: [own("c"), own("b")], insert: "sorted" } as const;
    const { text } = rewritten("file_ownership", `${HEADER}\nd\na\n`, change);
    expect(text).toBe(`${HEADER}\nd\na\nc,PKG-A,,,\nb,PKG-A,,,\n`);
  });

  test("removes rows, passing over keys that are not there", () => {
    const { text, result } = rewritten("file_ownership", `${HEADER}\na\n"b"\nc`, {
      remove: [["b"], ["c"], ["x"]],
    });
    expect(text).toBe(`${HEADER}\na`);
    expect(result).toMatchObject({ removed: 2, kept: 1 });
  });

  test("writes mode 0644 under any umask", () => {
    const to = freshPath();
    const before = process.umask(0o077);
    try {
      const from = aFile(`${HEADER}\n`);
      rewriteRegistry(fs, { name: "file_ownership", from, to, upsert: [], remove: [], insert: "end" });
    } finally {
      process.umask(before);
    }
    expect(statSync(to).mode & 0o777).toBe(0o644);
  });

  test("removes its copy when the disk fills up", () => {
    const to = freshPath();
    const full = {
      ...fs,
      openWrite: (...args: Parameters<typeof fs.openWrite>) => ({
        ...fs.openWrite(...args),
        write: () => {
          throw Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
        },
      }),
    };
    const request = {
      name: "file_ownership",
      from: aFile(`${HEADER}\n`),
      to,
      upsert: [own("a")],
      remove: [],
      insert: "end",
    } as const;
    expect(() => rewriteRegistry(full, request)).toThrow("ENOSPC");
    expect(existsSync(to)).toBe(false);
  });
});

describe("rewriteRegistry() gives back the bytes from before, for any file,", () => {
  const newKeys = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}[A-Z]$/), { minLength: 1, maxLength: 4 });

  test.each(["end", "sorted"] as const)("when rows inserted (%s) are removed again", (insert) => {
    fc.assert(
      fc.property(
        csvCase("file_ownership", insert === "end" ? "any order" : "sorted"),
        newKeys,
        (csv, keys) => {
          const upsert = keys.map((key) => ({ file_path: key, owner_package_id: 'P,"Q"', notes: "n" }));
          const added = rewritten("file_ownership", csv.text, { upsert, insert });
          expect(added.result).toMatchObject({ inserted: keys.length, updated: 0, kept: csv.rows.length });
          expect(readRegistry(fs, aFile(added.text), "file_ownership")).toHaveLength(
            csv.rows.length + keys.length,
          );
          const back = rewritten("file_ownership", added.text, { remove: keys.map((key) => [key]), insert });
          expect(back.text).toBe(csv.text);
        },
      ),
      { seed: 42, numRuns: 120 },
    );
  });

  test("when nothing is asked for, and in every row that is not touched", () => {
    fc.assert(
      fc.property(csvCase("file_ownership", "any order"), fc.nat(), ({ text, rows }, pick) => {
        expect(rewritten("file_ownership", text, {}).text).toBe(text);
        const target = rows[pick % Math.max(1, rows.length)];
        if (target === undefined) return;
        const key = target["file_path"] ?? "";
        const change = { upsert: [{ file_path: key, sha256: "CHANGED" }] };
        const after = readRegistry(
          fs,
          aFile(rewritten("file_ownership", text, change).text),
          "file_ownership",
        );
        const expected = rows.map((row) => (row === target ? { ...row, sha256: "CHANGED" } : { ...row }));
        expect(after.map((row) => Object.entries(row))).toEqual(expected.map((row) => Object.entries(row)));
      }),
      { seed: 43, numRuns: 120 },
    );
  });
});

test("rewriteRegistry() writes nothing when `from` is missing", () => {
  const to = freshPath();
  const request = {
    name: "file_ownership",
    from: freshPath(),
    to,
    upsert: [],
    remove: [],
    insert: "end",
  } as const;
  expect(faultOf(() => rewriteRegistry(fs, request)).code).toBe("REGISTRY_MISSING");
  writeFileSync(to, "", { flag: "wx" });
});
