/** One writer that appends again and again: what it leaves open or remembers serves nobody else's harm. */
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { FileSystem, WriteHandle } from "../../src/effects/index.ts";
import { appendEntries, verifyStream } from "../../src/ledger/index.ts";
import { aLedger, anEntry, effects, faultOf, linesOf, resealed, type TestLedger } from "./ledgers.ts";

const WRITER = new URL("./writer.ts", import.meta.url).pathname;

/** The real effects in which the writer is always quick enough to be alone, with what it opens and takes counted. */
function quick(change: (path: string, handle: WriteHandle) => WriteHandle = (_path, handle) => handle) {
  const counts = { opened: 0, closed: 0, at_once: 0, turns: 0 };
  let now_ms = 0;
  const fs: FileSystem = {
    ...effects.fs,
    openWrite(path, options) {
      const handle = effects.fs.openWrite(path, options);
      counts.opened++;
      return change(path, {
        ...handle,
        close() {
          counts.closed++;
          handle.close();
        },
      });
    },
  };
  const clock = {
    ...effects.clock,
    elapsed_ms: () => {
      now_ms += 0.001;
      return now_ms;
    },
    breathe: () => {
      counts.turns++;
      return effects.clock.breathe();
    },
  };
  const locks = {
    ...effects.locks,
    takeAtOnce: (path: string) => {
      counts.at_once++;
      return effects.locks.takeAtOnce?.(path);
    },
  };
  return { counts, effects: { ...effects, fs, clock, locks } };
}

const valid = ({ stream }: TestLedger) => verifyStream(effects.fs, stream);
const append = (on: ReturnType<typeof quick>, { stream }: TestLedger, reason = "as asked") =>
  appendEntries(on.effects, stream, [anEntry({ reason })]);

/** What this process has open of a ledger, its lock aside. */
function openFiles({ root }: TestLedger): string[] {
  const targets = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return "";
    }
  });
  return targets.filter((target) => target.startsWith(root) && !target.includes(".lock"));
}

describe("a writer that appends again at once", () => {
  test("opens the stream and its head once, and leaves neither open when the loop turns", async () => {
    const ledger = aLedger();
    const on = quick();
    await append(on, ledger);
    await append(on, ledger);
    const before = { ...on.counts };
    for (let count = 0; count < 50; count++) await append(on, ledger);
    expect(on.counts).toEqual({ ...before, at_once: before.at_once + 50 });
    expect(openFiles(ledger)).toHaveLength(2);
    await turn();
    expect(openFiles(ledger)).toEqual([]);
    expect(on.counts.closed).toBe(on.counts.opened);
    expect(valid(ledger)).toMatchObject({ valid: true, entries_count: 52, head: "match" });
  });

  test("leaves no more than a few files open, whatever it writes in one turn", async () => {
    const on = quick();
    const ledgers = Array.from({ length: 20 }, () => aLedger());
    for (const ledger of ledgers) await append(on, ledger);
    await Promise.all(ledgers.map((ledger) => append(on, ledger)));
    expect(ledgers.flatMap(openFiles).length).toBeLessThanOrEqual(16);
    await turn();
    expect(ledgers.flatMap(openFiles)).toEqual([]);
    for (const ledger of ledgers) expect(valid(ledger)).toMatchObject({ valid: true, entries_count: 2 });
  });

  test("shares its sync again as soon as it is not alone", async () => {
    const ledger = aLedger();
    let syncs = 0;
    const on = quick((path, handle) => ({
      ...handle,
      datasync() {
        if (path === ledger.stream.path) syncs++;
        handle.datasync();
      },
    }));
    for (let count = 0; count < 3; count++) await append(on, ledger);
    await Promise.all(Array.from({ length: 64 }, (_, index) => append(on, ledger, `waiting ${index}`)));
    // The first of them was alone when it asked.
    expect(syncs).toBe(3 + 2);
    expect(linesOf(ledger.stream).map((line) => (JSON.parse(line) as { reason: string }).reason)).toEqual([
      ...Array.from({ length: 3 }, () => "as asked"),
      ...Array.from({ length: 64 }, (_, index) => `waiting ${index}`),
    ]);
  });

  test("gives timers their turn, and is not stopped by them", async () => {
    const ledger = aLedger();
    await appendEntries(effects, ledger.stream, [anEntry()]);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const until_ms = performance.now() + 300;
    while (performance.now() < until_ms) await appendEntries(effects, ledger.stream, [anEntry()]);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(5);
  });

  test("holds no lock while its caller does something else in the same turn", async () => {
    const ledger = aLedger();
    const on = quick();
    for (let count = 0; count < 3; count++) await append(on, ledger);
    expect(on.counts.at_once).toBeGreaterThan(0);
    // This process stands still meanwhile: whatever it held, it would hold until the other gave up.
    const argv = [WRITER, ledger.root, ledger.stream.name, ledger.heads, "other", "3"];
    execFileSync(process.execPath, ["--no-warnings", ...argv], { timeout: 20_000 });
    await append(on, ledger);
    expect(valid(ledger)).toMatchObject({ valid: true, entries_count: 7, head: "match" });
  });

  test("waits its turn when another path of this process holds the lock", async () => {
    const ledger = aLedger();
    const on = quick();
    for (let count = 0; count < 3; count++) await append(on, ledger);
    const held = await effects.locks.acquire(`${ledger.stream.path}.lock`, { wait_ms: 1000 });
    let done = false;
    const waiting = append(on, ledger).then(() => {
      done = true;
    });
    await effects.clock.sleep(20);
    expect([done, linesOf(ledger.stream).length]).toEqual([false, 3]);
    held?.release();
    await waiting;
    expect(valid(ledger)).toMatchObject({ valid: true, entries_count: 4 });
  });
});

