/** The stat cache: what it may believe, what it must not, and that nobody who writes the plane can make it believe more. */
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { IntegrityReport } from "../../src/contracts/index.ts";
import type { Effects } from "../../src/effects/index.ts";
import { type RememberedOptions, rememberedCheck } from "../../src/integrity/index.ts";
import { openPlane } from "../../src/plane/index.ts";
import { restoreKeys } from "../../src/provenance/index.ts";
import { aPlane, edit, errorCodes, ONE_PACKAGE, type TestPlane, verdictOf } from "./planes.ts";

const MAIN = "modules/alpha/main.py";
const CACHE = ".holdfast/cache/stat.bin";

interface Remembering extends TestPlane {
  readonly run: (options?: Partial<RememberedOptions>) => Promise<IntegrityReport>;
}

/** A plane with a secret. What lies in it is older than the clock tick in which the first check begins. */
async function remembering(secret = "s".repeat(64)): Promise<Remembering> {
  const made = await aPlane([
    { ...ONE_PACKAGE, files: { "lib/alpha/a.txt": { text: "a\n" }, [MAIN]: { text: "1\n" } } },
  ]);
  const host = {
    ...made.effects.host,
    env: { ...made.effects.host.env, CONTROL_PLANE_SHARED_SECRET: secret },
  };
  const effects: Effects = { ...made.effects, host };
  mkdirSync(join(made.root, ".holdfast/cache"), { recursive: true });
  const run: Remembering["run"] = async (options) => {
    await setTimeout(15);
    const given = { orphans: false, fast: true, dry_run: false, version: "1", ...options };
    return rememberedCheck(effects, openPlane(effects, made.root), given);
  };
  return { ...made, effects, run };
}

/** What the two modes must agree on. */
const answer = ({ timestamp: _t, mode: _m, hashed_count: _h, trusted_count: _b, ...rest }: IntegrityReport) =>
  rest;

