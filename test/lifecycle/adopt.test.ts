import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PackageId, Version } from "../../src/contracts/index.ts";
import type { Effects } from "../../src/effects/index.ts";
import { checkIntegrity } from "../../src/integrity/index.ts";
import { deriveId, semverOf } from "../../src/lifecycle/adopt/package-names.ts";
import type { TakeRequest } from "../../src/lifecycle/adopt/take-entries.ts";
import { restore, takeEntries } from "../../src/lifecycle/index.ts";
import { readInstalled } from "../../src/receipts/index.ts";
import { readRegistry } from "../../src/registry/index.ts";
import { type LibraryPlane, libraryPlane } from "../support/library-plane.ts";
import { picture, writeTree } from "../support/tree.ts";

const SITE = "vendor/site";

const digest = (text: string): string =>
  `sha256=${createHash("sha256").update(text).digest("base64url")},${Buffer.byteLength(text)}`;

function distribution(root: string, name: string, version: string, files: Record<string, string>): void {
  const info = `${name}-${version}.dist-info`;
  const own = { ...files, [`${info}/METADATA`]: `Name: ${name}\nVersion: ${version}\nLicense: MIT\n` };
  writeTree(join(root, SITE), own);
  const lines = Object.entries(own).map(([path, text]) => `${path},${digest(text)}`);
  writeFileSync(join(root, SITE, info, "RECORD"), [...lines, `${info}/RECORD,,`, ""].join("\n"));
}

async function planeWithSite(): Promise<LibraryPlane> {
  const plane = await libraryPlane();
  distribution(plane.root, "alpha", "1.0", { "alpha/__init__.py": "A = 1\n", "alpha/settings.json": "{}\n" });
  distribution(plane.root, "beta", "2.0b1", { "beta/__init__.py": "B = 1\n", "beta.pth": "import beta\n" });
  chmodSync(join(plane.root, SITE, "alpha/settings.json"), 0o640);
  writeTree(plane.root, { [`${SITE}/alpha/__pycache__/__init__.cpython-311.pyc`]: "cache" });
  return plane;
}

const take = (plane: LibraryPlane, more: Partial<TakeRequest>, effects: Effects = plane.effects) =>
  takeEntries(effects, plane.plane, {
    folder: join(plane.root, SITE),
    take: [],
    all: false,
    as: [],
    accept: [],
    token: plane.token,
    dry_run: false,
    runtime: { host: "1.0.0", api: "1.0.0", node: "24.0.0", python: undefined },
    ...more,
  });

const site = ({ root }: LibraryPlane): Record<string, string> => picture(join(root, SITE));
/** What of the plane an adoption may change, ledgers and the journal left out. */
const state = ({ root }: LibraryPlane): Record<string, string> =>
  picture(root, (path) => /^(ledger|planes\/ho[12]\/ledger|\.holdfast)$/.test(path));
const errors = async ({ effects, plane }: LibraryPlane): Promise<string[]> =>
  (await checkIntegrity(effects, plane, { orphans: false })).findings
    .filter(
      ({ severity, code }) =>
        severity === "error" && code !== "REGISTRY_EMPTY" && code !== "NOTHING_VERIFIED",
    )
    .map(({ code, path }) => `${code} ${path}`);