describe("what changed under a file that was left open", () => {
  test("a stream that is another file by now is read again, and it is the one written to", async () => {
    const ledger = aLedger();
    const on = quick();
    for (let count = 0; count < 3; count++) await append(on, ledger);
    expect(openFiles(ledger)).toHaveLength(2);
    const { path } = ledger.stream;
    copyFileSync(path, `${path}.copy`);
    renameSync(`${path}.copy`, path);
    await append(on, ledger);
    expect(valid(ledger)).toMatchObject({ valid: true, entries_count: 4, head: "match" });
  });

  test.each<[string, (path: string) => void]>([
    ["was removed", (path) => rmSync(path)],
    ["lost its last line", (path) => writeFileSync(path, cutLine(path))],
    ["had its last line rewritten", (path) => writeFileSync(path, forged(path))],
  ])("a stream that %s is refused", async (_what, meddle) => {
    const ledger = aLedger();
    const on = quick();
    for (let count = 0; count < 3; count++) await append(on, ledger);
    meddle(ledger.stream.path);
    const fault = await faultOf(() => append(on, ledger));
    expect(fault.code).toBe("LEDGER_DAMAGED");
    await turn();
    expect(openFiles(ledger)).toEqual([]);
    expect((await faultOf(() => append(on, ledger))).code).toBe("LEDGER_DAMAGED");
  });

  test.each<[string, (path: string) => void]>([
    ["is gone", (path) => rmSync(path)],
    [
      "is an older one",
      (path) => {
        writeFileSync(`${path}.old`, readFileSync(path));
        renameSync(`${path}.old`, path);
      },
    ],
    [
      "is a link",
      (path) => {
        rmSync(path);
        symlinkSync("/etc/hostname", path);
      },
    ],
  ])("a head that %s covers the next entry at once", async (_what, meddle) => {
    const ledger = aLedger();
    const on = quick();
    for (let count = 0; count < 3; count++) await append(on, ledger);
    meddle(ledger.stream.head_path ?? "");
    await append(on, ledger);
    expect(valid(ledger)).toMatchObject({ valid: true, entries_count: 4, covered_count: 4, head: "match" });
  });

  test("a lock file that was removed is made anew, and excludes others again", async () => {
    const ledger = aLedger();
    const on = quick();
    const path = `${ledger.stream.path}.lock`;
    for (let count = 0; count < 3; count++) await append(on, ledger);
    rmSync(path);
    await append(on, ledger);
    expect(existsSync(path)).toBe(true);
    const held = await effects.locks.acquire(path, { wait_ms: 0 });
    expect(held).toBeDefined();
    held?.release();
    expect(statSync(path).size).toBe(0);
  });
});

describe("a write that fails for who is alone", () => {
  test.each([
    ["ENOSPC", "LEDGER_DISK_FULL"],
    ["EROFS", "LEDGER_READ_ONLY"],
    ["EIO", "LEDGER_IO"],
  ])("%s: told as %s, nothing stays behind, and the next goes on", async (code, told) => {
    let fails = false;
    const ledger = aLedger();
    const on = quick((path, handle) => ({
      ...handle,
      datasync() {
        if (fails && path === ledger.stream.path) throw Object.assign(new Error(code), { code });
        handle.datasync();
      },
    }));
    for (let count = 0; count < 3; count++) await append(on, ledger);
    fails = true;
    const fault = await faultOf(() => append(on, ledger));
    expect(fault.code).toBe(told);
    expect(valid(ledger)).toMatchObject({ valid: true, entries_count: 3, head: "match" });
    fails = false;
    await append(on, ledger);
    expect(valid(ledger)).toMatchObject({ valid: true, entries_count: 4, head: "match" });
    await turn();
    expect(on.counts.closed).toBe(on.counts.opened);
  });

  test("one that cannot be sealed costs the writer nothing", async () => {
    const ledger = aLedger();
    const on = quick();
    for (let count = 0; count < 3; count++) await append(on, ledger);
    const fault = await faultOf(() => append(on, ledger, "x".repeat(4097)));
    expect(fault.code).toBe("LEDGER_ENTRY_INVALID");
    const large = anEntry({ metadata: { text: "x".repeat(70_000) } });
    expect((await faultOf(() => appendEntries(on.effects, ledger.stream, [large]))).code).toBe(
      "LEDGER_ENTRY_TOO_LARGE",
    );
    await append(on, ledger);
    expect(valid(ledger)).toMatchObject({ valid: true, entries_count: 4, head: "match" });
  });
});

const cutLine = (path: string): string =>
  `${readFileSync(path, "utf8").split("\n").slice(0, -2).join("\n")}\n`;

function forged(path: string): string {
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return [...lines.slice(0, -1), resealed(lines.at(-1) ?? "", { reason: "forged!!" })]
    .map((line) => `${line}\n`)
    .join("");
}
