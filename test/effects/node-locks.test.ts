/** Locks as the file system of this machine holds them. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