describe("what is refused changes nothing", () => {
  test.each<[string, Partial<TakeRequest>, string]>([
    ["a name the folder does not hold", { take: ["gamma"] }, "ADOPT_NAME_UNKNOWN"],
    ["an id that is none", { take: ["alpha"], as: ["alpha"] }, "ADOPT_ID_REFUSED"],
    ["one id for two packages", { take: ["alpha", "beta"], as: ["PKG-A-001"] }, "ADOPT_ID_REFUSED"],
    ["one id twice", { take: ["alpha", "beta"], as: ["PKG-A-001", "PKG-A-001"] }, "ADOPT_ID_REFUSED"],
    ["code that runs unasked and nobody accepted", { take: ["beta"] }, "ADOPT_NOT_ACCEPTED"],
    ["no token", { take: ["alpha"], token: undefined }, "AUTH_TOKEN_MISSING"],
  ])("%s", async (_what, more, code) => {
    const plane = await planeWithSite();
    const before = state(plane);
    await expect(take(plane, more)).rejects.toMatchObject({ code });
    expect(state(plane)).toEqual(before);
  });

  test("a folder outside the plane, with the way there", async () => {
    const plane = await planeWithSite();
    const folder = join(plane.root, "../elsewhere");
    mkdirSync(folder);
    await expect(take(plane, { folder, all: true })).rejects.toMatchObject({
      code: "ADOPT_OUTSIDE_PLANE",
      exit_code: 3,
      next_step: expect.stringContaining("pkg init "),
    });
  });

  test("two packages of one name, until one is named by its place", async () => {
    const plane = await libraryPlane();
    writeTree(join(plane.root, "node_modules"), {
      "x/package.json": '{"name": "x", "version": "1.0.0"}',
      "y/package.json": '{"name": "y", "version": "1.0.0"}',
      "y/node_modules/x/package.json": '{"name": "x", "version": "2.0.0"}',
    });
    const folder = join(plane.root, "node_modules");
    await expect(take(plane, { folder, take: ["z"] })).rejects.toMatchObject({ code: "ADOPT_NAME_UNKNOWN" });
    const { taken } = await take(plane, { folder, take: ["y/node_modules/x", "x"] });
    expect(taken.packages.map(({ package_id, version }) => [package_id, version])).toEqual([
      ["PKG-X-001", "2.0.0"],
      ["PKG-X-002", "1.0.0"],
    ]);
    rmSync(join(plane.root, "node_modules/x"), { recursive: true });
    writeTree(join(plane.root, "node_modules"), { "w/package.json": '{"name": "y", "version": "1.0.0"}' });
    await expect(take(plane, { folder, take: ["y/../y"] })).rejects.toMatchObject({
      code: "ADOPT_NAME_UNKNOWN",
    });
    writeTree(join(plane.root, "node_modules"), {
      "v/package.json": '{"name": "u", "version": "1.0.0"}',
      "t/package.json": '{"name": "u", "version": "1.0.0"}',
    });
    await expect(take(plane, { folder, take: ["u"] })).rejects.toMatchObject({
      code: "ADOPT_NAME_AMBIGUOUS",
    });
  });

  test("folders that belong to the plane, packages without a file of their own, bytes that are not as recorded", async () => {
    const plane = await libraryPlane();
    writeTree(plane.root, { "scripts/plugin/plugin.json": '{"name": "p"}' });
    const reserved = { folder: join(plane.root, "scripts"), all: true };
    await expect(take(plane, reserved)).rejects.toMatchObject({ code: "TARGET_REFUSED" });
    writeTree(plane.root, {
      [`${SITE}/gone-1.dist-info/METADATA`]: "Name: gone\nVersion: 1\n",
      [`${SITE}/gone-1.dist-info/RECORD`]: "gone/x.py,,\n",
    });
    await expect(take(plane, { take: ["gone"], accept: ["FILE_PHANTOM"] })).rejects.toMatchObject({
      code: "ADOPT_EMPTY",
    });
    const other = await planeWithSite();
    writeFileSync(join(other.root, SITE, "alpha/__init__.py"), "A = 2\n");
    await expect(take(other, { take: ["alpha"] })).rejects.toMatchObject({
      code: "ADOPT_NOT_ACCEPTED",
      details: { codes: ["FILE_MISMATCH"] },
      next_step: expect.stringContaining(`"pkg adopt ${SITE}"`),
    });
    const { taken } = await take(other, { take: ["alpha"], accept: ["FILE_MISMATCH"] });
    expect(taken.packages).toMatchObject([{ accepted: ["FILE_MISMATCH"] }]);
  });

  test("files that change while they are taken, at whatever moment", async () => {
    const plane = await planeWithSite();
    const path = join(plane.root, SITE, "alpha/__init__.py");
    const before = state(plane);
    const seen: string[] = [];
    for (let moment = 1; moment <= 4; moment++) {
      let reads = 0;
      const racing: Effects = {
        ...plane.effects,
        workers: {
          ...plane.effects.workers,
          async digestFiles(paths) {
            const digests = await plane.effects.workers.digestFiles(paths);
            if (paths.includes(path) && ++reads === moment) writeFileSync(path, "A = 6\n");
            return digests;
          },
        },
      };
      const refused = await take(plane, { take: ["alpha"] }, racing).catch(
        (error: { code: string }) => error,
      );
      expect("code" in refused, `moment ${moment}`).toBe(true);
      seen.push("code" in refused ? refused.code : "");
      writeFileSync(path, "A = 1\n");
      expect(state(plane)).toEqual(before);
    }
    expect(seen).toEqual(["ADOPT_CHANGED", "SOURCE_CHANGED", "PATH_OCCUPIED", "PATH_OCCUPIED"]);
  });
});

test("a dry run says the same and changes nothing", async () => {
  const plane = await planeWithSite();
  const before = picture(plane.root);
  const { taken } = await take(plane, { take: ["ALPHA"], dry_run: true });
  expect(taken).toMatchObject({
    dry_run: true,
    transaction_id: null,
    packages: [{ package_id: "PKG-ALPHA-001", version: "1.0.0", files: 4 }],
  });
  expect(picture(plane.root)).toEqual(before);
});

