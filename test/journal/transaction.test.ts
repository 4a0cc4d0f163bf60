import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { crashingFileSystem, SimulatedCrash } from "../../src/effects/sim/crashing-file-system.ts";
import {
  type FollowUp,
  recover,
  retireTransaction,
  Transaction,
  transactionsDirectory,
} from "../../src/journal/index.ts";
import { Fault } from "../../src/kernel/index.ts";
import { picture, temporaryFolder, writeTree } from "../support/tree.ts";

const effects = nodeEffects();
const NOTE: FollowUp = {
  stream: "ledger/packages.jsonl",
  dedupe_key: "k",
  event_type: "INSTALLED",
  submission_id: "PKG-X",
  decision: "INSTALLED",
  reason: "",
  metadata: {},
};

function makePlane(): string {
  const root = temporaryFolder();
  writeTree(root, {
    "registries/state.csv": "id\r\na\r\n",
    "modules/old/gone.py": { text: "gone\n", mode: 0o755 },
    "modules/kept.py": { text: "before\n", mode: 0o600 },
  });
  mkdirSync(transactionsDirectory(root), { recursive: true });
  return root;
}

/** Replaces a file, creates one in new folders, removes one and the folder it leaves empty. */
async function change(root: string, fs = effects.fs): Promise<void> {
  const transaction = Transaction.begin({ ...effects, fs }, root, {
    operation: "install",
    subject: "PKG-X",
    user: "ann",
  });
  transaction.put("registries/state.csv", { bytes: Buffer.from("id\r\na\r\nb\r\n"), mode: 0o644 });
  transaction.put("modules/new/deep/run.py", { bytes: Buffer.from("new\n"), mode: 0o755 });
  transaction.put("modules/kept.py", { bytes: Buffer.from("after\n"), mode: 0o644 });
  transaction.remove("modules/old/gone.py");
  transaction.removeDirectory("modules/old");
  await transaction.activate();
  transaction.commit(1, [NOTE]);
  retireTransaction(fs, root, transaction.site.directory, 1);
}

const governed = (root: string): Record<string, string> =>
  picture(root, (path) => path.startsWith(".holdfast"));

test("whatever fails while it is prepared or given up, nobody holds what is left", async () => {
  let left = 0;
  for (let at = 0, is_over = false; !is_over; at++) {
    const root = makePlane();
    const { fs, changes } = crashingFileSystem(effects.fs, at, { kind: "error", code: "EIO" });
    const about = { operation: "install", subject: "PKG-X", user: "ann" } as const;
    await Transaction.prepare({ ...effects, fs }, root, about)
      .then((transaction) => transaction.discard())
      .catch(() => undefined);
    is_over = changes() <= at;
    const parent = join(root, ".holdfast/state/preparing");
    for (const id of existsSync(parent) ? readdirSync(parent) : []) {
      const lock = await effects.locks.acquire(join(parent, id, "owner.lock"), { wait_ms: 0 });
      expect(lock, `a failure at change ${at}`).toBeDefined();
      lock?.release();
      left++;
    }
  }
  expect(left).toBeGreaterThan(3);
});

describe("Transaction", () => {
  test("applies every change and leaves no folder behind", async () => {
    const root = makePlane();
    await change(root);
    expect(Object.keys(governed(root))).toEqual([
      "modules/",
      "modules/kept.py",
      "modules/new/",
      "modules/new/deep/",
      "modules/new/deep/run.py",
      "registries/",
      "registries/state.csv",
    ]);
    expect(readdirSync(transactionsDirectory(root))).toEqual([]);
  });

  test("abort puts every byte and mode back", async () => {
    const root = makePlane();
    const before = governed(root);
    const transaction = Transaction.begin(effects, root, {
      operation: "install",
      subject: "PKG-X",
      user: "ann",
    });
    transaction.put("modules/kept.py", { bytes: Buffer.from("after\n"), mode: 0o644 });
    transaction.put("a/b/c", { bytes: Buffer.from("x"), mode: 0o644 });
    transaction.remove("modules/old/gone.py");
    transaction.removeDirectory("modules/old");
    await transaction.activate();
    expect(governed(root)).not.toEqual(before);
    expect(transaction.undo()).toBe(transaction.changes.length);
    expect(governed(root)).toEqual(before);
  });
});

test("an undo that does not bring back the very same files says which", async () => {
  const root = makePlane();
  const transaction = Transaction.begin(effects, root, {
    operation: "update",
    subject: "PKG-X",
    user: "ann",
  });
  transaction.put("modules/kept.py", { bytes: Buffer.from("after\n"), mode: 0o644 });
  await transaction.activate();
  appendFileSync(join(transaction.site.directory, "aside/0"), "tampered");
  expect(() => transaction.undo()).toThrow(
    expect.objectContaining({
      code: "UNDO_DIFFERS",
      exit_code: 4,
      details: expect.objectContaining({ path: "modules/kept.py" }),
    }),
  );
});

