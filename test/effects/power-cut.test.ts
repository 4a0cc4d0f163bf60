import { describe, expect, test } from "vitest";
import { SimDisk } from "../../src/effects/sim/index.ts";
import { put, text } from "./files.ts";

describe("powerCuts()", () => {
  const limits = { exhaustive_max: 12, samples: 20, seed: 1 };
  const after = (disk: SimDisk): string[] =>
    [...new Set([...disk.powerCuts(limits)].map((cut) => JSON.stringify(text(cut.disk))))].sort();

  test("an unsynced file is old, a prefix, zeros or whole, and its name may be missing", () => {
    const disk = new SimDisk();
    put(disk.fs, "/a", "abcd");
    const names = [
      '{"/a":""}',
      '{"/a":"ab"}',
      '{"/a":"abcd"}',
      '{"/a":"\\u0000\\u0000\\u0000\\u0000"}',
      "{}",
    ];
    expect(after(disk)).toEqual(names.sort());
  });

  test("fsync of a file keeps its data, not its name; fsync of the folder keeps the name", () => {
    const disk = new SimDisk();
    put(disk.fs, "/a", "abcd", "sync");
    expect(after(disk)).toEqual(['{"/a":"abcd"}', "{}"]);
    disk.fs.syncDirectory("/");
    expect(after(disk)).toEqual(['{"/a":"abcd"}']);
  });

  test("names persist in any order, but a rename over another keeps the old file or the new one", () => {
    const disk = new SimDisk();
    put(disk.fs, "/a", "old", "sync");
    put(disk.fs, "/b", "new", "sync");
    put(disk.fs, "/c", "else", "sync");
    disk.settle();
    disk.fs.rename("/b", "/a");
    disk.fs.remove("/c");
    expect(after(disk)).toEqual(
      [
        '{"/a":"old","/b":"new","/c":"else"}',
        '{"/a":"new","/c":"else"}',
        '{"/a":"old","/b":"new"}',
        '{"/a":"new"}',
      ].sort(),
    );
  });

  test("what lies in a new folder goes with it, and a file moved out of one does not", () => {
    const disk = new SimDisk();
    disk.fs.makeDirectory("/new");
    disk.fs.makeDirectory("/kept");
    disk.fs.syncDirectory("/");
    disk.settle();
    disk.fs.makeDirectory("/new/deep");
    put(disk.fs, "/new/deep/f", "f", "sync");
    disk.fs.syncDirectory("/new/deep");
    expect(after(disk)).toEqual(['{"/new/deep/f":"f"}', "{}"]);
    disk.fs.rename("/new/deep/f", "/kept/f");
    disk.fs.syncDirectory("/kept");
    expect(after(disk)).toEqual(['{"/kept/f":"f"}']);
    expect(disk.pending_count).toBe(1);
  });

  test("a file moved into a new folder never goes there without it, unless only the new folder was synced", () => {
    const disk = new SimDisk();
    put(disk.fs, "/f", "f", "sync");
    disk.settle();
    disk.fs.makeDirectory("/new");
    disk.fs.rename("/f", "/new/f");
    expect(after(disk)).toEqual(['{"/f":"f"}', '{"/new/f":"f"}']);
    disk.fs.syncDirectory("/new");
    expect(after(disk)).toEqual(['{"/new/f":"f"}', "{}"]);
  });

  test("a file that moved twice is in one place", () => {
    const disk = new SimDisk();
    for (const path of ["/d", "/e"]) disk.fs.makeDirectory(path);
    put(disk.fs, "/f", "f", "sync");
    disk.settle();
    disk.fs.rename("/f", "/d/f");
    disk.fs.rename("/d/f", "/e/f");
    expect(after(disk)).toEqual(['{"/d/f":"f"}', '{"/e/f":"f"}', '{"/f":"f"}']);
    disk.fs.syncDirectory("/e");
    expect(after(disk)).toEqual(['{"/e/f":"f"}']);
  });

  test("a file that moved on does not take along what it had replaced", () => {
    const disk = new SimDisk();
    put(disk.fs, "/a", "a", "sync");
    put(disk.fs, "/b", "old", "sync");
    disk.settle();
    disk.fs.rename("/a", "/b");
    disk.fs.rename("/b", "/c");
    expect(after(disk)).toEqual(
      ['{"/a":"a","/b":"old"}', '{"/b":"a"}', '{"/b":"old","/c":"a"}', '{"/c":"a"}'].sort(),
    );
  });

  test("a rename between folders is durable with either of them, or only with both, as asked", () => {
    for (const [rename_promise, outcomes] of [
      ["either", ['{"/e/f":"f"}']],
      ["both", ['{"/d/f":"f"}', '{"/e/f":"f"}']],
    ] as const) {
      const disk = new SimDisk({ rename_promise });
      for (const path of ["/d", "/e"]) disk.fs.makeDirectory(path);
      put(disk.fs, "/d/f", "f", "sync");
      disk.settle();
      disk.fs.rename("/d/f", "/e/f");
      disk.fs.syncDirectory("/e");
      expect(after(disk), rename_promise).toEqual(outcomes);
      disk.fs.syncDirectory("/d");
      expect(after(disk), rename_promise).toEqual(['{"/e/f":"f"}']);
    }
  });

  test("one sector written over another is old or new; an append never harms what was there", () => {
    const disk = new SimDisk();
    put(disk.fs, "/head", "1".repeat(512), "sync");
    put(disk.fs, "/log", "one\n", "sync");
    disk.settle();
    put(disk.fs, "/head", "2".repeat(512), undefined, "update");
    expect(new Set([...disk.powerCuts(limits)].map((cut) => text(cut.disk)["/head"]?.[0]))).toEqual(
      new Set(["1", "2"]),
    );
    for (const cut of disk.powerCuts(limits)) expect(new Set(text(cut.disk)["/head"]).size).toBe(1);
    put(disk.fs, "/log", "two\nthree\n", undefined, "append");
    const logs = new Set([...disk.powerCuts(limits)].map((cut) => text(cut.disk)["/log"]));
    expect([...logs].every((log) => log?.startsWith("one\n"))).toBe(true);
    expect([...logs]).toContain("one\ntwo\n");
    expect([...logs]).toContain(`one\n${"\0".repeat(10)}`);
  });

  test("datasync leaves the mode behind", () => {
    const disk = new SimDisk();
    put(disk.fs, "/a", "a", "sync");
    disk.settle();
    disk.fs.setMode("/a", 0o755);
    const handle = disk.fs.openWrite("/a", { mode: 0, how: "append" });
    const modes = (): Set<number | undefined> =>
      new Set([...disk.powerCuts(limits)].map((cut) => cut.disk.fs.stat("/a")?.mode));
    handle.datasync();
    expect(modes()).toEqual(new Set([0o644, 0o755]));
    handle.sync();
    expect(modes()).toEqual(new Set([0o755]));
  });

  test("beyond the limit it samples, the same for the same seed, nothing and everything always among them", () => {
    const disk = new SimDisk();
    for (let number = 0; number < 20; number++) put(disk.fs, `/f${number}`, "x", "sync");
    const draw = (seed: number): string[] =>
      [...disk.powerCuts({ ...limits, seed })].map((cut) => JSON.stringify(text(cut.disk)));
    expect(draw(1)).toHaveLength(22);
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(draw(1)[0]).toBe("{}");
    expect(draw(1)[1]).toBe(JSON.stringify(text(disk)));
  });
});