describe("adopted packages", () => {
  test("are governed in one transaction without a byte moved", async () => {
    const plane = await planeWithSite();
    const before = site(plane);
    const { taken } = await take(plane, { all: true, accept: ["PTH_RUNS_CODE"] });
    expect(site(plane)).toEqual(before);
    expect(
      taken.packages.map(({ package_id, version, accepted }) => [package_id, version, accepted]),
    ).toEqual([
      ["PKG-ALPHA-001", "1.0.0", []],
      ["PKG-BETA-001", "2.0.0-beta.1", ["PTH_RUNS_CODE"]],
    ]);
    const installed = readInstalled(plane.effects.fs, plane.root);
    expect(new Set(installed.map(({ receipt }) => receipt.transaction_id))).toEqual(
      new Set([taken.transaction_id]),
    );
    const files = installed.flatMap(({ receipt }) => receipt.files);
    expect(new Set(files.map(({ origin }) => origin))).toEqual(new Set(["adopted"]));
    expect(files.map(({ path }) => path)).not.toContain(`${SITE}/alpha/__pycache__/__init__.cpython-311.pyc`);
    const rows = readRegistry(
      plane.effects.fs,
      join(plane.root, "registries/packages_registry.csv"),
      "packages_registry",
    );
    expect(rows).toMatchObject([
      { id: "PKG-ALPHA-001", name: "alpha", artifact_path: `/${SITE}/alpha`, license: "MIT" },
      { id: "PKG-BETA-001" },
    ]);
    const events = readFileSync(join(plane.root, "ledger/governance.jsonl"), "utf8");
    expect(events).toContain('"event_type": "ADOPTED"');
    expect(events).toContain('"accepted_findings": ["PTH_RUNS_CODE"]');
    expect(await errors(plane)).toEqual([]);
    await expect(take(plane, { take: ["alpha"] })).rejects.toMatchObject({ code: "ADOPT_GOVERNED" });
    expect((await take(plane, { all: true })).taken.packages).toEqual([]);
  });

  test("are restored after every kind of tampering, settings of a stranger included, and released as they lie", async () => {
    const plane = await planeWithSite();
    // As a umask of 002 leaves them, and one that nobody else may read.
    chmodSync(join(plane.root, SITE, "alpha/__init__.py"), 0o664);
    chmodSync(join(plane.root, SITE, "alpha-1.0.dist-info/METADATA"), 0o660);
    const before = site(plane);
    await take(plane, { take: ["alpha"] });
    const at = (path: string): string => join(plane.root, SITE, path);
    writeFileSync(at("alpha/__init__.py"), "A = 666\n");
    writeFileSync(at("alpha/settings.json"), "{ }\n");
    rmSync(at("alpha-1.0.dist-info/METADATA"));
    symlinkSync("/etc/passwd", at("alpha-1.0.dist-info/METADATA"));
    expect((await errors(plane)).sort()).toEqual([
      `FILE_DRIFT ${SITE}/alpha-1.0.dist-info/METADATA`,
      `FILE_DRIFT ${SITE}/alpha/__init__.py`,
      `FILE_DRIFT ${SITE}/alpha/settings.json`,
    ]);
    const { restored } = await restore(plane.effects, plane.plane, { token: plane.token, dry_run: false });
    expect(restored).toHaveLength(3);
    expect(await errors(plane)).toEqual([]);
    const { packages } = await plane.uninstall(["PKG-ALPHA-001"]);
    expect(packages[0]).toMatchObject({ removed: [], cache_removed: [], drifted: [] });
    expect(packages[0]?.released).toHaveLength(4);
    expect(site(plane)).toEqual(before);
  });

  test("get no permission back that lets anybody write", async () => {
    const plane = await planeWithSite();
    const path = join(plane.root, SITE, "alpha/__init__.py");
    chmodSync(path, 0o666);
    await take(plane, { take: ["alpha"], accept: ["WORLD_WRITABLE"] });
    rmSync(path);
    await restore(plane.effects, plane.plane, { token: plane.token, dry_run: false });
    expect(statSync(path).mode & 0o777).toBe(0o664);
  });

  test("are released as they lie even when they were changed meanwhile", async () => {
    const plane = await planeWithSite();
    await take(plane, { take: ["alpha"] });
    writeFileSync(join(plane.root, SITE, "alpha/__init__.py"), "A = 2\n");
    const before = site(plane);
    await plane.uninstall(["PKG-ALPHA-001"]);
    expect(site(plane)).toEqual(before);
  });

  test("come back under the same id after a release: same bytes, and a version its own tool put there", async () => {
    const plane = await planeWithSite();
    const first = await take(plane, { take: ["alpha"] });
    await plane.uninstall(["PKG-ALPHA-001"]);
    const again = await take(plane, { take: ["alpha"] });
    expect(again.taken.packages).toEqual(first.taken.packages);
    await plane.uninstall(["PKG-ALPHA-001"]);
    writeFileSync(join(plane.root, SITE, "alpha/__init__.py"), "A = 9\n");
    await expect(take(plane, { take: ["alpha"], accept: ["FILE_MISMATCH"] })).rejects.toMatchObject({
      code: "ADOPT_VERSION_TAKEN",
      next_step: expect.stringContaining("--as PKG-ALPHA-002"),
    });
    rmSync(join(plane.root, SITE, "alpha-1.0.dist-info"), { recursive: true });
    distribution(plane.root, "alpha", "1.1", { "alpha/__init__.py": "A = 2\n" });
    rmSync(join(plane.root, SITE, "alpha/settings.json"));
    const newer = await take(plane, { take: ["alpha"] });
    expect(newer.taken.packages).toMatchObject([{ package_id: "PKG-ALPHA-001", version: "1.1.0" }]);
    writeFileSync(join(plane.root, SITE, "alpha/__init__.py"), "tampered\n");
    await restore(plane.effects, plane.plane, { token: plane.token, dry_run: false });
    expect(readFileSync(join(plane.root, SITE, "alpha/__init__.py"), "utf8")).toBe("A = 2\n");
    expect(await errors(plane)).toEqual([]);
  });

  test("are given back by undo as well", async () => {
    const plane = await planeWithSite();
    const before = site(plane);
    await take(plane, { take: ["alpha"] });
    await plane.rollback([]);
    expect(readInstalled(plane.effects.fs, plane.root)).toEqual([]);
    expect(site(plane)).toEqual(before);
  });

  test("of an agent: the whole folder is the plugin's, links and pipes stay out of the receipt", async () => {
    const plane = await libraryPlane();
    writeTree(plane.root, {
      "plugins/guard/.claude-plugin/plugin.json": '{"name": "@acme/guard", "version": "1.2.3"}',
      "plugins/guard/run.sh": { text: "#!/bin/sh\n", mode: 0o755 },
    });
    symlinkSync("run.sh", join(plane.root, "plugins/guard/start"));
    const { taken } = await take(plane, { folder: join(plane.root, "plugins"), all: true });
    expect(taken.packages).toMatchObject([{ package_id: "PKG-ACME-GUARD-001", files: 2 }]);
    const [found] = readInstalled(plane.effects.fs, plane.root);
    expect(found?.manifest).toMatchObject({ package_type: "plugin", name: "acme/guard" });
    expect(found?.receipt.files.map(({ path, executable }) => [path, executable])).toEqual([
      ["plugins/guard/.claude-plugin/plugin.json", false],
      ["plugins/guard/run.sh", true],
    ]);
    renameSync(join(plane.root, "plugins/guard/run.sh"), join(plane.root, "plugins/guard/x"));
    expect(await errors(plane)).toEqual(["FILE_MISSING plugins/guard/run.sh"]);
  });
});