describe("fast mode", () => {
  test("reads nothing twice, says so, and gives the answer of the full mode", async () => {
    const { run } = await remembering();
    const full = await run({ fast: false });
    expect(full).toMatchObject({ healthy: true, mode: "full", hashed_count: 3, trusted_count: 0 });
    const first = await run();
    expect(first).toMatchObject({ mode: "fast", hashed_count: 3, trusted_count: 0 });
    const second = await run();
    expect(second).toMatchObject({ mode: "fast", hashed_count: 0, trusted_count: 3 });
    expect(answer(second)).toEqual(answer(full));
    expect(Date.parse(second.timestamp)).toBeGreaterThan(Date.parse(full.timestamp));
  });

  test("a changed file is read, the others are believed", async () => {
    const { run, root } = await remembering();
    await run();
    writeFileSync(join(root, MAIN), "2\n");
    const report = await run();
    expect(report).toMatchObject({ hashed_count: 1, trusted_count: 2, healthy: false });
    expect(verdictOf(report, MAIN)).toBe("drift");
    // The wrong verdict of a file is remembered as well as a right one.
    expect(await run()).toMatchObject({ hashed_count: 0, trusted_count: 3, healthy: false });
    writeFileSync(join(root, MAIN), "1\n");
    expect(await run()).toMatchObject({ healthy: true, hashed_count: 1 });
  });

  test("ledgers are verified again when any byte of them moved, whatever else changed, and believed when none did", async () => {
    const { run, root, effects } = await remembering();
    const stream = join(root, "ledger/packages.jsonl");
    let read = 0;
    const { fs } = effects;
    const openRead: typeof fs.openRead = (path) => {
      if (path === stream) read++;
      return fs.openRead(path);
    };
    const watched = { ...effects, fs: { ...fs, openRead } };
    const options = { orphans: false, fast: true, dry_run: false, version: "1" };
    const check = async (): Promise<IntegrityReport> => {
      await setTimeout(15);
      read = 0;
      return rememberedCheck(watched, openPlane(watched, root), options);
    };
    const first = await check();
    const read_first = read;
    writeFileSync(join(root, MAIN), "2\n");
    const believed = await check();
    expect(read).toBeLessThan(read_first);
    expect(believed.ledger).toEqual(first.ledger);
    expect(errorCodes(believed)).toEqual(["FILE_DRIFT"]);
    const text = readFileSync(stream, "utf8");
    writeFileSync(stream, text.replace('"reason": "', '"reason": "x'));
    writeFileSync(join(root, MAIN), "1\n");
    const tampered = await check();
    expect(errorCodes(tampered)).toContain("LEDGER_ENTRY_EDITED");
    // Believed once more, with what was found.
    writeFileSync(join(root, MAIN), "3\n");
    expect(errorCodes(await check())).toContain("LEDGER_ENTRY_EDITED");
    writeFileSync(stream, text);
    expect(errorCodes(await check())).toEqual(["FILE_DRIFT"]);
    expect(answer(await check())).toEqual(answer(await run({ fast: false })));
  });

  test("only who asks for it gets a cache, and a dry run writes none", async () => {
    const { run, root } = await remembering();
    rmSync(join(root, ".holdfast/cache"), { recursive: true });
    await run({ fast: false });
    await run({ dry_run: true });
    expect(existsSync(join(root, ".holdfast/cache"))).toBe(false);
    await run();
    expect(statSync(join(root, CACHE)).mode & 0o777).toBe(0o600);
    const before = statSync(join(root, CACHE)).mtimeMs;
    await run({ fast: false });
    expect(statSync(join(root, CACHE)).mtimeMs).toBeGreaterThan(before);
  });

  const TAMPERING: [string, (root: string) => void][] = [
    [
      "a byte, with its time restored",
      (root) => {
        // To the nanosecond, which utimes cannot: only the ctime tells.
        execFileSync("cp", ["-p", join(root, MAIN), join(root, "../before")]);
        writeFileSync(join(root, MAIN), "2\n");
        execFileSync("touch", ["-r", join(root, "../before"), join(root, MAIN)]);
      },
    ],
    ["a file cut", (root) => truncateSync(join(root, MAIN), 0)],
    ["an executable bit", (root) => chmodSync(join(root, MAIN), 0o755)],
    ["a set user id", (root) => chmodSync(join(root, MAIN), 0o4644)],
    ["a file gone", (root) => unlinkSync(join(root, MAIN))],
    ["a file more", (root) => writeFileSync(join(root, "lib/alpha/b.txt"), "")],
    [
      "a file more in a new folder",
      (root) => {
        mkdirSync(join(root, "lib/new/deep"), { recursive: true });
        writeFileSync(join(root, "lib/new/deep/x"), "");
      },
    ],
    [
      "a link to equal bytes",
      (root) => {
        copyFileSync(join(root, MAIN), join(root, "../copy"));
        unlinkSync(join(root, MAIN));
        symlinkSync("../../../copy", join(root, MAIN));
      },
    ],
    [
      "two files swapped",
      (root) => {
        const [a, b] = [join(root, MAIN), join(root, "lib/alpha/a.txt")];
        renameSync(a, `${a}.x`);
        renameSync(b, a);
        renameSync(`${a}.x`, b);
      },
    ],
    [
      "the same size and time by rename",
      (root) => {
        writeFileSync(join(root, "../evil"), "2\n");
        execFileSync("touch", ["-r", join(root, MAIN), join(root, "../evil")]);
        renameSync(join(root, "../evil"), join(root, MAIN));
      },
    ],
    ["a registry row", (root) => edit(root, "registries/packages_state.csv", ",2,", ",3,")],
    ["a ledger line", (root) => edit(root, "ledger/packages.jsonl", "installed", "INSTALLED")],
    ["a receipt", (root) => edit(root, "installed/PKG-T1-ALPHA-001/receipt.json", "created", "adopted")],
    ["a receipt cut", (root) => truncateSync(join(root, "installed/PKG-T1-ALPHA-001/receipt.json"), 9)],
    ["a receipt gone", (root) => rmSync(join(root, "installed/PKG-T1-ALPHA-001"), { recursive: true })],
    ["an archive", (root) => appendFileSync(join(root, "packages_store/PKG-T1-ALPHA-001-1.0.0.tar.gz"), "x")],
    ["an archive more", (root) => writeFileSync(join(root, "packages_store/x.tar.gz"), "x")],
    ["the configuration", (root) => edit(root, "config/plane.toml", '"lib", ', "")],
    ["a waiver", (root) => writeFileSync(join(root, "config/waivers.toml"), "waiver = []\n")],
    ["a spec more in a source tree", (root) => symlinkSync("/etc", join(root, "specs/link"))],
  ];
  test.each(TAMPERING)("sees %s as the full mode does", async (_, act) => {
    const { run, root } = await remembering();
    await run();
    expect(await run()).toMatchObject({ healthy: true, hashed_count: 0 });
    act(root);
    const fast = await run();
    expect(answer(fast)).toEqual(answer(await run({ fast: false })));
    expect(fast.findings.length).toBeGreaterThan(0);
  });
});

