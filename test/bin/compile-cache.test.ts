/** Compiled code is run as it is found, so it is only looked for where nobody else can write. */
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { ownFolder } from "../../src/bin/compile-cache.ts";
import { runProgram } from "../support/cli.ts";
import { temporaryFolder } from "../support/tree.ts";

const UID = process.getuid?.() ?? 0;

describe("the folder of compiled code", () => {
  test("is refused where another user owns a folder on the way", () => {
    const home = temporaryFolder();
    expect(ownFolder(join(home, ".cache"), UID + 1)).toBeUndefined();
  });

  test("is refused where the cache folder, ours in it, or the last one is open to others", () => {
    for (const open of [".cache", ".cache/holdfast", ".cache/holdfast/compiled"]) {
      for (const mode of [0o777, 0o720]) {
        const home = temporaryFolder();
        mkdirSync(join(home, ".cache/holdfast/compiled"), { recursive: true });
        chmodSync(join(home, open), mode);
        expect(ownFolder(join(home, ".cache"), UID), `${open} ${mode.toString(8)}`).toBeUndefined();
      }
    }
  });

  test("is refused where ours is a link, though it leads to a safe place", () => {
    const home = temporaryFolder();
    mkdirSync(join(home, "elsewhere/compiled"), { recursive: true });
    mkdirSync(join(home, ".cache"));
    symlinkSync("../elsewhere", join(home, ".cache/holdfast"));
    expect(ownFolder(join(home, ".cache"), UID)).toBeUndefined();
  });

  test("is not made below a home that is missing, nor where nothing can be made", () => {
    const home = temporaryFolder();
    expect(ownFolder(join(home, "missing/.cache"), UID)).toBeUndefined();
    expect(existsSync(join(home, "missing"))).toBe(false);
    expect(ownFolder("/proc/nowhere", UID)).toBeUndefined();
    expect(ownFolder(join(home, ".cache"), undefined)).toBeUndefined();
  });

  test("is made for its owner alone, also below a sticky folder and through a link on the way", () => {
    const home = temporaryFolder();
    chmodSync(home, 0o1777);
    mkdirSync(join(home, "real"), { mode: 0o755 });
    symlinkSync("real", join(home, "cache"));
    const folder = ownFolder(join(home, "cache"), UID) ?? "";
    expect(folder).toMatch(/\/real\/holdfast\/compiled$/);
    for (const path of [folder, dirname(folder)]) expect(statSync(path).mode & 0o7777).toBe(0o700);
  });
});

test("a command leaves compiled code in the user's cache and nothing in the temporary folder", () => {
  const home = temporaryFolder();
  const temporary = temporaryFolder();
  const base = { PATH: process.env["PATH"] ?? "", HOME: home, TMPDIR: temporary };
  const done = runProgram("pkg", ["status", "--root", "/nonexistent"], {
    cwd: home,
    env: { ...base, XDG_CACHE_HOME: join(home, ".cache") },
  });
  expect(done.status, done.stderr).toBe(2);
  expect(readdirSync(temporary)).toEqual([]);
  const [version] = readdirSync(join(home, ".cache/holdfast/compiled"));
  expect(readdirSync(join(home, ".cache/holdfast/compiled", version ?? "")).length).toBeGreaterThan(0);
});
