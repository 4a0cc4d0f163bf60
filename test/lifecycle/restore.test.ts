/** `integrity-check --fix` is a change like every other: phases, one commit point, undone when it fails. */
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { withFailpoints } from "../../src/effects/failpoints/index.ts";
import type { Effects } from "../../src/effects/index.ts";
import { packageHistory, type RestoreRequest, restore } from "../../src/lifecycle/index.ts";
import { type LibraryPlane, libraryPlane, packageToml } from "../support/library-plane.ts";
import { picture, writeTree } from "../support/tree.ts";

const A = "PKG-T1-A-001";
const B = "PKG-T1-B-001";
const PHASES = ["verify", "dependency-prepare", "activate", "health-check", "commit"];
const LAUNCHERS = new Map([["scripts/trace.py", Buffer.from("print()\n")]]);
let on: LibraryPlane;

const governed = (): Record<string, string> => picture(on.root, (path) => /^(ledger|\.holdfast)$/.test(path));
const fix = (more: Partial<RestoreRequest> = {}, effects: Effects = on.effects) =>
  restore(effects, on.plane, { token: on.token, dry_run: false, plane_files: LAUNCHERS, ...more });
const lastEntries = (count: number) =>
  readFileSync(join(on.root, "ledger/packages.jsonl"), "utf8")
    .trim()
    .split("\n")
    .slice(-count)
    .map((line) => JSON.parse(line));

/** A has a file with other bytes and one that is gone, B another mode; the launcher was never there. */
beforeEach(async () => {
  on = await libraryPlane();
  for (const [name, id] of [
    ["a", A],
    ["b", B],
  ] as const)
    writeTree(on.root, {
      [`src/${name}/holdfast.toml`]: packageToml(id, { target: `modules/${name}` }),
      [`src/${name}/x.py`]: `${name} = 1\n`,
      [`src/${name}/y.py`]: "y = 1\n",
    });
  await on.pack("src/a");
  await on.pack("src/b");
  await on.install([A, B]);
  writeFileSync(join(on.root, "modules/a/x.py"), "tampered\n");
  rmSync(join(on.root, "modules/a/y.py"));
  chmodSync(join(on.root, "modules/b/x.py"), 0o755);
});

const PLAN = [
  { path: "modules/a/x.py", package_id: A, was: "drift", from: `packages_store/${A}-1.0.0.tar.gz` },
  { path: "modules/a/y.py", package_id: A, was: "missing", from: `packages_store/${A}-1.0.0.tar.gz` },
  { path: "modules/b/x.py", package_id: B, was: "drift", from: `packages_store/${B}-1.0.0.tar.gz` },
  { path: "scripts/trace.py", package_id: "holdfast", was: "missing", from: null },
];

test("a dry run shows the exact file plan and changes nothing", async () => {
  const before = picture(on.root);
  expect(await fix({ dry_run: true })).toMatchObject({
    restored: PLAN,
    dry_run: true,
    timeline: [],
    generation: null,
  });
  expect(picture(on.root)).toEqual(before);
});

test("every phase is told, timed and recorded, and history shows it", async () => {
  const told: string[] = [];
  const done = await fix({
    onPhase: ({ verb, subject, phase, number }) => told.push(`${verb} ${subject} ${number} ${phase}`),
  });
  expect(done).toMatchObject({ restored: PLAN, verified_paths: 4, generation: 4 });
  expect(done.timeline.map(({ phase }) => phase)).toEqual(PHASES);
  expect(told).toEqual(
    [
      [2, "verify"],
      [3, "dependency-prepare"],
      [4, "activate"],
      [5, "health-check"],
    ].map(([number, phase]) => `restore ${A} ${B} ${number} ${phase}`),
  );
  const entries = lastEntries(3);
  expect(entries.map(({ event_type, submission_id }) => `${event_type} ${submission_id}`)).toEqual([
    `RESTORED ${A}`,
    `RESTORED ${B}`,
    "RESTORED holdfast",
  ]);
  for (const { metadata } of entries)
    expect(metadata.timeline.map(({ phase }: { phase: string }) => phase)).toEqual(PHASES);
  const { events } = packageHistory(on.effects, on.plane, { package_id: A, limit: 1 });
  expect(events[0]).toMatchObject({ event: "RESTORED", generation: 4, version: "1.0.0" });
  expect(events[0]?.timeline.map(({ phase }) => phase)).toEqual(PHASES);
  const again = await fix();
  expect(again).toMatchObject({ restored: [], transaction_id: null, timeline: [] });
});

describe("a failure in any phase", () => {
  test.each(PHASES.slice(0, 4))(
    "%s: exit 6, everything as before, recorded with its phase",
    async (phase) => {
      const before = governed();
      const actions = {
        kill: () => undefined as never,
        pause: () => undefined as never,
        tell: () => undefined,
      };
      const { effects, unreached } = withFailpoints(on.effects, `phase.${phase}=error:EIO`, actions);
      await expect(fix({}, effects)).rejects.toMatchObject({
        code: "TRANSACTION_FAILED",
        exit_code: 6,
        details: { phase },
      });
      expect(unreached()).toEqual([]);
      expect(governed()).toEqual(before);
      expect(lastEntries(1)[0]).toMatchObject({
        event_type: "ROLLED_BACK",
        submission_id: `${A} ${B}`,
        metadata: { operation: "restore", phase },
      });
      const { events } = packageHistory(on.effects, on.plane, { package_id: B, limit: 1 });
      expect(events[0]).toMatchObject({ event: "ROLLED_BACK", phase });
      expect((await fix()).restored.length).toBe(4);
    },
  );

  test("bytes that are not those of the receipt are undone, whatever the archive says", async () => {
    const before = governed();
    // Somebody else writes at the very moment.
    const fs = {
      ...on.effects.fs,
      rename: (from: string, to: string) => {
        on.effects.fs.rename(from, to);
        if (to.endsWith("modules/a/y.py")) writeFileSync(to, "meanwhile\n");
      },
    };
    await expect(fix({}, { ...on.effects, fs })).rejects.toMatchObject({
      exit_code: 6,
      details: { phase: "health-check", cause_code: "RESTORED_DIFFERS" },
    });
    expect(governed()).toEqual(before);
  });

  test("a stopped command undoes it and exits 130", async () => {
    const before = governed();
    const stop = new AbortController();
    const stopped = fix(
      { onPhase: ({ phase }) => phase === "activate" && stop.abort(new Error("stopped by SIGINT")) },
      { ...on.effects, signal: stop.signal },
    );
    await expect(stopped).rejects.toMatchObject({ code: "INTERRUPTED", exit_code: 130 });
    expect(governed()).toEqual(before);
  });

  test("all that stands in the way is listed at once, and the refusal is recorded", async () => {
    rmSync(join(on.root, "modules/b/y.py"));
    writeTree(on.root, { "modules/b/y.py/inside": "x" });
    rmSync(join(on.root, `packages_store/${A}-1.0.0.tar.gz`));
    rmSync(join(on.root, `packages_store/${A}.tar.gz`));
    const before = governed();
    for (const dry_run of [true, false])
      await expect(fix({ dry_run })).rejects.toMatchObject({
        code: "RESTORE_SOURCE_MISSING",
        details: { findings: [{ code: "RESTORE_SOURCE_MISSING" }, { code: "PATH_OCCUPIED" }] },
      });
    expect(governed()).toEqual(before);
    expect(lastEntries(1)[0]).toMatchObject({ event_type: "RESTORE_REFUSED" });
  });
});
