/** Environments of packages through their whole life, with real interpreters and a real jail. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Effects, HeldLock } from "../../src/effects/index.ts";
import { nodeFileSystem } from "../../src/effects/node/file-system.ts";
import { crashingFileSystem } from "../../src/effects/sim/crashing-file-system.ts";
import { checkIntegrity } from "../../src/integrity/index.ts";
import { prettyJson, sha256Hex } from "../../src/kernel/index.ts";
import { collectNow } from "../../src/lifecycle/index.ts";
import { openPlane, writing } from "../../src/plane/index.ts";
import { contentDigest } from "../../src/python/environment/content.ts";
import { environmentOfPackage, findPython } from "../../src/python/index.ts";
import { readReceipt } from "../../src/receipts/index.ts";
import { copyOfPlane, type LibraryPlane, libraryPlane, packageToml } from "../support/library-plane.ts";
import { picture, writeTree } from "../support/tree.ts";
import { type MadeWheel, madeWheel } from "../support/wheels.ts";

const A = "PKG-T2-A-001";
const B = "PKG-T2-B-001";
const C = "PKG-T2-C-001";
const GREETING = madeWheel();
const COLOUR = madeWheel({ name: "colour-names", metadata: ["Requires-Dist: greeting"] });

/** Imports its wheels for real when it is installed. */
const CHECK = { checks: [{ id: "imports", kind: "import", module: "modules.NAME" }] };

function source(
  id: string,
  wheels: readonly MadeWheel[],
  more: { ships?: readonly MadeWheel[]; fields?: object; code?: string } = {},
) {
  const name = id.split("-")[2]?.toLowerCase() ?? "";
  return {
    [`src/${name}/holdfast.toml`]: packageToml(id, {
      target: `modules/${name}`,
      environment: { requirements: wheels.map(({ locked }) => locked) },
      health: JSON.parse(JSON.stringify(CHECK).replace("NAME", name)),
      ...more.fields,
    }),
    [`src/${name}/__init__.py`]: more.code ?? "import greeting\n",
    ...Object.fromEntries(
      (more.ships ?? wheels).map(({ wheel, bytes }) => [
        `src/${name}/wheels/${wheel}`,
        bytes.toString("latin1"),
      ]),
    ),
  };
}

function put(plane: LibraryPlane, files: Record<string, string>): void {
  const texts = Object.entries(files).filter(([path]) => !path.endsWith(".whl"));
  writeTree(plane.root, Object.fromEntries(texts));
  for (const [path, text] of Object.entries(files)) {
    if (!path.endsWith(".whl")) continue;
    mkdirSync(join(plane.root, path, ".."), { recursive: true });
    writeFileSync(join(plane.root, path), Buffer.from(text, "latin1"));
  }
}

const environments = ({ root }: LibraryPlane): string[] => {
  const folder = join(root, ".holdfast/state/environments");
  return existsSync(folder) ? readdirSync(folder) : [];
};
let made: LibraryPlane;
beforeAll(async () => {
  made = await libraryPlane(mkdtempSync(join(tmpdir(), "holdfast-test-")));
  put(made, {
    ...source(A, [GREETING]),
    ...source(B, [GREETING]),
    ...source(C, [COLOUR, GREETING], { ships: [GREETING] }),
  });
  for (const name of ["a", "b", "c"]) await made.pack(`src/${name}`);
  rmSync(join(made.root, "modules"), { recursive: true, force: true });
});

afterAll(() => rmSync(dirname(made.root), { recursive: true, force: true }));

/** The same check for every package, in a real jail. */
const health = (plane: LibraryPlane) => ({
  interpreters: async () => ({ python: (await findPython(plane.effects)).executable }),
  approval_accepts_no_jail: () => false,
});
const install = (plane: LibraryPlane, ids: readonly string[], effects?: Effects, more = {}) =>
  plane.install(ids, { health: health(plane), ...more }, effects);

/** Nothing of a change that did not happen. */
function expectNoTrace(plane: LibraryPlane): void {
  expect(environments(plane)).toEqual([]);
  for (const folder of ["transactions", "preparing"]) {
    const path = join(plane.root, ".holdfast/state", folder);
    expect(existsSync(path) ? readdirSync(path) : []).toEqual([]);
  }
}

async function code(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "done",
    (error: { code?: string; details?: { findings?: { code: string }[] } }) =>
      error.details?.findings?.[0]?.code ?? error.code ?? "no fault",
  );
}