describe("recover()", () => {
  test("after a crash before any change leaves exactly the state before or exactly the state after", async () => {
    const counted = crashingFileSystem(effects.fs, Number.POSITIVE_INFINITY, { kind: "crash" });
    const whole = makePlane();
    const before = governed(whole);
    await change(whole, counted.fs);
    const after = governed(whole);
    const total = counted.changes();
    expect(total).toBeGreaterThan(30);
    const outcomes = { before: 0, after: 0 };
    for (const torn of [false, true]) {
      for (let at = 0; at < total; at++) {
        const root = makePlane();
        const { fs } = crashingFileSystem(effects.fs, at, { kind: "crash" }, torn);
        await expect(change(root, fs)).rejects.toBeInstanceOf(SimulatedCrash);
        const reported: FollowUp[] = [];
        await recover(effects, root, async (follow_ups) => void reported.push(...follow_ups));
        const state = governed(root);
        const is_after = reported.some(({ event_type }) => event_type === "INSTALLED");
        expect(state, `crash before change ${at}${torn ? ", torn" : ""}`).toEqual(
          is_after ? after : JSON.stringify(state) === JSON.stringify(after) ? after : before,
        );
        outcomes[JSON.stringify(state) === JSON.stringify(after) ? "after" : "before"] += 1;
        expect(readdirSync(transactionsDirectory(root)), `crash before change ${at}`).toEqual([]);
      }
    }
    expect(outcomes.before).toBeGreaterThan(20);
    expect(outcomes.after).toBeGreaterThan(4);
  });

  test("can itself be killed at any change and finishes when repeated", async () => {
    const whole = makePlane();
    const before = governed(whole);
    await change(whole);
    const after = governed(whole);
    let killed = 0;
    for (let at = 0; at < 60; at += 7) {
      for (let second = 0; second < 40; second += 3) {
        const root = makePlane();
        await change(root, crashingFileSystem(effects.fs, at, { kind: "crash" }).fs).catch(() => undefined);
        const { fs } = crashingFileSystem(effects.fs, second, { kind: "crash" });
        await recover({ ...effects, fs }, root, async () => undefined).catch((error: unknown) => {
          // A finished change that cannot be put away yet is said to be so.
          expect(error instanceof Fault ? error.cause : error).toBeInstanceOf(SimulatedCrash);
          killed += 1;
        });
        await recover(effects, root, async () => undefined);
        expect([JSON.stringify(before), JSON.stringify(after)], `${at}/${second}`).toContain(
          JSON.stringify(governed(root)),
        );
      }
    }
    expect(killed).toBeGreaterThan(20);
  });

  test("acts on no planned path that leaves the plane, by name or through a link", async () => {
    const root = makePlane();
    symlinkSync("/tmp", join(root, "modules/link"));
    for (const path of ["../PWNED", "/etc/x", "modules/../../x", "modules/link/x"]) {
      const directory = join(transactionsDirectory(root), "TX-planted");
      const lines = (values: readonly unknown[]) =>
        values.map((value) => `${JSON.stringify(value)}\n`).join("");
      writeTree(directory, {
        "journal.jsonl": lines([
          { state: "begun", transaction_id: "TX-planted" },
          { state: "planned", changes: 1 },
          { state: "committed", generation: 1, follow_ups: [] },
        ]),
        "changes.jsonl": lines([{ kind: "put", path, before: false }]),
        "staged/0": "owned",
        "aside/x": "",
      });
      await expect(
        recover(effects, root, async () => undefined),
        path,
      ).rejects.toMatchObject({ code: "JOURNAL_DAMAGED" });
      expect(existsSync(join(root, "..", "PWNED"))).toBe(false);
      rmSync(directory, { recursive: true });
    }
  });

  test("a line cut short by a death in mid-write is passed over, also when more was written after it", async () => {
    const root = makePlane();
    const before = governed(root);
    const transaction = Transaction.begin(effects, root, {
      operation: "install",
      subject: "PKG-X",
      user: "ann",
    });
    transaction.put("modules/x.py", { bytes: Buffer.from("x"), mode: 0o644 });
    await transaction.activate();
    appendFileSync(join(transaction.site.directory, "journal.jsonl"), '{"state":"phase","pha');
    await expect(recover(effects, root, () => Promise.reject(new Error("ledger")))).rejects.toThrow("ledger");
    const [done] = await recover(effects, root, async () => undefined);
    expect(done?.outcome).toBe("undone");
    expect(governed(root)).toEqual(before);
  });

  test("names that are no transactions are left alone", async () => {
    const root = makePlane();
    writeTree(transactionsDirectory(root), { ".DS_Store": "x" });
    expect(await recover(effects, root, async () => undefined)).toEqual([]);
  });

  test("reports a journal line that is not JSON instead of guessing", async () => {
    const root = makePlane();
    writeTree(transactionsDirectory(root), { "TX-1/journal.jsonl": "{not json}\n" });
    await expect(recover(effects, root, async () => undefined)).rejects.toMatchObject({
      code: "JOURNAL_DAMAGED",
      exit_code: 4,
    });
  });

  test.each(["EIO", "ENOSPC", "EACCES", "EMFILE"] as const)(
    "a failing call (%s) at any change is undone by abort",
    async (code) => {
      for (let at = 8; at < 60; at += 2) {
        const root = makePlane();
        const before = governed(root);
        const { fs } = crashingFileSystem(effects.fs, at, { kind: "error", code });
        await change(root, fs).catch(() => undefined);
        await recover(effects, root, async () => undefined);
        const state = JSON.stringify(governed(root));
        if (state !== JSON.stringify(before))
          expect(readdirSync(join(root, "modules"))).toEqual(["kept.py", "new"]);
      }
    },
  );
});