describe("a small change", () => {
  /** Folders that a check lists. */
  const listing = (one: Remembering, listed: string[]) => {
    const { fs } = one.effects;
    const list: typeof fs.list = (path) => {
      listed.push(path.slice(one.root.length + 1));
      return fs.list(path);
    };
    return { ...one.effects, fs: { ...fs, list } };
  };

  test("of owned files is judged by itself: nothing else is walked, and the merkle root is of the files as they are", async () => {
    const one = await remembering();
    await one.run();
    const options = { orphans: false, fast: true, dry_run: false, version: "1" };
    const path = join(one.root, MAIN);
    for (const act of [
      () => writeFileSync(path, "2\n"),
      () => chmodSync(path, 0o755),
      () => {
        // As an editor saves it: the folder has another time and holds the same names.
        writeFileSync(`${path}~`, "3\n");
        renameSync(`${path}~`, path);
      },
      () => {
        writeFileSync(path, "1\n");
        chmodSync(path, 0o644);
      },
    ]) {
      act();
      const listed: string[] = [];
      const effects = listing(one, listed);
      await setTimeout(15);
      const fast = await rememberedCheck(effects, openPlane(effects, one.root), options);
      expect(listed.filter((folder) => folder !== "modules/alpha")).toEqual([]);
      expect(fast).toMatchObject({ hashed_count: 1, trusted_count: 2 });
      const { effects: plain, root } = one;
      expect(answer(fast)).toEqual(
        answer(
          await rememberedCheck(plain, openPlane(plain, root), { ...options, fast: false, dry_run: true }),
        ),
      );
    }
  });

  test("changes of any kind, one after another, give the answers of the full mode", async () => {
    const one = await remembering();
    const paths = [MAIN, "lib/alpha/a.txt"];
    let seed = 7;
    const next = (below: number): number => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % below;
    await one.run();
    for (let round = 0; round < 14; round++) {
      const path = join(one.root, paths[next(2)] ?? MAIN);
      const acts = [
        () => writeFileSync(path, `${next(3)}\n`),
        () => existsSync(path) && chmodSync(path, [0o644, 0o755, 0o666][next(3)] ?? 0o644),
        () => rmSync(path, { force: true }),
        () => writeFileSync(join(one.root, "lib/alpha/more.txt"), String(next(2))),
        () => rmSync(join(one.root, "lib/alpha/more.txt"), { force: true }),
        () => one.put("config/waivers.toml", "waiver = []\n"),
        () => rmSync(join(one.root, "config/waivers.toml"), { force: true }),
      ];
      acts[next(acts.length)]?.();
      const fast = await one.run();
      expect([round, answer(fast)]).toEqual([round, answer(await one.run({ fast: false, dry_run: true }))]);
    }
  });
});

describe("a standing report ends", () => {
  const NOON_MS = Date.UTC(2026, 10, 21, 12);
  const POLICY = `[[signatures]]
signers = ["ann"]

[[waivers]]
package = "PKG-T1-ALPHA-001"
owner = "ann"
reason = "signed next week"
expires = 2026-11-21T12:10:00Z
`;

  /** The report at so many minutes after noon. */
  async function atMinutes(): Promise<{
    readonly at: (minutes: number, options?: Partial<RememberedOptions>) => Promise<IntegrityReport>;
  }> {
    const made = await remembering();
    made.put("config/policy.toml", POLICY);
    await restoreKeys(made.effects, openPlane(made.effects, made.root), { user: "ann" });
    const at = async (
      minutes: number,
      options: Partial<RememberedOptions> = {},
    ): Promise<IntegrityReport> => {
      await setTimeout(15);
      const clock = { ...made.effects.clock, now_ms: () => NOON_MS + minutes * 60_000 };
      const effects = { ...made.effects, clock };
      const given = { orphans: false, fast: true, dry_run: false, version: "1", ...options };
      return rememberedCheck(effects, openPlane(effects, made.root), given);
    };
    return { at };
  }

  test("with the first grant that it rests on, within the day", async () => {
    const { at } = await atMinutes();
    const full = await at(0, { fast: false });
    expect(errorCodes(full)).toEqual([]);
    await at(0);
    expect(await at(9)).toMatchObject({ healthy: true, hashed_count: 0 });
    const late = await at(10);
    expect(errorCodes(late)).toContain("WAIVER_EXPIRED");
    expect(answer(late)).toEqual(answer(await at(10, { fast: false })));
  });

  test("where the clock was set back before it was made", async () => {
    const { at } = await atMinutes();
    await at(11);
    expect(errorCodes(await at(12))).toContain("WAIVER_EXPIRED");
    expect(errorCodes(await at(9))).toEqual([]);
  });
});

