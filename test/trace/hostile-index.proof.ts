/** Whatever became of the index, or of files behind its back, a trace says what the files say. */
import {
  copyFileSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { TraceReport } from "../../src/contracts/index.ts";
import { linesAtPlaces, placesMentioning, rebuildIndex } from "../../src/index-db/index.ts";
import { ledgerStreams } from "../../src/plane/index.ts";
import { NO_FACTS } from "../../src/trace/facts.ts";
import { ask, explain } from "../../src/trace/index.ts";
import { type Answers, answersOf, aPast, SETTLED_MS } from "./indexed-past.ts";
import { entry, removePlanes, type TestPlane } from "./planes.ts";

afterAll(removePlanes);

let on: TestPlane;
let ids: readonly string[];
beforeEach(async () => {
  ({ on, ids } = await aPast());
  rebuild();
});

const rebuild = (): unknown =>
  rebuildIndex(on.effects, on.root, ledgerStreams(on.effects.fs, on.root), () => undefined);
const index = (end = ""): string => `${on.root}/.holdfast/cache/index.sqlite${end}`;
const PACKAGES = "ledger/packages.jsonl";

type Told = (TraceReport | string)[];

const FEW = ["PKG-T0-BASE-001", "modules", "lib/stray.txt", "SPEC-MID-001"];

/** One answer of each kind, or explanations of these subjects. */
async function told({ explained, asked }: Answers, subjects?: readonly string[]): Promise<Told> {
  const answers: Told = [];
  for (const subject of subjects ?? [
    "PKG-T0-BASE-001",
    "PKG-T1-GONE-001",
    "modules/base/core.py",
    "lib/stray.txt",
    "modules",
    ".",
    "SPEC-MID-001",
    "FMWK-100",
    "dave",
    "coer.py",
    ids[0] ?? "",
  ])
    answers.push(await explained(subject));
  if (subjects !== undefined) return answers;
  answers.push(await explained("PKG-T0-BASE-001", { at: ids[2] ?? "" }));
  answers.push(await asked({ ask: "impact", subject: "PKG-T0-BASE-001" }));
  answers.push(await asked({ ask: "impact", subject: "PKG-T0-BASE-001" }, { at: ids[2] ?? "" }));
  return answers;
}

const fromFiles = (subjects?: readonly string[]): Promise<Told> =>
  told(answersOf(on, { facts: NO_FACTS }), subjects);

/** Twice: an index made anew on the way is asked too. */
async function same(subjects?: readonly string[]): Promise<Told> {
  const read = await fromFiles(subjects);
  for (const _ of [1, 2]) expect(await told(answersOf(on, {}), subjects)).toEqual(read);
  return read;
}

function inIndex(sql: string): void {
  const database = new DatabaseSync(index());
  try {
    database.exec(sql);
  } finally {
    database.close();
  }
}

/** All in the main file, as when the last process left it. */
const settleIndex = (): void => inIndex("PRAGMA wal_checkpoint(TRUNCATE)");

describe("an index that is not this plane's own sound one", () => {
  test("of another plane with the same packages", async () => {
    const here = on;
    const other = await aPast();
    other.on.write("modules/base/core.py", "# other\n");
    other.on.register("PKG-T3-OTHER-001");
    other.on.install({ id: "PKG-T3-OTHER-001", files: { "modules/other/x": "x" } });
    await setTimeout(SETTLED_MS);
    rebuildIndex(
      other.on.effects,
      other.on.root,
      ledgerStreams(other.on.effects.fs, other.on.root),
      () => undefined,
    );
    on = here;
    settleIndex();
    copyFileSync(`${other.on.root}/.holdfast/cache/index.sqlite`, index());
    await same();
  });

  test("cut at any place", async () => {
    settleIndex();
    const { size } = statSync(index());
    for (const part of [0, 0.1, 0.4, 0.7, 0.99]) {
      rebuild();
      settleIndex();
      truncateSync(index(), Math.floor(size * part));
      await same(FEW);
    }
  });

  test("with a page of it overwritten, whichever", async () => {
    settleIndex();
    const bytes = readFileSync(index());
    const read = await fromFiles(FEW);
    const page = bytes.readUInt16BE(16);
    for (let at = 0; at < bytes.length; at += page) {
      const fill = (at / page) % 2 === 0 ? 0xff : 0;
      for (const end of ["-wal", "-shm"]) rmSync(index(end), { force: true });
      writeFileSync(
        index(),
        Buffer.concat([bytes.subarray(0, at), Buffer.alloc(page, fill), bytes.subarray(at + page)]),
      );
      expect(await told(answersOf(on, {}), FEW), `page at ${at}`).toEqual(read);
    }
  });

  test.each([
    ["a head that is no JSON", "UPDATE head SET head = substr(head, 2)"],
    ["a head of another shape", "UPDATE head SET head = replace(head, 'dependencies', 'dependents')"],
    [
      "states of receipts that are cut",
      "UPDATE source SET digest = substr(digest, 1, 10) WHERE name = 'receipt_states'",
    ],
    ["a table that is gone", "DROP TABLE need"],
    ["a stream that claims less", "DELETE FROM stream"],
  ])("with %s", async (_, sql) => {
    await told(answersOf(on, {}), FEW);
    inIndex(sql);
    await same(FEW);
  });

  test("with a log beside it whose file was taken away", async () => {
    const open = new DatabaseSync(index());
    open.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; BEGIN");
    rebuildlessWrite(open);
    const log = readFileSync(index("-wal"));
    open.close();
    expect(log.length).toBeGreaterThan(0);
    rmSync(index());
    rmSync(index("-shm"), { force: true });
    writeFileSync(index("-wal"), log);
    await same();
  });

  test("that another process holds, or takes away between two questions", async () => {
    const other = new DatabaseSync(index());
    other.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    await same();
    other.exec("COMMIT");
    other.close();
    const read = await fromFiles();
    const { databases } = on.effects;
    const taking = {
      ...on.effects,
      databases: {
        open: (path: string, layout: Parameters<typeof databases.open>[1]) => {
          const database = databases.open(path, layout);
          for (const end of ["", "-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
          return database;
        },
      },
    };
    const answers: Answers = {
      explained: (subject, options = {}) => explain(taking, on.plane, subject, options).catch(codeOf),
      asked: (question, options = {}) => ask(taking, on.plane, question, options).catch(codeOf),
    };
    expect(await told(answers)).toEqual(read);
    expect(existsSync(index())).toBe(false);
  });
});

const codeOf = (error: { code?: string; message: string }): string => `${error.code}: ${error.message}`;

/** Pages in the log and not in the file. */
function rebuildlessWrite(open: DatabaseSync): void {
  open.exec("UPDATE owner SET package_id = 'PKG-FROM-LOG'; UPDATE head SET version = '9.9.9'; COMMIT");
}

describe("files changed behind its back", () => {
  /** Same size, and the time of the change put back. */
  function edit(path: string, from: string, to: string): void {
    const file = `${on.root}/${path}`;
    const { atime, mtime } = statSync(file);
    const text = readFileSync(file, "utf8");
    expect(text).toContain(from);
    expect(to.length).toBe(from.length);
    writeFileSync(file, text.replace(from, to));
    utimesSync(file, atime, mtime);
  }

  test.each([
    ["a receipt", "installed/PKG-T0-BASE-001/receipt.json", "alice", "mally"],
    ["a manifest", "installed/PKG-T1-MID-001/manifest.json", "^1.0.0", "^2.0.0"],
    ["the registry of packages", "registries/packages_registry.csv", "PKG-T0-BASE-001", "PKG-T0-BASE-002"],
    ["the registry of owners", "registries/file_ownership.csv", "lib/stray.txt", "lib/strax.txt"],
    ["the registry of specs", "registries/specs_registry.csv", "The middle", "The muddle"],
    ["an early line of the ledger", PACKAGES, "carol smith", "mally smith"],
    ["the subject of a line of the ledger", PACKAGES, "PKG-T1-GONE-001", "PKG-T0-BASE-001"],
  ])("%s", async (_, path, from, to) => {
    const before = await told(answersOf(on, {}));
    edit(path, from, to);
    expect(await same()).not.toEqual(before);
  });

  const appended = (file: string): void => {
    const last = readFileSync(file, "utf8").trimEnd().split("\n").at(-1);
    writeFileSync(file, `${readFileSync(file, "utf8")}${last}\n`);
  };

  test.each([
    ["made to name what it did not", /PKG-T1-GONE-001/g, "PKG-T0-BASE-001", "", ""],
    ["made longer, a later one shorter", "carol smith", "carol s. smith", "dave", "d"],
    ["made longer", "carol smith", "carol s. smith", "", ""],
  ])("an early line of the ledger %s, before it grew", async (_, early, other, late, shorter) => {
    const file = `${on.root}/${PACKAGES}`;
    await told(answersOf(on, {}));
    const text = readFileSync(file, "utf8").replace(early, other).replace(late, shorter);
    expect(text).not.toBe(readFileSync(file, "utf8"));
    writeFileSync(file, text);
    appended(file);
    await setTimeout(SETTLED_MS);
    await same();
  });

  const BIG_ID = (at: number): string => `LED-${String(at).padStart(32, "0")}`;
  const linesWith = (effects: typeof on.effects, text: string): unknown =>
    placesMentioning(effects, on.root, [PACKAGES], text)?.flatMap((places) => [
      ...linesAtPlaces(effects.fs, on.root, places, text),
    ]);

  test("lines that moved within a ledger too long to be read again are not taken for others", async () => {
    const file = `${on.root}/${PACKAGES}`;
    const lines = Array.from({ length: 30_000 }, (_, at) =>
      JSON.stringify({ id: BIG_ID(at), submission_id: "x", metadata: { note: "n".repeat(240) } }),
    );
    writeFileSync(file, `${lines.join("\n")}\n`);
    await setTimeout(SETTLED_MS);
    rebuild();
    expect(statSync(file).size).toBeGreaterThan(8 << 20);
    const wanted = BIG_ID(20_000);
    const found = [{ stream: PACKAGES, line: 20_001, text: lines[20_000] }];
    expect(linesWith(on.effects, wanted)).toEqual(found);
    appended(file);
    expect(linesWith(on.effects, wanted)).toEqual(found);
    const moved = lines.with(10, `${lines[10]}  `).with(25_000, (lines[25_000] ?? "").replace("nn", ""));
    writeFileSync(file, `${[...moved, lines.at(-1), lines.at(-1), lines.at(-1)].join("\n")}\n`);
    expect(linesWith(on.effects, wanted)).toBeUndefined();
    expect(await explain(on.effects, on.plane, wanted)).toEqual(
      await explain(on.effects, on.plane, wanted, { facts: NO_FACTS }),
    );
  });

  test("a line of the ledger within the tick in which it was read", () => {
    const tick_ns = 40_000_000n;
    const { fs } = on.effects;
    const coarse = {
      ...on.effects,
      fs: {
        ...fs,
        stat(path: string) {
          const stat = fs.stat(path);
          return stat === undefined ? undefined : { ...stat, ctime_ns: (stat.ctime_ns / tick_ns) * tick_ns };
        },
      },
    };
    const file = `${on.root}/${PACKAGES}`;
    const text = readFileSync(file, "utf8");
    const names = ["PKG-T1-GONA-001", "PKG-T1-GONB-001"] as const;
    for (let round = 0; round < 60; round++) {
      const [is, was] = round % 2 === 0 ? names : names.toReversed();
      writeFileSync(file, text.replaceAll("PKG-T1-GONE-001", is ?? ""));
      utimesSync(file, new Date(0), new Date(0));
      expect(linesWith(coarse, is ?? "")).toHaveLength(2);
      expect(linesWith(coarse, was ?? "")).toEqual([]);
    }
  });

  test("by two processes that read the same new lines at once", async () => {
    await told(answersOf(on, {}));
    await on.append(PACKAGES, entry("noted", "PKG-T0-BASE-001", { user: "erin" }));
    await setTimeout(SETTLED_MS);
    const { databases } = on.effects;
    let is_first = true;
    const late = {
      ...on.effects,
      databases: {
        open: (...given: Parameters<typeof databases.open>) => {
          const database = databases.open(...given);
          if (database === undefined) return undefined;
          const change: typeof database.change = (work) => {
            if (is_first) linesWith({ ...on.effects, databases: { ...databases } }, "PKG-T0-BASE-001");
            is_first = false;
            return database.change(work);
          };
          return { ...database, change };
        },
      },
    };
    linesWith(late, "PKG-T0-BASE-001");
    expect(is_first).toBe(false);
    await same();
  });
});