describe("a lock is refused", () => {
  const locked = (change: object) => ({ environment: { requirements: [{ ...GREETING.locked, ...change }] } });
  test.each<[string, object]>([
    ["a range", locked({ version: ">=1.2.0" })],
    ["a wildcard", locked({ version: "1.2.*" })],
    ["a short digest", locked({ sha256: "sha256:abc" })],
    ["a name in another form", locked({ name: "Greeting" })],
    ["a wheel of another version", locked({ wheel: "greeting-1.3.0-py3-none-any.whl" })],
    ["a wheel of another project", locked({ wheel: "other-1.2.0-py3-none-any.whl" })],
    ["a source archive", locked({ wheel: "greeting-1.2.0.tar.gz" })],
    ["a path for a wheel", locked({ wheel: "../greeting-1.2.0-py3-none-any.whl" })],
    ["a name twice", { environment: { requirements: [GREETING.locked, GREETING.locked] } }],
    ["nothing locked", { environment: { requirements: [] } }],
    ["an index", { environment: { requirements: [GREETING.locked], index: "https://pypi.org" } }],
  ])("for %s, with its field", async (_, fields) => {
    const plane = copyOfPlane(made);
    put(plane, source("PKG-T2-D-001", [GREETING], { fields }));
    await expect(plane.pack("src/d")).rejects.toMatchObject({
      code: expect.stringMatching(/^METADATA_(INVALID|FIELD_UNKNOWN)$/),
      exit_code: 2,
      details: { field: expect.stringMatching(/^\/environment/) },
    });
  });

  test("at pack, when a wheel shipped under the locked name has other bytes", async () => {
    const plane = copyOfPlane(made);
    put(plane, source("PKG-T2-D-001", [GREETING], { ships: [] }));
    put(plane, { [`src/d/wheels/${GREETING.wheel}`]: COLOUR.bytes.toString("latin1") });
    await expect(plane.pack("src/d")).rejects.toMatchObject({
      code: "WHEEL_DIGEST_MISMATCH",
      exit_code: 3,
      details: {
        path: `modules/d/wheels/${GREETING.wheel}`,
        expected: GREETING.sha256,
        actual: COLOUR.sha256,
      },
    });
  });
});

