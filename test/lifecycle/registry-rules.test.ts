/** `pkg register` and `pkg unregister` hold a row to the rules of `pkg registry validate` before they write it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import type { Row } from "../../src/contracts/index.ts";
import { register, unregister } from "../../src/lifecycle/index.ts";
import { checkRegistries } from "../../src/registry/index.ts";
import { type LibraryPlane, libraryPlane, packageToml } from "../support/library-plane.ts";
import { writeTree } from "../support/tree.ts";

const A = "PKG-T1-A-001";
const B = "PKG-T2-B-001";
let on: LibraryPlane;
const row = (id: string, cells: Row = {}, dry_run = false) =>
  register(on.effects, on.plane, { id, cells, dry_run, token: on.token });
const gone = (id: string, dry_run = false) =>
  unregister(on.effects, on.plane, { id, dry_run, token: on.token });
const registries = (): string[] =>
  ["packages", "specs", "frameworks"].map((name) =>
    readFileSync(join(on.root, `registries/${name}_registry.csv`), "utf8"),
  );

/** B depends on A, A implements SPEC-A-001, which complies with FMWK-700. */
beforeEach(async () => {
  on = await libraryPlane();
  writeTree(on.root, {
    "specs/SPEC-A-001/manifest.yaml": "spec_id: SPEC-A-001\ntitle: A\nframework_id: FMWK-700\n",
    "frameworks/FMWK-700_rules.md": "# FMWK-700: Rules\n",
    "src/a/holdfast.toml": packageToml(A, { target: "modules/a", spec_id: "SPEC-A-001" }),
    "src/a/x.py": "x = 1\n",
    "src/b/holdfast.toml": packageToml(B, { target: "modules/b", dependencies: [{ id: A, range: "*" }] }),
    "src/b/x.py": "x = 1\n",
  });
  await row("FMWK-700");
  await row("SPEC-A-001");
  await on.pack("src/a");
  await on.pack("src/b");
});

describe("register()", () => {
  test.each([
    [
      "a spec whose framework is not registered",
      "SPEC-A-001",
      { framework_id: "FMWK-701" },
      "REFERENCE_UNREGISTERED",
    ],
    [
      "a package with a spec that is not registered",
      A,
      { source_spec_id: "SPEC-B-001" },
      "REFERENCE_UNREGISTERED",
    ],
    ["a tier above one that depends on it", A, { tier: "T3" }, "ROW_REFUSED"],
    ["a cell that is none of the allowed", A, { status: "splendid" }, "ROW_REFUSED"],
    [
      "an id of a framework that is none",
      "SPEC-A-001",
      { framework_id: "nonsense" },
      "REFERENCE_UNREGISTERED",
    ],
  ])("refuses %s, and a dry run refuses the same", async (_what, id, cells, code) => {
    const before = registries();
    await expect(row(id, cells, true)).rejects.toMatchObject({ code });
    await expect(row(id, cells)).rejects.toMatchObject({ code });
    expect(registries()).toEqual(before);
    expect(checkRegistries(on.effects.fs, join(on.root, "registries"))).toEqual([]);
  });

  test("a fresh spec pack of a framework nobody registered", async () => {
    writeTree(on.root, {
      "specs/SPEC-NEW-001/manifest.yaml": "spec_id: SPEC-NEW-001\ntitle: New\nframework_id: FMWK-999\n",
    });
    await expect(row("SPEC-NEW-001")).rejects.toMatchObject({
      code: "REFERENCE_UNREGISTERED",
      exit_code: 3,
      details: { target: "FMWK-999" },
      next_step: expect.stringContaining("pkg register FMWK-999"),
    });
  });

  test("lets a change pass that breaks nothing", async () => {
    expect((await row("SPEC-A-001", { title: "Another" })).changed).toBe(true);
    expect((await row(A, { status: "deprecated" })).changed).toBe(true);
  });
});

describe("unregister()", () => {
  test("keeps what others name, and says who they are", async () => {
    const before = registries();
    for (const dry_run of [true, false]) {
      await expect(gone("FMWK-700", dry_run)).rejects.toMatchObject({
        code: "STILL_USED",
        exit_code: 3,
        details: { registered: ["SPEC-A-001"], installed: [] },
      });
      await expect(gone("SPEC-A-001", dry_run)).rejects.toMatchObject({
        code: "STILL_USED",
        details: { registered: [A] },
      });
      await expect(gone(A, dry_run)).rejects.toMatchObject({ code: "ROW_REFUSED" });
    }
    expect(registries()).toEqual(before);
    await on.install([A]);
    await expect(gone("SPEC-A-001")).rejects.toMatchObject({ details: { registered: [A], installed: [A] } });
  });

  test("takes rows away from the last user to the first", async () => {
    for (const id of [B, A, "SPEC-A-001", "FMWK-700"]) expect((await gone(id)).changed).toBe(true);
    expect((await gone(B)).changed).toBe(false);
  });
});
