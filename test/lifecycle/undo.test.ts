/** `pkg undo` takes the last change back, whatever it was; a second one takes back the first. */
import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import {
  approve,
  collectNow,
  isApproved,
  markGood,
  packageHistory,
  register,
  restore,
  type UndoRequest,
  undo,
  unregister,
} from "../../src/lifecycle/index.ts";
import { transact } from "../../src/lifecycle/transact.ts";
import { OPERATIONS } from "../../src/operations/index.ts";
import { writing } from "../../src/plane/index.ts";
import { type LibraryPlane, libraryPlane, packageToml } from "../support/library-plane.ts";
import { picture, writeTree } from "../support/tree.ts";

const A = "PKG-T1-A-001";
let on: LibraryPlane;

/** All but ledgers, the journal's own folders, the reserve, and what counts generations. */
const state = (): Record<string, string> =>
  picture(on.root, (path) =>
    /^(ledger|planes\/ho[12]\/ledger|\.holdfast\/cache)$|^\.holdfast\/state\/(?!approvals|good)/.test(path),
  );
const takeBack = (more: Partial<UndoRequest> = {}) =>
  undo(on.effects, on.plane, { token: on.token, dry_run: false, accept_drift: false, ...more });
const withToken = () => ({ token: on.token, dry_run: false });

beforeEach(async () => {
  on = await libraryPlane();
  writeTree(on.root, {
    "src/a/holdfast.toml": packageToml(A, { target: "modules/a" }),
    "src/a/x.py": "x = 1\n",
    "frameworks/FMWK-700_x.md": "# FMWK-700: X\n",
    "frameworks/FMWK-800_y.md": "# FMWK-800: Y\n",
  });
  await on.pack("src/a");
  await on.install([A]);
  await register(on.effects, on.plane, { id: "FMWK-700", cells: {}, ...withToken() });
});

const DEEDS: readonly [string, string, () => Promise<unknown>][] = [
  [
    "register",
    "FMWK-800",
    () => register(on.effects, on.plane, { id: "FMWK-800", cells: {}, ...withToken() }),
  ],
  [
    "register",
    A,
    () => register(on.effects, on.plane, { id: A, cells: { status: "deprecated" }, ...withToken() }),
  ],
  ["unregister", "FMWK-700", () => unregister(on.effects, on.plane, { id: "FMWK-700", ...withToken() })],
  [
    "approve",
    "health-without-jail",
    () =>
      approve(on.effects, on.plane, {
        subject: "health-without-jail",
        reason: "why",
        days: 3,
        token: on.token,
      }),
  ],
  [
    "mark_good",
    "generation in force",
    () => markGood(on.effects, on.plane, { token: on.token, note: "fine" }),
  ],
  [
    "restore",
    A,
    async () => {
      writeFileSync(join(on.root, "modules/a/x.py"), "edited\n");
      drifted = state();
      await restore(on.effects, on.plane, withToken());
    },
  ],
  [
    "pack",
    A,
    async () => {
      writeTree(on.root, {
        "src/a/holdfast.toml": packageToml(A, { target: "modules/a", version: "1.1.0" }),
      });
      drifted = state();
      await on.pack("src/a");
    },
  ],
];
/** Set by a deed that itself begins from another state. */
let drifted: Record<string, string> | undefined;

describe("undo()", () => {
  test.each(DEEDS)("of %s %s, and of that undo", async (operation, subject, deed) => {
    drifted = undefined;
    const found = state();
    await deed();
    const before = drifted ?? found;
    const after = state();
    expect(after).not.toEqual(before);
    const planned = await takeBack({ dry_run: true });
    expect(planned).toMatchObject({ undone: { operation, subject }, dry_run: true, generation: null });
    expect(planned.files.length).toBeGreaterThan(0);
    expect(state()).toEqual(after);
    const done = await takeBack();
    expect(done).toMatchObject({ undone: { operation, subject }, files: planned.files });
    expect(done.timeline.map(({ phase }) => phase)).toEqual(["verify", "activate", "health-check", "commit"]);
    expect(state()).toEqual(before);
    const { events } = packageHistory(on.effects, on.plane, { limit: 1 });
    expect(events[0]).toMatchObject({ event: "UNDONE", generation: done.generation });
    expect(await takeBack()).toMatchObject({ undone: { operation: "undo", subject } });
    expect(state()).toEqual(after);
    await takeBack();
    expect(state()).toEqual(before);
    // The registries are those the plane was committed with: the next change does not take them for edited.
    await writing(on.effects, on.plane, { user: "t" }, async () => undefined);
    expect(readFileSync(join(on.root, "ledger/governance.jsonl"), "utf8")).not.toContain("registry_edited");
  });

  test("of a change of packages says what it takes back, and reaches no further than the last change", async () => {
    await on.uninstall([A]);
    expect(await takeBack()).toMatchObject({
      undone: { operation: "uninstall", subject: A },
      packages: [{ package_id: A, action: "reverted" }],
    });
    await register(on.effects, on.plane, { id: A, cells: { status: "deprecated" }, ...withToken() });
    await takeBack();
    expect(readFileSync(join(on.root, "modules/a/x.py"), "utf8")).toBe("x = 1\n");
  });

  test("of an approval takes the approval out of force, and needs the right to approve", async () => {
    const token = await maintainer();
    await approve(on.effects, on.plane, {
      subject: "health-without-jail",
      reason: "why",
      days: 3,
      token: on.token,
    });
    for (const dry_run of [true, false])
      await expect(takeBack({ token, dry_run })).rejects.toMatchObject({
        code: "AUTH_ROLE",
        exit_code: 3,
      });
    expect(isApproved(on.effects, on.plane, "health-without-jail")).toBe(true);
    await takeBack();
    expect(isApproved(on.effects, on.plane, "health-without-jail")).toBe(false);
    await expect(takeBack({ token })).rejects.toMatchObject({ code: "AUTH_ROLE" });
    expect(readFileSync(join(on.root, "ledger/governance.jsonl"), "utf8")).toContain(
      '"event_type": "UNDONE"',
    );
  });
});