describe("install()", () => {
  test("builds one environment for the same lock in two packages, checks with it, and frees it with the last", async () => {
    const plane = copyOfPlane(made);
    const spawned: string[] = [];
    const effects = {
      ...plane.effects,
      subprocess: {
        run: (request: Parameters<Effects["subprocess"]["run"]>[0]) => {
          if (request.argv.includes("venv")) spawned.push(request.argv.join(" "));
          return plane.effects.subprocess.run(request);
        },
      },
    };
    await install(plane, [A], effects);
    const [key = "", ...more] = environments(plane);
    expect(more).toEqual([]);
    const built = picture(join(plane.root, ".holdfast/state/environments"));
    await install(plane, [B], effects);
    expect(picture(join(plane.root, ".holdfast/state/environments"))).toEqual(built);
    expect(spawned).toHaveLength(1);
    const receipt = (id: string) =>
      JSON.parse(readFileSync(join(plane.root, `installed/${id}/receipt.json`), "utf8"));
    expect(receipt(A).environment).toEqual(receipt(B).environment);
    expect(key.slice(0, 32)).toBe(receipt(A).environment.lock_digest.slice(0, 32));
    expect(await verdicts(plane)).toEqual([`match ${key.slice(0, 8)}`]);
    await plane.uninstall([A]);
    expect(environments(plane)).toEqual([key]);
    await plane.uninstall([B]);
    expectNoTrace(plane);
  });

  test("two packages of one change share one build", async () => {
    const plane = copyOfPlane(made);
    await install(plane, [A, B]);
    expect(environments(plane)).toHaveLength(1);
    await plane.uninstall([A, B]);
    expectNoTrace(plane);
  });

  test("takes wheels that are not shipped from a folder the operator names, by their digest", async () => {
    const plane = copyOfPlane(made);
    const wheels = join(plane.root, "../wheels");
    expect(await code(install(plane, [C]))).toBe("WHEEL_MISSING");
    mkdirSync(wheels);
    writeFileSync(join(wheels, COLOUR.wheel), GREETING.bytes);
    const from = { environments: { wheel_directories: [wheels] } };
    await expect(install(plane, [C], undefined, from)).rejects.toMatchObject({
      code: "WHEEL_DIGEST_MISMATCH",
      exit_code: 3,
      details: { path: join(wheels, COLOUR.wheel), expected: COLOUR.sha256, actual: GREETING.sha256 },
    });
    expectNoTrace(plane);
    writeFileSync(join(wheels, COLOUR.wheel), COLOUR.bytes);
    await install(plane, [C], undefined, from);
    expect(environments(plane)).toHaveLength(1);
    await plane.uninstall([C]);
    writeFileSync(
      join(plane.root, "config/plane.toml"),
      `wheel_directories = ["${wheels}"]\n${readFileSync(join(plane.root, "config/plane.toml"), "utf8")}`,
    );
    await install({ ...plane, plane: openPlane(plane.effects, plane.root) }, [C], undefined, {
      environments: { wheel_directories: openPlane(plane.effects, plane.root).config.wheel_directories },
    });
    expect(environments(plane)).toHaveLength(1);
  });

  test.each<[string, MadeWheel, string]>([
    ["a hostile wheel", madeWheel({ files: { "evil.pth": "import os\n" } }), "WHEEL_REFUSED"],
    ["a wheel for another machine", madeWheel({ tag: "cp37-cp37m-win_amd64" }), "WHEEL_INCOMPATIBLE"],
    [
      "a wheel that needs more",
      madeWheel({ metadata: ["Requires-Dist: absent"] }),
      "WHEEL_UNLOCKED_REQUIREMENT",
    ],
  ])("refuses %s and leaves nothing", async (_, wheel, expected) => {
    const plane = copyOfPlane(made);
    put(plane, source("PKG-T2-D-001", [wheel]));
    await plane.pack("src/d");
    rmSync(join(plane.root, "modules"), { recursive: true, force: true });
    expect(await code(install(plane, ["PKG-T2-D-001"]))).toBe(expected);
    expectNoTrace(plane);
    expect(readFileSync(join(plane.root, "ledger/packages.jsonl"), "utf8")).toContain(expected);
  });

  test("refuses two wheels that bring one path", async () => {
    const plane = copyOfPlane(made);
    const twin = madeWheel({ name: "twin", files: { "greeting/__init__.py": "VERSION = 'evil'\n" } });
    put(plane, source("PKG-T2-D-001", [GREETING, twin]));
    await plane.pack("src/d");
    rmSync(join(plane.root, "modules"), { recursive: true, force: true });
    expect(await code(install(plane, ["PKG-T2-D-001"]))).toBe("WHEELS_OVERLAP");
    expectNoTrace(plane);
  });

  test("says when no virtual environment can be made", async () => {
    const plane = copyOfPlane(made);
    const broken = { environments: { python: async () => "/bin/false" } };
    await expect(install(plane, [A], undefined, broken)).rejects.toMatchObject({
      code: "PYTHON_VENV_FAILED",
      exit_code: 5,
    });
    expectNoTrace(plane);
  });

  test("a package whose check fails in its environment is rolled back with it", async () => {
    const plane = copyOfPlane(made);
    put(plane, source("PKG-T2-D-001", [GREETING], { code: "import greeting, absent\n" }));
    await plane.pack("src/d");
    rmSync(join(plane.root, "modules"), { recursive: true, force: true });
    await expect(install(plane, ["PKG-T2-D-001"])).rejects.toMatchObject({
      code: "TRANSACTION_FAILED",
      exit_code: 6,
      message: expect.stringContaining("No module named 'absent'"),
    });
    expectNoTrace(plane);
  });

  test("killed at any moment of the build or after, it leaves none, or one that is sound", {
    timeout: 60_000,
  }, async () => {
    const counted = copyOfPlane(made);
    const watch = crashingFileSystem(nodeFileSystem, Number.POSITIVE_INFINITY, { kind: "crash" });
    await counted.install([A], {}, { ...counted.effects, fs: watch.fs });
    const total = watch.changes();
    const seen = { none: 0, sound: 0, rebuilt: 0 };
    const step = Number(process.env["HOLDFAST_KILL_STEP"] ?? 27);
    for (let at = 5; at < total; at += step) {
      const plane = copyOfPlane(made);
      const { fs } = crashingFileSystem(nodeFileSystem, at, { kind: "crash" }, at % 2 === 0);
      const held: HeldLock[] = [];
      const locks = {
        acquire: async (...asked: Parameters<Effects["locks"]["acquire"]>) => {
          const lock = await plane.effects.locks.acquire(...asked);
          if (lock !== undefined) held.push(lock);
          return lock;
        },
      };
      await plane.install([A], {}, { ...plane.effects, fs, locks }).catch(() => undefined);
      // The kernel frees the locks of the dead.
      for (const lock of held) lock.release();
      await writing(plane.effects, plane.plane, { user: "test" }, async () => undefined);
      const installed = readReceipt(plane.effects.fs, plane.root, A, "ho3");
      if (installed === undefined) {
        expectNoTrace(plane);
        seen.none += 1;
        continue;
      }
      const was_there = environments(plane).length > 0;
      const found = await environmentOfPackage(plane.effects, plane.plane, installed);
      expect(found?.record.content_digest, `change ${at}`).toBe(
        installed.receipt.environment?.content_digest,
      );
      if (was_there) seen.sound += 1;
      else seen.rebuilt += 1;
    }
    expect(seen.none).toBeGreaterThan(2);
    expect(seen.sound).toBeGreaterThan(0);
  });
});

