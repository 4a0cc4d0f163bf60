/** A ledger of which more is missing in the index than one command reads into it. */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, expect, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import {
  holdingIndex,
  linesAtPlaces,
  type PackageChange,
  packageChange,
  packageChanges,
  placesMentioning,
} from "../../src/index-db/index.ts";
import { linesHolding } from "../../src/ledger/index.ts";
import { temporaryFolder } from "../support/tree.ts";

const STREAM = "ledger/packages.jsonl";
const LINE_BYTES = 430;
/** Three steps, and the end of a fourth. */
const LINES = 16_000;
const TEXTS = ["PKG-T2-N00097-001", "LED-00000000000000000000000000000007", "LED-none", "ann", "nobody"];

const effects = nodeEffects();
let root: string;
let path: string;

function lineOf(number: number): string {
  const changes = number % 97 === 0;
  const entry = {
    decision: "ALLOWED",
    event_type: changes ? (number % 2 === 0 ? "INSTALLED" : "UNINSTALLED") : "REQUEST",
    id: `LED-${String(number).padStart(32, "0")}`,
    metadata: { user: number % 333 === 0 ? "ann" : `user ${number}`, version: "1.0.0", filler: "" },
    reason: "as asked",
    submission_id: changes ? `PKG-T2-N${String(number % 970).padStart(5, "0")}-001` : "REQ",
    timestamp: "2026-11-01T08:00:00.000000+00:00",
  };
  entry.metadata.filler = "x".repeat(LINE_BYTES - JSON.stringify(entry).length);
  return `${JSON.stringify(entry)}\n`;
}
const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, index) => lineOf(from + index)).join("");

/** How many lines the index knows. */
function indexedLines(): number {
  const database = new DatabaseSync(join(root, ".holdfast/cache/index.sqlite"), { readOnly: true });
  const row = database.prepare("SELECT lines FROM stream WHERE name = ?").get(STREAM);
  database.close();
  return Number(row?.["lines"] ?? 0);
}

/** Asks everything, and holds it against all lines. Returns how many were found. */
function agree(): number {
  const all = readFileSync(path, "utf8").trimEnd().split("\n");
  let found_count = 0;
  for (const text of TEXTS) {
    const expected = all.flatMap((line, index) => (line.includes(`"${text}"`) ? [index + 1] : []));
    for (const direction of ["forwards", "backwards"] as const) {
      const [places] = placesMentioning(effects, root, [STREAM], text) ?? [];
      if (places === undefined) throw new Error("the index does not say");
      const found = [...linesAtPlaces(effects.fs, root, places, text, direction)];
      const numbers = found.flatMap((one) => (one.text.includes(`"${text}"`) ? [one.line] : []));
      expect(numbers, text).toEqual(direction === "forwards" ? expected : expected.toReversed());
      for (const one of found) expect(one.text).toBe(all[one.line - 1]);
    }
    found_count += expected.length;
  }
  let offset = 0;
  const changes: (PackageChange & { line: number; offset: number })[] = [];
  for (const [index, line] of all.entries()) {
    const change = packageChange(JSON.parse(line) as Record<string, unknown>);
    if (change !== undefined) changes.push({ ...change, line: index + 1, offset });
    offset += line.length + 1;
  }
  expect(packageChanges(effects, root, STREAM)).toEqual(changes);
  return found_count + changes.length;
}
const command = (work: () => void): Promise<void> => holdingIndex(effects, root, async () => work());

beforeEach(() => {
  root = temporaryFolder();
  path = join(root, STREAM);
  mkdirSync(join(root, "ledger"));
  writeFileSync(path, lines(1, LINES));
});

test("each command reads a step of it, and finds in the rest what the index does not know", async () => {
  const known = [0];
  let compared = 0;
  while ((known.at(-1) ?? 0) < LINES - 1 && known.length < 10) {
    await command(() => {
      compared += agree();
    });
    known.push(indexedLines());
  }
  expect(known.length).toBeGreaterThan(2);
  expect(known.at(-1)).toBe(LINES - 1);
  expect(known).toEqual(known.toSorted((a, b) => a - b));
  expect(new Set(known).size).toBe(known.length);

  // Whoever comes after many others have written reads on from there.
  appendFileSync(path, lines(LINES, 2 * LINES));
  await command(() => {
    compared += agree();
  });
  expect(indexedLines()).toBeGreaterThan(LINES);
  expect(indexedLines()).toBeLessThan(2 * LINES - 1);
  expect(compared).toBeGreaterThan(800);
});

test("one that another wrote meanwhile, or that was edited, is not taken for the one that was read", async () => {
  await command(() => agree());
  const part = indexedLines();
  expect(part).toBeLessThan(LINES - 1);
  // Another process reads on while this one has its index open.
  await command(() => {
    agree();
    void placesMentioning(nodeEffects(), root, [STREAM], "ann");
    agree();
  });
  const edited = readFileSync(path, "utf8").replace(
    "LED-00000000000000000000000000000007",
    `LED-${"7".repeat(32)}`,
  );
  writeFileSync(path, edited);
  const text = `LED-${"7".repeat(32)}`;
  const places = placesMentioning(effects, root, [STREAM], text);
  const found = places?.flatMap((one) => [...linesAtPlaces(effects.fs, root, one, text)]);
  // It may leave the question to the files; what it says is so.
  expect(found ?? [...linesHolding(effects.fs, path, [text])]).toMatchObject([{ line: 7 }]);
});
