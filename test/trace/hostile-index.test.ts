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
import { rebuildIndex } from "../../src/index-db/index.ts";
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

  test("an early line made longer or shorter before the ledger grew by a sound one", async () => {
    const file = `${on.root}/${PACKAGES}`;
    for (const name of ["somebody of a longer name", "c"]) {
      await told(answersOf(on, {}));
      writeFileSync(file, readFileSync(file, "utf8").replace(/"user":"[^"]*"/, `"user":"${name}"`));
      await on.append(PACKAGES, entry("noted", "PKG-T2-TOP-001", { user: "dave" })).catch(() => {
        const last = readFileSync(file, "utf8").trimEnd().split("\n").at(-1);
        writeFileSync(file, `${readFileSync(file, "utf8")}${last}\n`);
      });
      await setTimeout(SETTLED_MS);
      await same();
    }
  });

  test("a line of the ledger within the tick in which it was read", async () => {
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
    let differed = 0;
    let before = "";
    for (let round = 0; round < 30; round++) {
      writeFileSync(
        file,
        text.replaceAll("PKG-T1-GONE-001", `PKG-T1-GON${String.fromCodePoint(65 + (round % 26))}-001`),
      );
      utimesSync(file, new Date(0), new Date(0));
      const [found, read] = await Promise.all([
        explain(coarse, on.plane, "PKG-T1-GONA-001"),
        explain(coarse, on.plane, "PKG-T1-GONA-001", { facts: NO_FACTS }),
      ]);
      expect(found, `round ${round}`).toEqual(read);
      if (JSON.stringify(read) !== before) differed++;
      before = JSON.stringify(read);
    }
    expect(differed).toBeGreaterThan(2);
  });
});