const verdicts = async (plane: LibraryPlane): Promise<string[]> => {
  const report = await checkIntegrity(plane.effects, plane.plane, { orphans: false });
  const matched = environments(plane).map((key) => {
    const record = report.records.find(({ path }) => path.endsWith(key));
    return `${record?.verdict ?? "match"} ${key.slice(0, 8)}`;
  });
  const told = report.findings.filter((one) => one.code.startsWith("ENVIRONMENT_"));
  return [
    ...matched,
    ...told.map((one) => `${one.code} ${one.path?.split("/").slice(4).join("/") ?? one.package_id}`),
  ];
};

describe("an environment that is there", () => {
  test("is judged byte for byte by integrity-check, refused to runs, and dropped by gc", async () => {
    const plane = copyOfPlane(made);
    await install(plane, [A]);
    const [key = ""] = environments(plane);
    const folder = join(plane.root, ".holdfast/state/environments", key);
    const site = join(folder, "venv", "lib", readdirSync(join(folder, "venv/lib"))[0] ?? "", "site-packages");
    const installed = () => {
      const found = readReceipt(plane.effects.fs, plane.root, A, "ho3");
      if (found === undefined) throw new Error("not installed");
      return found;
    };
    const module = join(site, "greeting/__init__.py");
    const link = readlinkSync(join(folder, "venv/bin/python"));
    const text = readFileSync(module);
    const cases: [string, () => void, () => void][] = [
      ["drift", () => writeFileSync(module, "evil = 1\n"), () => writeFileSync(module, text)],
      [
        "drift",
        () => writeFileSync(join(site, "evil.pth"), "import os\n"),
        () => rmSync(join(site, "evil.pth")),
      ],
      ["drift", () => symlinkSync("/etc/passwd", join(site, "more.py")), () => rmSync(join(site, "more.py"))],
      [
        "drift",
        () => {
          rmSync(join(folder, "venv/bin/python"));
          symlinkSync("/bin/false", join(folder, "venv/bin/python"));
        },
        () => {
          rmSync(join(folder, "venv/bin/python"));
          symlinkSync(link, join(folder, "venv/bin/python"));
        },
      ],
      ["drift", () => chmodSync(module, 0o755), () => chmodSync(module, 0o644)],
    ];
    for (const [index, [verdict, harm, mend]] of cases.entries()) {
      harm();
      expect([index, (await verdicts(plane))[0]]).toEqual([index, `${verdict} ${key.slice(0, 8)}`]);
      expect(await code(environmentOfPackage(plane.effects, plane.plane, installed()))).toBe(
        "ENVIRONMENT_DAMAGED",
      );
      mend();
    }
    // Whoever changes the record with the file is told by the receipt.
    writeFileSync(module, "evil = 1\n");
    const path = join(folder, "environment.json");
    const record = JSON.parse(readFileSync(path, "utf8"));
    const evil = Buffer.from("evil = 1\n");
    for (const file of record.files)
      if (file.path.endsWith("greeting/__init__.py"))
        Object.assign(file, { sha256: sha256Hex(evil), size_bytes: evil.length });
    record.content_digest = contentDigest(record.site, record.files);
    writeFileSync(path, prettyJson(record));
    expect(await verdicts(plane)).toEqual([`drift ${key.slice(0, 8)}`, "ENVIRONMENT_DRIFT environment.json"]);
    const { token } = plane;
    const request = { token, dry_run: false };
    expect(
      (await collectNow(plane.effects, plane.plane, { ...request, dry_run: true })).environments.removed,
    ).toEqual([key]);
    expect((await collectNow(plane.effects, plane.plane, request)).environments.removed).toEqual([key]);
    expectNoTrace(plane);
    expect(await verdicts(plane)).toEqual([`ENVIRONMENT_NOT_BUILT ${A}`]);
    const again = await environmentOfPackage(plane.effects, plane.plane, installed());
    expect(again?.key).toBe(key);
    expect(await verdicts(plane)).toEqual([`match ${key.slice(0, 8)}`]);
    expect((await collectNow(plane.effects, plane.plane, request)).environments).toEqual({
      removed: [],
      kept: [key],
    });
  });

  test("is read whole once, then only where something may have changed, or where the list of digests is not ours", async () => {
    const plane = copyOfPlane(made);
    await install(plane, [A]);
    const [key = ""] = environments(plane);
    const installed = readReceipt(plane.effects.fs, plane.root, A, "ho3");
    if (installed === undefined) throw new Error("not installed");
    let read: readonly string[] = [];
    const { workers } = plane.effects;
    const digestFiles: typeof workers.digestFiles = (paths) => {
      read = paths;
      return workers.digestFiles(paths);
    };
    const effects: Effects = { ...plane.effects, workers: { ...workers, digestFiles } };
    const readBy = async (): Promise<number> => {
      read = [];
      await environmentOfPackage(effects, plane.plane, installed);
      return read.length;
    };
    // What was built a moment ago may yet change within one tick of the clock.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const all = await readBy();
    expect(all).toBeGreaterThan(0);
    expect(await readBy()).toBe(0);
    const [module = ""] = readdirSync(join(plane.root, ".holdfast/state/environments", key), {
      recursive: true,
      encoding: "utf8",
    }).filter((path) => path.endsWith("greeting/__init__.py"));
    const path = join(plane.root, ".holdfast/state/environments", key, module);
    const bytes = readFileSync(path);
    const { atime, mtime } = statSync(path);
    // Of the same size, with its old time set back.
    writeFileSync(path, bytes.toString().replace("V", "Q"));
    utimesSync(path, atime, mtime);
    expect(await code(environmentOfPackage(effects, plane.plane, installed))).toBe("ENVIRONMENT_DAMAGED");
    expect(read).toEqual([path]);
    writeFileSync(path, bytes);
    utimesSync(path, atime, mtime);
    expect(await readBy()).toBe(1);
    // Changed a moment ago: not yet believed.
    expect(await readBy()).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([await readBy(), await readBy()]).toEqual([1, 0]);
    const list = join(plane.root, `.holdfast/cache/environment-${key}.json`);
    writeFileSync(list, readFileSync(list, "utf8").replace(/"mac":"./, '"mac":"g'));
    expect([await readBy(), await readBy()]).toEqual([all, 0]);
    await plane.uninstall([A]);
    expect(existsSync(list)).toBe(false);
  });

  test("without a package is a note, and goes with the next change; a rollback gets a new one when it is run", async () => {
    const plane = copyOfPlane(made);
    await install(plane, [A]);
    const [key = ""] = environments(plane);
    const folder = join(plane.root, ".holdfast/state/environments");
    const stray = `${"0".repeat(32)}${key.slice(32)}`;
    cpSync(join(folder, key), join(folder, stray), { recursive: true, verbatimSymlinks: true });
    mkdirSync(join(folder, ".removing-x"));
    expect(await verdicts(plane)).toContain(`ENVIRONMENT_UNNEEDED `);
    await plane.uninstall([A]);
    expectNoTrace(plane);
    await plane.rollback([A]);
    const installed = readReceipt(plane.effects.fs, plane.root, A, "ho3");
    expect(installed?.receipt.environment).toBeDefined();
    expect(environments(plane)).toEqual([]);
    if (installed !== undefined) await environmentOfPackage(plane.effects, plane.plane, installed);
    expect(environments(plane)).toEqual([key]);
  });

  test("is built once by callers that need it at the same time", async () => {
    const plane = copyOfPlane(made);
    await install(plane, [A, B]);
    rmSync(join(plane.root, ".holdfast/state/environments"), { recursive: true });
    const both = [A, B].flatMap((id) => readReceipt(plane.effects.fs, plane.root, id, "ho3") ?? []);
    const found = await Promise.all(both.map((one) => environmentOfPackage(plane.effects, plane.plane, one)));
    expect(new Set(found.map((one) => one?.directory)).size).toBe(1);
    expect(environments(plane)).toHaveLength(1);
  });

  test("is told from one that another command is still building", async () => {
    const plane = copyOfPlane(made);
    await install(plane, [A]);
    rmSync(join(plane.root, ".holdfast/state/environments"), { recursive: true });
    const installed = readReceipt(plane.effects.fs, plane.root, A, "ho3");
    if (installed === undefined) throw new Error("not installed");
    const locks = { acquire: async () => undefined };
    expect(await code(environmentOfPackage({ ...plane.effects, locks }, plane.plane, installed))).toBe(
      "ENVIRONMENT_BUSY",
    );
  });
});
