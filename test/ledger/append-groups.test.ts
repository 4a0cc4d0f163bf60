import {
  appendFileSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, test } from "vitest";
import type { FileSystem } from "../../src/effects/index.ts";
import { appendEntries, appendOnce, verifyStream } from "../../src/ledger/index.ts";
import { aLedger, anEntry, effects, faultOf, linesOf, resealed, type TestLedger } from "./ledgers.ts";

/** The real file system, counting what an append costs. */
function counting() {
  const counts = { syncs: 0, reads: 0 };
  const fs: FileSystem = {
    ...effects.fs,
    openRead(path) {
      counts.reads++;
      return effects.fs.openRead(path);
    },
    openWrite(path, options) {
      const handle = effects.fs.openWrite(path, options);
      return {
        ...handle,
        datasync() {
          counts.syncs++;
          handle.datasync();
        },
      };
    },
  };
  return { counts, effects: { ...effects, fs } };
}

const valid = ({ stream }: TestLedger) => verifyStream(effects.fs, stream);

describe("appends that wait together", () => {
  test("64 share one write and one sync, each gets its own entry, in order", async () => {
    const ledger = aLedger();
    const on = counting();
    const all = await Promise.all(
      Array.from({ length: 64 }, (_, index) =>
        appendEntries(on.effects, ledger.stream, [anEntry({ reason: `waiting ${index}` })]),
      ),
    );
    expect(on.counts.syncs).toBe(1);
    expect(all.map(({ entries }) => entries[0]?.reason)).toEqual(all.map((_, index) => `waiting ${index}`));
    expect(all.every(({ appended_count }) => appended_count === 1)).toBe(true);
    expect(linesOf(ledger.stream).map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(
      all.map(({ entries }) => entries[0]?.id),
    );
    expect(valid(ledger)).toMatchObject({ valid: true, entries_count: 64, head: "match" });
  });

  test("those that come one after the other at the same moment share it too", async () => {
    const ledger = aLedger();
    await appendEntries(effects, ledger.stream, [anEntry()]);
    const on = counting();
    // As answers of programs come: each in a turn of its own, all of them there already.
    const arrived = Array.from(
      { length: 16 },
      () =>
        new Promise<unknown>((resolve) =>
          setImmediate(() => resolve(appendEntries(on.effects, ledger.stream, [anEntry()]))),
        ),
    );
    await Promise.all(arrived);
    expect(on.counts.syncs).toBe(1);
    expect(valid(ledger)).toMatchObject({ valid: true, entries_count: 17 });
  });

  test("one that cannot be sealed is refused alone", async () => {
    const ledger = aLedger();
    const large = anEntry({ metadata: { text: "x".repeat(70_000) } });
    const [first, second, third] = await Promise.allSettled([
      appendEntries(effects, ledger.stream, [anEntry()]),
      appendEntries(effects, ledger.stream, [anEntry(), large]),
      appendEntries(effects, ledger.stream, [anEntry()]),
    ]);
    expect([first?.status, second?.status, third?.status]).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(second).toMatchObject({ reason: { code: "LEDGER_ENTRY_TOO_LARGE" } });
    expect(valid(ledger)).toMatchObject({ valid: true, entries_count: 2 });
  });

  test("when the write fails, none of them is acknowledged and nothing stays behind", async () => {
    const ledger = aLedger();
    await appendEntries(effects, ledger.stream, [anEntry()]);
    const full: FileSystem = {
      ...effects.fs,
      openWrite(path, options) {
        const handle = effects.fs.openWrite(path, options);
        if (path !== ledger.stream.path) return handle;
        const datasync = (): never => {
          throw Object.assign(new Error("full"), { code: "ENOSPC" });
        };
        return { ...handle, datasync };
      },
    };
    const failed = await Promise.allSettled(
      Array.from({ length: 3 }, () => appendEntries({ ...effects, fs: full }, ledger.stream, [anEntry()])),
    );
    for (const one of failed) expect(one).toMatchObject({ reason: { code: "LEDGER_DISK_FULL" } });
    expect(valid(ledger)).toMatchObject({ valid: true, entries_count: 1, head: "match" });
    await appendEntries(effects, ledger.stream, [anEntry()]);
    expect(valid(ledger)).toMatchObject({ valid: true, entries_count: 2 });
  });

  test("the same work asked for twice at once is written once", async () => {
    const ledger = aLedger();
    const [one, two] = await Promise.all([
      appendOnce(effects, ledger.stream, [anEntry()], "key"),
      appendOnce(effects, ledger.stream, [anEntry()], "key"),
    ]);
    expect([one.appended_count, two.appended_count]).toEqual([1, 0]);
    expect(two.entries).toEqual(one.entries);
    // Without a key of ours the caller's own member means nothing.
    const own = anEntry({ metadata: { dedupe_key: "mine" } });
    await Promise.all([
      appendEntries(effects, ledger.stream, [own]),
      appendEntries(effects, ledger.stream, [own]),
    ]);
    expect(linesOf(ledger.stream)).toHaveLength(3);
  });
});

describe("what was left at the end of a stream", () => {
  test("is not read again, however many appends follow", async () => {
    const ledger = aLedger();
    const on = counting();
    for (let count = 0; count < 20; count++) await appendEntries(on.effects, ledger.stream, [anEntry()]);
    expect(on.counts).toEqual({ syncs: 20, reads: 0 });
    expect(valid(ledger)).toMatchObject({ valid: true, entries_count: 20, head: "match" });
  });

  test.each<[string, (ledger: TestLedger) => void | Promise<unknown>]>([
    [
      "another writer",
      ({ stream }) => appendEntries({ ...effects, fs: { ...effects.fs } }, stream, [anEntry()]),
    ],
    ["a torn tail", ({ stream }) => appendFileSync(stream.path, '{"torn')],
    [
      "another file in its place",
      ({ stream }) => {
        writeFileSync(`${stream.path}.copy`, readFileSync(stream.path));
        renameSync(`${stream.path}.copy`, stream.path);
      },
    ],
  ])("after %s it is read again", async (_what, meddle) => {
    const ledger = aLedger();
    const on = counting();
    await appendEntries(on.effects, ledger.stream, [anEntry()]);
    await meddle(ledger);
    await appendEntries(on.effects, ledger.stream, [anEntry()]);
    expect(on.counts.reads).toBeGreaterThan(0);
    expect(valid(ledger)).toMatchObject({ valid: true, head: "match" });
  });

  test.each<[string, (path: string) => void]>([
    ["is gone", (path) => rmSync(path)],
    [
      "is a link",
      (path) => {
        rmSync(path);
        symlinkSync("/etc/hostname", path);
      },
    ],
  ])("a head that %s is written anew", async (_what, meddle) => {
    const ledger = aLedger();
    await appendEntries(effects, ledger.stream, [anEntry()]);
    meddle(ledger.stream.head_path ?? "");
    await appendEntries(effects, ledger.stream, [anEntry()]);
    expect(valid(ledger)).toMatchObject({ valid: true, entries_count: 2, head: "match" });
  });

  test("a cut or rewritten tail is refused, not continued", async () => {
    for (const change of [
      (lines: string[]) => lines.slice(0, -1),
      (lines: string[]) => [...lines.slice(0, -1), resealed(lines.at(-1) ?? "", { reason: "forged!" })],
    ]) {
      const ledger = aLedger();
      await appendEntries(effects, ledger.stream, [anEntry(), anEntry({ reason: "as told" })]);
      const before = statSync(ledger.stream.path);
      writeFileSync(
        ledger.stream.path,
        change(linesOf(ledger.stream))
          .map((line) => `${line}\n`)
          .join(""),
      );
      // Even where someone puts the time back: the kernel keeps another one.
      utimesSync(ledger.stream.path, before.atime, before.mtime);
      const fault = await faultOf(() => appendEntries(effects, ledger.stream, [anEntry()]));
      expect(fault.code).toBe("LEDGER_DAMAGED");
    }
  });
});
