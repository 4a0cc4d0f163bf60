/** The index and the registry are the same only row by row: texts that read alike are not enough. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { sameOwners } from "../../src/index-db/owner-rows.ts";
import { emptyRegistry } from "../../src/registry/index.ts";

type Rows = readonly (readonly [path: string | Uint8Array, owner: string])[];

const HEADER = emptyRegistry("file_ownership");
const written = (rows: Rows): string =>
  HEADER + rows.map(([path, owner]) => `${String(path)},${owner},sha256:00,code,2026\r\n`).join("");

function same(text: string, rows: Rows): boolean {
  const top = mkdtempSync(join(tmpdir(), "owners-"));
  const database = new DatabaseSync(":memory:");
  onTestFinished(() => {
    database.close();
    rmSync(top, { recursive: true });
  });
  database.exec("CREATE TABLE owner (path TEXT PRIMARY KEY, package_id TEXT NOT NULL) WITHOUT ROWID");
  const insert = database.prepare("INSERT INTO owner VALUES (?, ?)");
  for (const [path, owner] of rows) insert.run(path, owner);
  writeFileSync(join(top, "owners.csv"), text);
  return sameOwners(nodeEffects().fs, join(top, "owners.csv"), {
    all: (sql, ...cells) => database.prepare(sql).all(...cells) as never,
    run: () => undefined,
    change: (work) => work(),
    close: () => undefined,
  });
}

const A = ["a", "P"] as const;
const B = ["b", "Q"] as const;
const MANY = Array.from({ length: 2_500 }, (_, at): Rows[number] => [
  `m/${String(at).padStart(5, "0")}`,
  "P",
]);

test.each([
  ["none", []],
  ["one", [A]],
  ["many", MANY],
])("the same rows: %s", (_what, rows: Rows) => {
  expect(same(written(rows), rows)).toBe(true);
});

test.each<readonly [string, Rows]>([
  ["one row that reads like the two", [["a,P\nb", "Q"]]],
  ["one row less", [A]],
  ["one row more", [A, B, ["c", "R"]]],
  ["another owner", [A, ["b", "P"]]],
  ["a path of bytes", [A, [Buffer.from("b"), "Q"]]],
])("other rows: %s", (_what, rows) => {
  expect(same(written([A, B]), rows)).toBe(false);
});

test.each([
  ["a lone newline", `${HEADER}a,P\nb,Q,sha256:00,code,2026\r\n`],
  ["one byte", "f"],
  ["nothing", ""],
  ["no end", written([A, B]).slice(0, -2)],
  ["another order", written([B, A])],
  ["a quote", written([["a", "P"], B]).replace("a,P", '"a",P')],
])("a registry that is written otherwise is left to be looked up row by row: %s", (_what, text) => {
  expect(same(text, [A, B])).toBe(false);
});

test("two thousand rows that are one less by a merged pair are other rows", () => {
  const [first, second, ...rest] = MANY;
  const merged = `${String(first?.[0])},P\n${String(second?.[0])}`;
  expect(same(written(MANY), [[merged, "P"], ...rest])).toBe(false);
});