describe("names and versions of ours", () => {
  test.each([
    ["24.0", "24.0.0"],
    ["2023.07.22", "2023.7.22"],
    ["1.2.3.4", "1.2.3+4"],
    ["2.0b1", "2.0.0-beta.1"],
    ["1.0rc", "1.0.0-rc.0"],
    ["1.0.post2", "1.0.0+post.2"],
    ["1.0.dev3", "1.0.0-dev.3"],
    ["1!2.0", "2.0.0"],
    ["3.1.0+local.7", "3.1.0+local.7"],
    ["1.0+ubuntu_1", "1.0.0+ubuntu.1"],
    ["nothing", "0.0.0"],
    [null, "0.0.0"],
  ])("%s is %s", (given, expected) => {
    expect(semverOf(given)).toBe(expected);
  });

  test("whatever a stranger calls a package, id and version are sound and ids differ", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string(), (name, version) => {
        const taken = new Set<string>();
        for (let round = 0; round < 3; round++) {
          const id = deriveId(name, "/x", () => undefined, taken);
          expect(PackageId.safeParse(id).success).toBe(true);
          expect(taken.has(id)).toBe(false);
          taken.add(id);
        }
        expect(Version.safeParse(semverOf(version)).success).toBe(true);
      }),
      { seed: 20261121 },
    );
  });
});
