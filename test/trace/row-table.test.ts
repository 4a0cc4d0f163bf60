import { expect, test } from "vitest";
import { RowsByBytes } from "../../src/registry/index.ts";
import { RowTable } from "../../src/trace/row-table.ts";

const TEXT = [
  "framework_id,title,status,version,plane_id,created_at",
  "FMWK-300,third,active,1.0.0,ho3,2026-01-01T00:00:00Z",
  "FMWK-100,first,active,1.0.0,ho3,2026-01-01T00:00:00Z",
  "FMWK-200,second,active,1.0.0,ho3,2026-01-01T00:00:00Z",
  "",
].join("\n");

test("rows come in the file's order, whichever were asked for before", () => {
  const table = new RowTable(new RowsByBytes("frameworks_registry", Buffer.from(TEXT)));
  const in_order = ["FMWK-300", "FMWK-100", "FMWK-200"];
  expect(table.has("FMWK-200")).toBe(true);
  expect(table.has("FMWK-999")).toBe(false);
  expect([...table].map(([key]) => key)).toEqual(in_order);
  expect([...table.keys()]).toEqual(in_order);
});