describe("undo() refuses", () => {
  const FRAMEWORKS = "registries/frameworks_registry.csv";

  test("what was changed by hand since, naming the file and the command that reverses it", async () => {
    appendFileSync(join(on.root, FRAMEWORKS), "FMWK-900,Mine,active,1.0.0,ho3,2026-01-01T00:00:00Z\n");
    for (const dry_run of [true, false])
      await expect(takeBack({ dry_run })).rejects.toMatchObject({
        code: "UNDO_NOT_POSSIBLE",
        exit_code: 3,
        message: expect.stringContaining(`${FRAMEWORKS} was changed since`),
        next_step: expect.stringContaining("pkg register FMWK-700"),
      });
    expect(readFileSync(join(on.root, FRAMEWORKS), "utf8")).toContain("FMWK-900");
  });

  test("what displaced files are not kept any more, and when nothing is kept at all", async () => {
    rmSync(join(on.root, ".holdfast/state/generations/00000003/aside"), { recursive: true });
    await expect(takeBack()).rejects.toMatchObject({
      code: "UNDO_NOT_POSSIBLE",
      message: expect.stringContaining("is not kept any more"),
    });
    await collectNow(on.effects, on.plane, { ...withToken(), keep: 0 });
    await expect(takeBack()).rejects.toMatchObject({ code: "NOTHING_TO_UNDO", exit_code: 1 });
    const fresh = await libraryPlane();
    await expect(
      undo(fresh.effects, fresh.plane, { token: fresh.token, dry_run: true, accept_drift: false }),
    ).rejects.toMatchObject({ code: "NOTHING_TO_UNDO" });
  });

  test("a kind of change it does not know", async () => {
    await writing(on.effects, on.plane, { user: "t" }, (session) =>
      transact(
        on.effects,
        session,
        { operation: "conjure", subject: "S", user: "t" },
        async (transaction) => {
          transaction.put("modules/y.py", { bytes: Buffer.from("y"), mode: 0o644 });
          return { registries: [], entries: [], result: {} };
        },
      ),
    );
    await expect(takeBack()).rejects.toMatchObject({
      code: "UNDO_NOT_POSSIBLE",
      details: { operation: "conjure", subject: "S", generation: 4 },
    });
  });

  test.each(["simple", "of packages"])("a change (%s) that another command overtook", async (kind) => {
    if (kind === "of packages") await on.uninstall([A]);
    const before = state();
    let other: Promise<unknown> | undefined;
    const running = takeBack({
      onPhase: ({ phase }) => {
        if (phase === "verify") other = markGood(on.effects, on.plane, { token: on.token, note: "between" });
      },
    });
    await expect(running).rejects.toMatchObject({ code: "UNDO_OVERTAKEN", exit_code: 3 });
    await other;
    const { ".holdfast/state/good.json": _, ...now } = state();
    expect(now).toEqual(before);
  });

  test("a path in the journal that leads out of the plane", async () => {
    const changes = join(on.root, ".holdfast/state/generations/00000003/changes.jsonl");
    writeFileSync(changes, readFileSync(changes, "utf8").replace("registries/", "../registries/"));
    await expect(takeBack()).rejects.toMatchObject({ code: "JOURNAL_DAMAGED", exit_code: 4 });
  });
});

/** A token that may change packages and rows, and approve nothing. */
async function maintainer(): Promise<string> {
  const issue = await OPERATIONS["auth issue"]?.();
  if (issue === undefined) throw new Error("no operation issues tokens");
  const { effects, root, token } = on;
  const files = {
    deflate_worker_url: new URL("file:///x"),
    package_directory: "",
    launcher_script: "",
    node: "",
  };
  const context = { effects, root, token, wait_ms: undefined, version: "1", files, onPhase: () => undefined };
  const done = await issue.run(context as never, issue.input.parse({ user: "mia", role: "maintainer" }));
  return (done.result as { token: string }).token;
}
