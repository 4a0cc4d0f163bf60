import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PLUGIN_KINDS } from "../../src/contracts/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { preflight } from "../../src/lifecycle/index.ts";
import { readManifest } from "../../src/metadata/index.ts";
import { sourceSchema } from "../../src/operations/source-schema.ts";
import { findPython } from "../../src/python/index.ts";
import { newPlugin } from "../../src/scaffold/index.ts";
import { type LibraryPlane, libraryPlane } from "../support/library-plane.ts";
import { temporaryFolder } from "../support/tree.ts";

const RUNTIMES = ["python", "node"] as const;
const ALL = PLUGIN_KINDS.flatMap((kind) => RUNTIMES.map((runtime) => ({ kind, runtime })));
const folder = (kind: string, runtime: string): string => `modules/${kind.replace("_", "-")}-${runtime}`;

const write = (
  { effects, root }: LibraryPlane,
  kind: (typeof PLUGIN_KINDS)[number],
  runtime: "python" | "node",
) =>
  newPlugin(
    effects,
    { directory: join(root, folder(kind, runtime)), kind, runtime, dry_run: false },
    sourceSchema(),
  );

async function healthOf({ effects }: LibraryPlane) {
  const { executable } = await findPython(effects, {});
  return {
    interpreters: async () => ({ python: executable, node: process.execPath }),
    approval_accepts_no_jail: () => true,
  };
}

describe("newPlugin()", () => {
  test("of every kind and runtime passes preflight, packs, and installs with a healthy answer", async () => {
    const plane = await libraryPlane();
    const { effects, root } = plane;
    const runtime = async () => ({ host: "1.0.0", api: "1.0.0", node: "24.0.0", python: "3.11.0" });
    for (const { kind, runtime: language } of ALL) {
      const { package_id } = write(plane, kind, language);
      const world = { effects, plane: plane.plane, no_plane: "", runtime };
      const report = await preflight(world, join(root, folder(kind, language)));
      expect([report.findings, report.healthy], package_id).toEqual([[], true]);
      await plane.pack(folder(kind, language));
    }
    const ids = ALL.map(({ kind, runtime: language }) =>
      `PKG-T3-${kind.replace("_", "-")}-${language}-001`.toUpperCase(),
    );
    const health = await healthOf(plane);
    const done = await plane.install(ids, { health });
    expect(done.packages.map(({ package_id }) => package_id).sort()).toEqual(ids.toSorted());
    expect(done.timeline.map(({ phase }) => phase)).toContain("health-check");
    for (const id of ids) {
      const { plugin } = readManifest(
        readFileSync(join(root, `installed/${id}/manifest.json`)),
        new Map(),
        id,
      ).manifest;
      expect(plugin).toMatchObject({
        root: expect.stringMatching(/^modules\//),
        capability: expect.anything(),
      });
    }
  });

  test("that does not answer is not installed: a plugin's own health checks are run", async () => {
    const plane = await libraryPlane();
    const { package_id } = write(plane, "node", "python");
    writeFileSync(join(plane.root, folder("node", "python"), "main.py"), "print('no')\n");
    await plane.pack(folder("node", "python"));
    await expect(plane.install([package_id], { health: await healthOf(plane) })).rejects.toMatchObject({
      details: { cause: { code: "UNHEALTHY" } },
    });
  });

  test("runs its own tests green", () => {
    const place = temporaryFolder();
    for (const { kind, runtime } of ALL) {
      const directory = join(place, `${kind}-${runtime}`);
      newPlugin(nodeEffects(), { directory, kind, runtime, dry_run: false }, sourceSchema());
      if (runtime === "node")
        execFileSync(process.execPath, ["--test", "tests/main.test.mjs"], { cwd: directory });
      else
        execFileSync("python3", ["-B", "-m", "unittest", "-q", "tests/test_main.py"], {
          cwd: directory,
          stdio: "pipe",
        });
    }
  });

  test("packs to the same bytes wherever it is written", async () => {
    const one = await libraryPlane();
    const other = await libraryPlane();
    const digests: string[] = [];
    for (const plane of [one, other]) {
      write(plane, "agent", "node");
      digests.push((await plane.pack(folder("agent", "node"))).digest);
    }
    expect(digests[0]).toBe(digests[1]);
  });

  test("overwrites nothing, and leaves nothing behind when it refuses or only shows", () => {
    const place = temporaryFolder();
    const effects = nodeEffects();
    const request = { kind: "node", runtime: "python", dry_run: false } as const;
    const at = (name: string, more: object = {}) =>
      newPlugin(effects, { ...request, directory: join(place, name), ...more }, "{}");
    mkdirSync(join(place, "full"));
    writeFileSync(join(place, "full/mine.txt"), "mine");
    symlinkSync(join(place, "full"), join(place, "link"));
    writeFileSync(join(place, "file"), "");
    for (const name of ["full", "link", "file"])
      expect(() => at(name), name).toThrow(expect.objectContaining({ code: "NEW_FOLDER_TAKEN" }));
    expect(() => at("no/such")).toThrow(expect.objectContaining({ code: "NEW_FOLDER_PARENT" }));
    expect(() => at("---")).toThrow(expect.objectContaining({ code: "NEW_NAME_UNUSABLE" }));
    expect(at("shown", { dry_run: true }).files).toContain("holdfast.toml");
    expect(readdirSync(place).sort()).toEqual(["file", "full", "link"]);
    expect(readdirSync(join(place, "full"))).toEqual(["mine.txt"]);
    mkdirSync(join(place, "empty"));
    expect(at("empty").files).toContain("holdfast.toml");
    expect(existsSync(join(place, "empty/main.py"))).toBe(true);
  });

  test("takes id, namespace and target from the folder, or as they are given", () => {
    const place = temporaryFolder();
    const made = (directory: string, more: object) => {
      const { package_id, namespace, target } = newPlugin(
        nodeEffects(),
        { directory: join(place, directory), kind: "node", runtime: "node", dry_run: false, ...more },
        "{}",
      );
      return [package_id, namespace, target];
    };
    expect(made("My Plugin!", {})).toEqual(["PKG-T3-MY-PLUGIN-001", "my-plugin", "modules/my-plugin"]);
    expect(made("b", { id: "PKG-X", namespace: "org.b" })).toEqual(["PKG-X", "org.b", "modules/b"]);
    expect(readFileSync(join(place, "b/holdfast.toml"), "utf8")).toContain('namespace = "org.b"');
  });
});
