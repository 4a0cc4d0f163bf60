/** Commands killed, interrupted and crowded: a change is there as a whole or not at all, and nobody stays stuck. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Ended, makePlane, type PlaneUnderTest, type Started, startProgram } from "../support/cli.ts";
import { checked, ok, planesLike, put, steadyTree } from "./scenes.ts";

const ID = "PKG-T2-MANY-001";
const FILES = 300;
const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const start = (plane: PlaneUnderTest, ...words: string[]): Started =>
  startProgram("pkg", words, { cwd: plane.root, env: plane.env });
const startPython = (plane: PlaneUnderTest, script: string): Started =>
  startProgram("python3", ["-c", script], { cwd: plane.root, env: plane.env });

/** A plane with 300 files packed from elsewhere and not installed. */
const manyFiles = planesLike((folder) => {
  const plane = makePlane({ folder });
  const source = "staging/many";
  for (let i = 0; i < FILES; i++)
    put(
      plane,
      `${source}/part_${i % 7}/file_${i}.py`,
      `VALUE = ${i}\n`.repeat(20),
      i % 50 === 0 ? 0o755 : 0o644,
    );
  ok(plane, "pkg", "pack", "--src", source, "--id", ID);
  return plane;
});

/** What an uninstalled package may leave: the row that says it was there. */
function withoutState(plane: PlaneUnderTest): Record<string, string> {
  const { "registries/packages_state.csv": _state, ...tree } = steadyTree(plane);
  return tree;
}

/** Whether the package is there, after holding every file of it against what it must be; anything between fails. */
function wholeOrAbsent(plane: PlaneUnderTest, absent: Record<string, string>): "installed" | "absent" {
  const { status, errors, report } = checked(plane);
  expect({ status, errors }).toEqual({ status: 0, errors: [] });
  expect(readdirSync(join(plane.root, ".holdfast/state/transactions"))).toEqual([]);
  if (!existsSync(join(plane.root, `installed/${ID}`))) {
    expect(withoutState(plane)).toEqual(absent);
    return "absent";
  }
  expect(report).toMatchObject({ receipts_count: 1, counts: { drift: 0, missing: 0, unowned: 0 } });
  const added = Object.keys(withoutState(plane)).filter((path) => !(path in absent) && path.endsWith(".py"));
  expect(added).toHaveLength(FILES);
  return "installed";
}

describe("killed", () => {
  test("at random moments of install and uninstall: exactly installed or exactly absent", {
    timeout: 240_000,
  }, async () => {
    const plane = manyFiles();
    const absent = withoutState(plane);
    const trial = await start(plane, "install", ID).ended;
    expect(trial.status, trial.stderr).toBe(0);
    const whole_ms = trial.wall_ms;
    let state = wholeOrAbsent(plane, absent);
    const outcomes: string[] = [];
    let killed = 0;
    for (let round = 0; round < 20 && killed < 4; round++) {
      const words = state === "installed" ? ["uninstall", "--id", ID] : ["install", ID];
      const { child, ended } = start(plane, ...words);
      // Starting up takes a good part of the time and touches nothing.
      await after(whole_ms * (0.3 + 0.8 * Math.random()));
      child.kill("SIGKILL");
      const { signal } = await ended;
      if (signal === "SIGKILL") killed += 1;
      const recovered = round % 2 === 0 ? ok(plane, "pkg", "doctor", "--json").json().recovered : [];
      state = wholeOrAbsent(plane, absent);
      outcomes.push(
        `${words[0]} ${signal ?? "ended"} ${state} ${(recovered as { outcome: string }[])[0]?.outcome ?? ""}`,
      );
    }
    // Killed in earnest, not after the fact.
    expect(killed, outcomes.join("\n")).toBe(4);
    expect(ok(plane, "pkg", "ledger", "verify", "--json").json()).toMatchObject({ valid: true });
    if (state === "absent") ok(plane, "pkg", "install", ID);
    ok(plane, "pkg", "uninstall", "--id", ID);
    expect(withoutState(plane)).toEqual(absent);
  });
});

describe("interrupted", () => {
  test.each(["SIGINT", "SIGTERM"] as const)(
    "%s undoes the change: exit 130, the tree as before",
    { timeout: 60_000 },
    async (signal) => {
      const plane = manyFiles();
      const absent = withoutState(plane);
      const { wall_ms } = await start(plane, "install", ID, "--dry-run").ended;
      const seen: Ended[] = [];
      for (let round = 0; round < 5; round++) {
        const { child, ended } = start(plane, "install", ID, "--json");
        await after(wall_ms * (0.45 + 0.16 * round));
        child.kill(signal);
        const done = await ended;
        seen.push(done);
        // Before the program listens, and after its work is done, the signal is the system's own.
        const is_done =
          done.status === 0 || (done.signal !== null && wholeOrAbsent(plane, absent) === "installed");
        if (is_done) {
          ok(plane, "pkg", "uninstall", "--id", ID);
        } else if (done.signal === null) {
          expect(done.status, done.stdout + done.stderr).toBe(130);
          expect(JSON.parse(done.stdout)).toMatchObject({ error: { code: "INTERRUPTED" } });
        }
        expect(withoutState(plane)).toEqual(absent);
      }
      expect(
        seen.filter(({ status }) => status === 130).length,
        seen.map(({ status }) => status).join(" "),
      ).toBeGreaterThan(0);
      expect(checked(plane)).toMatchObject({ status: 0, errors: [] });
    },
  );
});

