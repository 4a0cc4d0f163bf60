import { symlinkSync } from "node:fs";
import fc from "fast-check";
import Papa from "papaparse";
import { describe, expect, test } from "vitest";
import { REGISTRY_COLUMNS } from "../../src/contracts/index.ts";
import { compareCodePoints } from "../../src/kernel/index.ts";
import {
  emptyRegistry,
  findRow,
  joinKey,
  readHeader,
  readRegistry,
  rowKey,
  scanRows,
} from "../../src/registry/index.ts";
import { csvCase } from "./csv-text.ts";
import { aFile, faultOf, freshPath, fs } from "./plane.ts";

const SPECS = "spec_id,title,framework_id,status,version,plane_id,created_at";
const plain = (rows: readonly object[]): unknown =>
  rows.map((row) => Object.entries(row).sort(([a], [b]) => compareCodePoints(a, b)));

describe("readRegistry()", () => {
  test.each([
    ["an empty file", "", 1, 1],
    ["a file of a lone newline", "\n", 1, 1],
    ["a header without the key column", "title,status\nx,y\n", 1, 1],
    ["a doubled column", "spec_id,title,title\n", 1, 15],
    ["a stray quote", `${SPECS}\r\nS-1,ti"tle\r\n`, 2, 7],
    ["text after a closing quote", `${SPECS}\r\nS-1,"title"x"y\r\n`, 2, 11],
    ["an open quote", `${SPECS}\r\nS-1,b\r\nS-2,"title\r\nS-3,x\r\n`, 3, 5],
    ["a NUL", `${SPECS}\nS-1,"é\0"\n`, 2, 7],
    ["a bare carriage return", `${SPECS}\nS-1,a\rS-2\n`, 2, 6],
    ["a carriage return as last byte", `${SPECS}\nS-1,a\r`, 2, 6],
    ["too many cells", `${SPECS}\nS-1,"a\nb",,,,,,8\n`, 3, 9],
    ["bytes that are not UTF-8", Buffer.from(`${SPECS}\nS-1,\xff\n`, "latin1"), 2, 5],
    ["half a surrogate pair in bytes", Buffer.from(`${SPECS}\nS-1,\xed\xa0\x80\n`, "latin1"), 2, 5],
  ])("refuses %s with line and column", (_, content, line, column) => {
    const fault = faultOf(() => readRegistry(fs, aFile(content), "specs_registry"));
    expect(fault).toMatchObject({ code: "REGISTRY_DAMAGED", exit_code: 4, details: { line, column } });
    expect(fault.message).toContain(`registries/specs_registry.csv`);
    expect(fault.message).toContain(`line ${line}, column ${column}`);
  });

  test("refuses a missing file, a directory and a symlink", () => {
    const link = freshPath();
    symlinkSync(aFile(`${SPECS}\n`), link);
    const codes = [freshPath(), "/tmp", link].map(
      (path) => faultOf(() => readRegistry(fs, path, "specs_registry")).code,
    );
    expect(codes).toEqual(["REGISTRY_MISSING", "REGISTRY_UNREADABLE", "REGISTRY_UNREADABLE"]);
    const device = faultOf(() => readRegistry(fs, "/dev/null", "specs_registry"));
    expect(device.message).toContain("is a device, pipe or socket, not a regular file");
  });

  test("stops at a quote that is not closed within the row limit, wherever the file ends", () => {
    const path = aFile(`${SPECS}\nS-1,"${"x\n".repeat(2_000_000)}`);
    expect(faultOf(() => readRegistry(fs, path, "specs_registry")).details).toMatchObject({
      line: 2,
      column: 5,
    });
  });

  test("refuses a row longer than the limit", () => {
    const path = aFile(`${SPECS}\nS-1,${"x".repeat(3_000_000)}\n`);
    expect(faultOf(() => readRegistry(fs, path, "specs_registry")).message).toContain("longer than 1 MiB");
  });

  test("reads cells as papaparse does and as they were written, for any file", () => {
    fc.assert(
      fc.property(csvCase("specs_registry", "any order"), ({ text, rows }) => {
        const path = aFile(text);
        expect(plain(readRegistry(fs, path, "specs_registry"))).toEqual(plain(rows));
        for (const row of scanRows(fs, path, "specs_registry")) {
          const line = row.bytes.toString().replace(/\r?\n$/, "");
          const oracle = Papa.parse<string[]>(line, { header: false, delimiter: ",", newline: "\n" });
          expect(oracle.errors).toEqual([]);
          const columns = readHeader(fs, path, "specs_registry").columns;
          const cells = row.cells();
          expect(columns.map((column) => cells[column])).toEqual(
            columns.map((_, index) => oracle.data[0]?.[index] ?? ""),
          );
        }
      }),
      { seed: 20_261_121, numRuns: 200 },
    );
  });

  test("reads a row wherever the end of a read falls inside it", () => {
    const tail = 'S-1,"a ""q"" 你\r\n好",FMWK-1\r\nS-2,é,,\n';
    for (let shift = 0; shift <= Buffer.byteLength(tail) + 1; shift++) {
      const head = `${SPECS}\r\nS-0,`;
      // The tail lies across the end of the first mebibyte, one byte further each time.
      const filler = "x".repeat(300_000);
      const rows = `${head}${filler}\r\nS-x,${filler}\r\nS-y,${filler}\r\nS-z,`;
      const pad = "x".repeat((1 << 20) - rows.length - 2 - shift);
      const path = aFile(`${rows}${pad}\r\n${tail}`);
      const read = readRegistry(fs, path, "specs_registry").slice(4);
      expect(read.map((row) => [row["spec_id"], row["title"], row["framework_id"]])).toEqual([
        ["S-1", 'a "q" 你\r\n好', "FMWK-1"],
        ["S-2", "é", ""],
      ]);
    }
  });

  test("takes a column named __proto__ or constructor for a column", () => {
    const [row] = readRegistry(fs, aFile("spec_id,__proto__,constructor\nS,p,c\n"), "specs_registry");
    expect(Object.entries(row ?? {}).slice(0, 3)).toEqual([
      ["spec_id", "S"],
      ["__proto__", "p"],
      ["constructor", "c"],
    ]);
    expect("toString" in (row ?? {})).toBe(false);
  });
});

