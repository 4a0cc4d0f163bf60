import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Effects } from "../../src/effects/index.ts";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { initPlane } from "../../src/lifecycle/index.ts";
import { openPlane, reading, writing } from "../../src/plane/index.ts";
import { picture, temporaryFolder, writeTree } from "../support/tree.ts";

const here = (): { folder: string; root: string; effects: Effects } => {
  const folder = temporaryFolder();
  const root = join(folder, "plane");
  mkdirSync(root);
  return {
    folder,
    root,
    effects: nodeEffects({ host: { env: {}, home: join(folder, "home"), cwd: folder } }),
  };
};
const init = (effects: Effects, directory: string, dry_run = false) =>
  initPlane(effects, {
    directory,
    dry_run,
    templates: new Map([["frameworks/FMWK-100_x.md", Buffer.from("# FMWK-100: X\n")]]),
    launcher: { node: process.execPath, script: "/nowhere/holdfast.cjs" },
  });

describe("initPlane() judges all before it changes anything", () => {
  const SPECS = "spec_id,title,framework_id,status,version,plane_id,created_at";
  test.each([
    ["registries/specs_registry.csv", "not,a,registry\n1,2\n"],
    ["registries/specs_registry.csv", `${SPECS}\nSPEC-A-001,"open,FMWK-100,active,1.0.0,ho3,x\n`],
    ["registries/packages_registry.csv", Buffer.from([0x69, 0x64, 0xff, 0x0a])],
    ["ledger/governance.jsonl", "not an entry\n"],
    ["planes/ho1/ledger/worker.jsonl", '{"event_type":"x"}\n'],
    [".gitignore", Buffer.from([0xff, 0xfe])],
    ["frameworks/FMWK-700_x.md", Buffer.from([0xff, 0xfe])],
    ["frameworks", "a file where a folder must be"],
    ["registries/frameworks_registry.csv/folder", ""],
  ])("%s (case %#)", async (path, text) => {
    const { folder, root, effects } = here();
    writeTree(root, { [path]: Buffer.isBuffer(text) ? "" : text });
    if (Buffer.isBuffer(text)) writeFileSync(join(root, path), text);
    const before = picture(folder);
    for (const dry_run of [true, false])
      await expect(init(effects, root, dry_run)).rejects.toMatchObject({
        code: "INIT_FOUND_UNUSABLE",
        exit_code: 2,
        details: { path: path.replace("/folder", "") },
      });
    expect(picture(folder)).toEqual(before);
  });

  test("a folder that is a link to nowhere, and one below a file", async () => {
    const { folder, root, effects } = here();
    symlinkSync(join(folder, "nowhere"), join(folder, "link"));
    writeFileSync(join(folder, "file"), "");
    await expect(init(effects, join(folder, "link"))).rejects.toMatchObject({ code: "INIT_TARGET_REFUSED" });
    await expect(init(effects, join(folder, "file", "x"))).rejects.toMatchObject({ code: "ENOTDIR" });
    expect(readdirSync(root)).toEqual([]);
  });
});

test("an init that failed half way is no plane yet, and running it again makes one", async () => {
  const { root, effects } = here();
  for (const failing of ["ledger/packages.jsonl", "generation.json", "plane.toml"]) {
    const openWrite: Effects["fs"]["openWrite"] = (path, options) => {
      if (path.includes(failing)) throw Object.assign(new Error("EIO"), { code: "EIO", path });
      return effects.fs.openWrite(path, options);
    };
    const broken = { ...effects, fs: { ...effects.fs, openWrite } };
    await expect(init(broken, root), failing).rejects.toMatchObject({
      code: expect.stringMatching(/EIO|LEDGER_/),
    });
    expect(existsSync(join(root, "config/plane.toml")), failing).toBe(false);
  }
  await init(effects, root);
  await writing(effects, openPlane(effects, root), { user: "a" }, async () => undefined);
  expect(readFileSync(join(root, "registries/frameworks_registry.csv"), "utf8")).toContain("FMWK-100,X,");
});

test("what lies there and is sound is kept, also behind a link and under an odd name", async () => {
  const { folder, effects } = here();
  const odd = join(folder, "a b\n\u007fü");
  mkdirSync(odd);
  await init(effects, odd);
  rmSync(join(odd, "config"), { recursive: true });
  symlinkSync(odd, join(folder, "link"));
  const again = await init(effects, join(folder, "link"));
  expect(again).toMatchObject({ root: odd, name: "link" });
  expect(again.created).toEqual(["config/plane.toml"]);
  expect(openPlane(effects, join(folder, "link")).root).toBe(odd);
});

test("a path that is too long for its locks is refused at once, and a plane moved there can still be read", async () => {
  const { folder, root, effects } = here();
  const deep = join(folder, ...Array.from({ length: 3 }, () => "d".repeat(200)));
  await expect(init(effects, deep)).rejects.toMatchObject({ code: "PLANE_PATH_TOO_LONG", exit_code: 5 });
  expect(readdirSync(folder)).toEqual(["plane"]);
  await init(effects, root);
  mkdirSync(deep, { recursive: true });
  renameSync(root, join(deep, "plane"));
  const plane = openPlane(effects, join(deep, "plane"));
  await expect(writing(effects, plane, { user: "a" }, async () => 1)).rejects.toMatchObject({
    code: "PLANE_PATH_TOO_LONG",
  });
  expect(await reading(effects, plane, async () => 1)).toBe(1);
});

test("two that make the same plane at once: one of them does", async () => {
  const { root, effects } = here();
  const done = await Promise.allSettled([init(effects, root), init(effects, root)]);
  expect(done.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  const refused = done.find((one) => one.status === "rejected");
  expect(refused?.reason).toMatchObject({ code: expect.stringMatching(/INIT_TARGET_REFUSED|PLANE_EXISTS/) });
});