describe("crowded", () => {
  const HOLD = `
import sqlite3, sys, time
lock = sqlite3.connect(".holdfast/state/plane.lock", isolation_level=None)
lock.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(SECONDS))
lock.execute("ROLLBACK")
`;
  async function hold(plane: PlaneUnderTest, seconds: number): Promise<Started> {
    const holder = startPython(plane, HOLD.replace("SECONDS", String(seconds)));
    await new Promise((resolve) => holder.child.stdout?.once("data", resolve));
    return holder;
  }

  test("four packages installed by four processes at once: all succeed", async () => {
    const plane = makePlane();
    const ids = ["A", "B", "C", "D"].map((letter) => `PKG-T2-${letter}-001`);
    for (const id of ids) {
      put(plane, `staging/${id}/main.py`, `NAME = "${id}"\n`);
      put(
        plane,
        `staging/${id}/holdfast.toml`,
        `id = "${id}"\nversion = "1.0.0"\ntarget = "modules/${id.toLowerCase().replaceAll("-", "_")}"\n`,
      );
    }
    const packed = await Promise.all(ids.map((id) => start(plane, "pack", "--src", `staging/${id}`).ended));
    for (const { status, stderr } of packed) expect(status, stderr).toBe(0);
    const installed = await Promise.all(ids.map((id) => start(plane, "install", id, "--json").ended));
    for (const { status, stdout, stderr } of installed) expect(status, stdout + stderr).toBe(0);
    expect(checked(plane)).toMatchObject({ status: 0, errors: [], report: { receipts_count: 4 } });
    const again = await Promise.all(
      Array.from({ length: 4 }, () => start(plane, "install", ids[0] ?? "").ended),
    );
    for (const { status, stderr } of again) expect(status, stderr).toBe(0);
    const removed = await Promise.all(
      Array.from({ length: 3 }, () => start(plane, "uninstall", "--id", ids[0] ?? "").ended),
    );
    expect(removed.map(({ status }) => status).toSorted((a, b) => Number(a) - Number(b))).toEqual([0, 1, 1]);
    expect(checked(plane)).toMatchObject({ status: 0, report: { receipts_count: 3 } });
    expect(ok(plane, "pkg", "ledger", "verify", "--json").json()).toMatchObject({ valid: true });
  });

  test("a second command waits for the first, as long as --wait says", async () => {
    const plane = manyFiles();
    const before = steadyTree(plane);
    const holder = await hold(plane, 4);
    const impatient = await start(plane, "install", ID, "--wait", "1", "--json").ended;
    expect(impatient.status, impatient.stdout).toBe(5);
    expect(JSON.parse(impatient.stdout)).toMatchObject({ error: { code: "PLANE_BUSY" } });
    expect(steadyTree(plane)).toEqual(before);
    const patient = await start(plane, "install", ID, "--wait", "60").ended;
    expect((await holder.ended).status).toBe(0);
    expect(patient.status, patient.stderr).toBe(0);
  });

  test("a command interrupted while it waits says that it was interrupted", async () => {
    const plane = manyFiles();
    const before = steadyTree(plane);
    const holder = await hold(plane, 30);
    const { child, ended } = start(plane, "install", ID, "--wait", "20", "--json");
    await after(2500);
    child.kill("SIGINT");
    const done = await ended;
    holder.child.kill("SIGKILL");
    await holder.ended;
    expect(done.status, done.stdout).toBe(130);
    expect(JSON.parse(done.stdout)).toMatchObject({ error: { code: "INTERRUPTED" } });
    expect(steadyTree(plane)).toEqual(before);
  });

  test("readers beside a writer never see half a change", { timeout: 60_000 }, async () => {
    const plane = manyFiles();
    const running = { now: true };
    const answers: string[] = [];
    const reader = async (): Promise<void> => {
      while (running.now) {
        const done = await startProgram("integrity-check", ["--json"], { cwd: plane.root, env: plane.env })
          .ended;
        const report = JSON.parse(done.stdout) as {
          healthy: boolean;
          receipts_count: number;
          counts: { match: number; unowned: number };
          error?: { code: string };
        };
        answers.push(
          report.error?.code ??
            `${report.healthy} ${report.receipts_count} ${report.counts.match} ${report.counts.unowned}`,
        );
      }
    };
    const readers = [reader(), reader()];
    for (let round = 0; round < 2; round++) {
      expect((await start(plane, "install", ID).ended).status).toBe(0);
      expect((await start(plane, "uninstall", "--id", ID).ended).status).toBe(0);
    }
    running.now = false;
    await Promise.all(readers);
    const absent = answers.at(-1) ?? "";
    const [, , match] = absent.split(" ");
    const installed = `true 1 ${Number(match) + FILES} 0`;
    expect(
      new Set(answers.filter((answer) => ![absent, installed, "TRANSACTION_IN_PROGRESS"].includes(answer))),
    ).toEqual(new Set());
    expect(answers.length).toBeGreaterThan(3);
  });
});
