/** Locks as the file system of this machine holds them. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, describe, expect, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-locks-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const { locks, clock } = nodeEffects();
const lockFile = (name: string): string => join(folder, `${name}.lock`);

describe("a lock that this process holds", () => {
  test("is refused to who does not wait, and to who waits too short", async () => {
    const path = lockFile("refused");
    const held = await locks.acquire(path, { wait_ms: 0 });
    expect(await locks.acquire(path, { wait_ms: 0 })).toBeUndefined();
    expect(await locks.acquire(path, { wait_ms: 20 })).toBeUndefined();
    held?.release();
    held?.release();
    const again = await locks.acquire(path, { wait_ms: 0 });
    expect(again).toBeDefined();
    again?.release();
  });

  test("is waited for while everything else goes on, by one after the other", async () => {
    const path = lockFile("waited");
    let inside = 0;
    let most = 0;
    const from_ms = clock.elapsed_ms();
    const work = async (): Promise<void> => {
      const lock = await locks.acquire(path, { wait_ms: 10_000 });
      most = Math.max(most, ++inside);
      await clock.sleep(2);
      inside--;
      lock?.release();
    };
    await Promise.all(Array.from({ length: 40 }, work));
    expect(most).toBe(1);
    // One that stood still while it waits would take 100 ms for each of them.
    expect(clock.elapsed_ms() - from_ms).toBeLessThan(2000);
  });

  test("is no longer waited for by who is told to stop", async () => {
    const path = lockFile("stopped");
    const held = await locks.acquire(path, { wait_ms: 0 });
    const stop = new AbortController();
    const waiting = locks.acquire(path, { wait_ms: 60_000, signal: stop.signal });
    stop.abort();
    expect(await waiting).toBeUndefined();
    held?.release();
  });

  test("and was forgotten stands in the way of no other file", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    let looked_at = 0;
    for (let round = 0; round < 20; round++) {
      const path = lockFile(`forgotten-${round}`);
      expect(await locks.acquire(path, { wait_ms: 0 })).toBeDefined();
      rmSync(path);
      collect();
      await clock.sleep(1);
      collect();
      // A file system gives the number of a file that is gone to the next one.
      for (let number = 0; number < 5; number++) {
        const other = lockFile(`other-${round}-${number}`);
        const lock = await locks.acquire(other, { wait_ms: 0 });
        expect(lock, `${round} ${number}`).toBeDefined();
        lock?.release();
        looked_at++;
      }
    }
    expect(looked_at).toBe(100);
  });

  test("says nothing of another file that took its place", async () => {
    const path = lockFile("replaced");
    const held = await locks.acquire(path, { wait_ms: 0 });
    const other = lockFile("other");
    writeFileSync(other, "");
    renameSync(other, path);
    const second = await locks.acquire(path, { wait_ms: 0 });
    expect(second).toBeDefined();
    held?.release();
    second?.release();
    expect(await locks.acquire(path, { wait_ms: 0 })).toBeDefined();
  });
});

/** What a writer in the other language meets: "got it", or SQLite's own words. */
function pythonTakes(path: string): string {
  const program = `
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0.05, isolation_level=None)
try:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("ROLLBACK")
    print("got it", end="")
except sqlite3.OperationalError as error:
    print(error, end="")
`;
  return execFileSync("python3", ["-c", program, path], { encoding: "utf8" });
}

describe("a lock taken at once", () => {
  const takeAtOnce = (path: string) => locks.takeAtOnce?.(path);
  const known = async (name: string): Promise<string> => {
    const path = lockFile(name);
    (await locks.acquire(path, { wait_ms: 1000 }))?.release();
    return path;
  };

  test("is to be had only of a file that was locked before", async () => {
    const path = lockFile("unknown");
    expect(takeAtOnce(path)).toBeUndefined();
    expect(existsSync(path)).toBe(false);
    const lock = takeAtOnce(await known("unknown"));
    expect(lock).toBeDefined();
    lock?.release();
  });

  test("excludes everybody else, and nobody once it is released", async () => {
    const path = await known("at-once");
    for (let round = 0; round < 2; round++) {
      const lock = takeAtOnce(path);
      expect(lock).toBeDefined();
      expect(takeAtOnce(path)).toBeUndefined();
      expect(await locks.acquire(path, { wait_ms: 0 })).toBeUndefined();
      expect(pythonTakes(path)).toBe("database is locked");
      lock?.release();
      lock?.release();
      // What is kept for the next time reads the file, and readers exclude nobody.
      expect(pythonTakes(path)).toBe("got it");
    }
    expect(statSync(path).size).toBe(0);
  });

  test("is handed on to who waits for it in this process", async () => {
    const path = await known("handed-on");
    const lock = takeAtOnce(path);
    const waiting = locks.acquire(path, { wait_ms: 5000 });
    await clock.sleep(5);
    lock?.release();
    const next = await waiting;
    expect(next).toBeDefined();
    expect(takeAtOnce(path)).toBeUndefined();
    next?.release();
  });

  test("is not to be had of a file that went away, or has another one in its place", async () => {
    const path = await known("gone");
    rmSync(path);
    expect(takeAtOnce(path)).toBeUndefined();
    expect(existsSync(path)).toBe(false);
    writeFileSync(path, "");
    expect(takeAtOnce(path)).toBeUndefined();
    const lock = await locks.acquire(path, { wait_ms: 0 });
    expect(pythonTakes(path)).toBe("database is locked");
    lock?.release();
  });

  test("the journal of a writer that was killed stands in nobody's way", async () => {
    const path = await known("journal");
    writeFileSync(
      `${path}-journal`,
      Buffer.concat([Buffer.from("d9d505f920a163d7", "hex"), Buffer.alloc(504)]),
    );
    expect(pythonTakes(path)).toBe("got it");
    const lock = takeAtOnce(path);
    expect(lock).toBeDefined();
    lock?.release();
    expect(statSync(path).size).toBe(0);
  });
});
