import { describe, expect, test } from "vitest";
import { SimDisk, simEffects } from "../../src/effects/sim/index.ts";
import { put } from "./files.ts";

describe("simEffects()", () => {
  test("repeats itself for the same seed", () => {
    const draw = (seed: number): string => simEffects(new SimDisk(), { seed }).random.hex(16);
    expect(draw(1)).toMatch(/^[0-9a-f]{32}$/);
    expect(draw(1)).toBe(draw(1));
    expect(draw(1)).not.toBe(draw(2));
  });

  test("a lock excludes others while its owner lives and is free on the disk the owner left", async () => {
    const disk = new SimDisk();
    const { locks } = simEffects(disk, { seed: 1 });
    const held = await locks.acquire("/l.lock", { wait_ms: 0 });
    expect(disk.fs.stat("/l.lock")?.size_bytes).toBe(0);
    expect(await locks.acquire("/l.lock", { wait_ms: 50 })).toBeUndefined();
    const next = simEffects(disk.fork(), { seed: 2 });
    expect(await next.locks.acquire("/l.lock", { wait_ms: 0 })).toBeDefined();
    held?.release();
    held?.release();
    expect(await locks.acquire("/l.lock", { wait_ms: 0 })).toBeDefined();
  });

  test("runs no program, reaches no server, passes time only in sleep, and digests what is on its disk", async () => {
    const disk = new SimDisk();
    put(disk.fs, "/a", "a");
    const { subprocess, network, clock, workers } = simEffects(disk, { seed: 1, now_ms: 5 });
    const limits = { timeout_ms: 1, stdout_bytes_max: 1 };
    await expect(subprocess.run({ argv: ["rm"], cwd: "/", env: {}, limits })).rejects.toMatchObject({
      code: "ENOENT",
    });
    const idle = { headers: {}, idle_timeout_ms: 1, signal: new AbortController().signal };
    await expect(network.get({ url: "https://example.org/", ...idle })).rejects.toMatchObject({
      code: "ECONNREFUSED",
    });
    await clock.sleep(1000);
    expect(clock.now_ms()).toBe(1005);
    const [digest, absent] = await workers.digestFiles(["/a", "/b"]);
    expect(digest?.sha256).toBe("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb");
    expect(absent).toBeUndefined();
  });
});