test("readHeader() keeps the order, names what is missing and the line ending", () => {
  const header = readHeader(fs, aFile("\ufeffnotes,spec_id,title,,\nx\n"), "specs_registry");
  expect(header).toMatchObject({ columns: ["notes", "spec_id", "title", "", ""], line_ending: "\n" });
  expect(header.missing).toEqual(["framework_id", "status", "version", "plane_id", "created_at"]);
});

describe("scanRows()", () => {
  test("counts physical lines through quoted newlines and blank lines, and closes when left early", () => {
    const path = aFile(`\ufeff${SPECS}\r\nA,"1\n2\r\n3"\r\n\r\nB\nC`);
    const rows = Array.from(scanRows(fs, path, "specs_registry"), (row) => [
      row.key,
      row.line,
      row.bytes.toString(),
    ]);
    expect(rows).toEqual([
      ["A", 2, 'A,"1\n2\r\n3"\r\n'],
      ["B", 6, "B\n"],
      ["C", 7, "C"],
    ]);
    for (const row of scanRows(fs, path, "specs_registry")) if (row.key === "A") break;
  });
});

describe("findRow()", () => {
  const STATE = "package_id,status,manifest_hash,package_type,plane_id\n";
  test("needs every key column to agree, quoted or not", () => {
    const path = aFile(`${STATE}A,x,,,ho3\n"A",y,,,"ho2"\n"A""",z,,,ho3\nAB,v,,,ho3\nC\n`);
    const status = (...key: string[]): unknown => {
      const found = findRow(fs, path, "packages_state", key);
      return found === undefined ? undefined : [found.row["status"], found.line];
    };
    expect(status("A", "ho3")).toEqual(["x", 2]);
    expect(status("A", "ho2")).toEqual(["y", 3]);
    expect(status('A"', "ho3")).toEqual(["z", 4]);
    expect(status("C", "")).toEqual(["", 6]);
    expect(status("C", "ho3")).toBeUndefined();
    expect(status("A", "ho1")).toBeUndefined();
    expect(status("A", "")).toBeUndefined();
    expect(status("B", "ho3")).toBeUndefined();
  });

  test("finds what scanRows() finds, for any file", () => {
    fc.assert(
      fc.property(csvCase("file_ownership", "any order"), ({ text, rows }) => {
        const path = aFile(text);
        for (const scanned of scanRows(fs, path, "file_ownership")) {
          const found = findRow(fs, path, "file_ownership", [scanned.key]);
          expect(found?.line).toBe(scanned.line);
          expect(rowKey("file_ownership", found?.row ?? {})).toBe(scanned.key);
        }
        expect(rows.some((row) => row["file_path"] === "zz")).toBe(false);
        expect(findRow(fs, path, "file_ownership", ["zz"])).toBeUndefined();
      }),
      { seed: 7, numRuns: 100 },
    );
  });
});

test("rowKey() and joinKey() agree for keys of several columns", () => {
  expect(rowKey("packages_state", { package_id: "A", plane_id: "ho1" })).toBe(joinKey(["A", "ho1"]));
});

test("emptyRegistry() is the header of the format, ended by CRLF", () => {
  expect(emptyRegistry("file_ownership")).toBe(
    "file_path,owner_package_id,sha256,classification,installed_at\r\n",
  );
  const path = aFile(emptyRegistry("packages_registry"));
  expect(readHeader(fs, path, "packages_registry").columns).toEqual(REGISTRY_COLUMNS.packages_registry);
  expect(readRegistry(fs, path, "packages_registry")).toEqual([]);
});