describe("the cache itself", () => {
  test("deleting it changes no answer", async () => {
    const { run, root } = await remembering();
    writeFileSync(join(root, MAIN), "2\n");
    await run();
    const before = await run();
    rmSync(join(root, ".holdfast/cache"), { recursive: true });
    const after = await run();
    expect([before.trusted_count, after.trusted_count]).toEqual([3, 0]);
    expect(answer(after)).toEqual(answer(before));
  });

  test("any byte changed, cut or added makes it worth nothing", async () => {
    const { run, root } = await remembering();
    await run();
    const good = readFileSync(join(root, CACHE));
    for (let at = 0; at < good.length; at += Math.ceil(good.length / 40)) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 1;
      writeFileSync(join(root, CACHE), bad);
      expect([at, (await run({ dry_run: true })).trusted_count]).toEqual([at, 0]);
    }
    for (const bad of [
      good.subarray(0, -1),
      Buffer.concat([good, Buffer.from([0])]),
      good.subarray(0, 60),
      "",
    ]) {
      writeFileSync(join(root, CACHE), bad);
      expect((await run({ dry_run: true })).trusted_count).toBe(0);
    }
    writeFileSync(join(root, CACHE), good);
    expect((await run({ dry_run: true })).trusted_count).toBe(3);
  });

  test.each<[string, (path: string) => void]>([
    ["a folder", (path) => mkdirSync(path)],
    ["a link", (path) => symlinkSync("/dev/zero", path)],
    ["a link to nowhere", (path) => symlinkSync("nowhere", path)],
  ])("%s in its place is not read", async (_, make) => {
    const { run, root } = await remembering();
    make(join(root, CACHE));
    expect(await run()).toMatchObject({ healthy: true, trusted_count: 0 });
  });

  test("one made with another secret, for another plane or by another program is not believed", async () => {
    const one = await remembering();
    const other = await remembering("t".repeat(64));
    await one.run();
    await other.run();
    copyFileSync(join(other.root, CACHE), join(one.root, CACHE));
    expect(await one.run({ dry_run: true })).toMatchObject({ trusted_count: 0 });
    await one.run();
    expect(await one.run({ dry_run: true })).toMatchObject({ hashed_count: 0 });
    // Files are believed, the report is made anew.
    writeFileSync(join(one.root, MAIN), "2\n");
    expect(await one.run({ version: "2", dry_run: true })).toMatchObject({
      healthy: false,
      trusted_count: 2,
    });
  });

  test("without a secret nothing is believed or kept", async () => {
    const { run, effects, root } = await remembering();
    await run();
    const poor = { ...effects, host: { ...effects.host, env: {} } };
    const options = { orphans: false, fast: true, dry_run: false, version: "1" };
    expect(await rememberedCheck(poor, openPlane(effects, root), options)).toMatchObject({
      mode: "fast",
      trusted_count: 0,
      healthy: true,
    });
  });

  test("what changed in the very tick in which the check began is read again (git's racy rule)", async () => {
    const { run, root, effects } = await remembering();
    await setTimeout(15);
    // The same clock tick is had by giving the check a beginning that is not later than the file.
    const ctime_ns = statSync(join(root, MAIN), { bigint: true }).ctimeNs;
    const { fs } = effects;
    const tick = {
      ...effects,
      fs: {
        ...fs,
        stat: (path: string) => {
          const stat = fs.stat(path);
          return stat === undefined || !path.includes("/.clock-") ? stat : { ...stat, ctime_ns };
        },
      },
    };
    const options = { orphans: false, fast: true, dry_run: false, version: "1" };
    await rememberedCheck(tick, openPlane(effects, root), options);
    const report = await run();
    expect(report.hashed_count).toBeGreaterThan(0);
    expect(report.healthy).toBe(true);
    expect(errorCodes(report)).toEqual([]);
  });

  test("a plane whose bytecode was judged by an interpreter is judged again, with its files believed", async () => {
    const { run, put } = await remembering();
    put("modules/alpha/__pycache__/main.cpython-311.pyc", "not bytecode");
    await run();
    const report = await run();
    expect(report.counts).toMatchObject({ match: 2, source: 2, total: 5 });
    expect(report.healthy).toBe(false);
    expect(report.trusted_count).toBe(3);
  });
});
