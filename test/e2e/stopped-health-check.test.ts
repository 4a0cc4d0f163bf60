/** A health check that never ends, in a command that is stopped. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { processesWith } from "../sandbox/scene.ts";
import { makePlane, type PlaneUnderTest, type Started, startProgram } from "../support/cli.ts";
import { packageToml } from "../support/library-plane.ts";
import { checked, ok, planesLike, put, steadyTree } from "./scenes.ts";

const ID = "PKG-T1-SLOW-001";

/** 1.0.0 installed; the check of 1.1.0 in the store sleeps for a minute with a word of its own in its command line. */
const slow = planesLike((folder) => {
  const plane = makePlane({ folder });
  const toml = packageToml(ID, { target: "modules/slow" });
  put(plane, "staging/holdfast.toml", toml);
  put(plane, "staging/x.py", "X = 1\n");
  ok(plane, "pkg", "pack", "--src", "staging");
  const health = `\n[[health.checks]]\nid = "sleeps"\nkind = "command"\nargv = ["python", "-c", "import time; time.sleep(61)", "WORD"]\n`;
  put(
    plane,
    "staging/holdfast.toml",
    toml.replace("1.0.0", "1.1.0") + health.replace("WORD", `slow-${process.pid}`),
  );
  ok(plane, "pkg", "pack", "--src", "staging");
  ok(plane, "pkg", "install", `${ID}@1.0.0`);
  return plane;
});

const running = (): string[] => processesWith(`slow-${process.pid}`);
const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function inHealthCheck(plane: PlaneUnderTest, added: Record<string, string> = {}): Promise<Started> {
  const env = { ...plane.env, ...added };
  const started = startProgram("pkg", ["update", ID, "--json"], { cwd: plane.root, env });
  for (let tries = 0; running().length === 0 && tries < 1500; tries++) await after(20);
  expect(running().length).toBeGreaterThan(0);
  return started;
}

test("Ctrl-C ends the check with its tree at once, undoes the update and exits 130", {
  timeout: 60_000,
}, async () => {
  const plane = slow();
  const before = steadyTree(plane);
  const { child, ended } = await inHealthCheck(plane);
  const from_ms = performance.now();
  child.kill("SIGINT");
  const done = await ended;
  expect(performance.now() - from_ms).toBeLessThan(8000);
  expect(done.status, done.stdout + done.stderr).toBe(130);
  expect(JSON.parse(done.stdout)).toMatchObject({
    error: { code: "INTERRUPTED", details: { phase: "health-check" } },
  });
  expect(running()).toEqual([]);
  expect(steadyTree(plane)).toEqual(before);
  expect(checked(plane)).toMatchObject({ status: 0, errors: [] });
  expect(readFileSync(join(plane.root, "ledger/packages.jsonl"), "utf8")).toContain('"code": "INTERRUPTED"');
  expect(existsSync(join(plane.root, "modules/slow/x.py"))).toBe(true);
});

test("kill -9 leaves a private folder behind, which the next doctor sweeps with the rest", {
  timeout: 60_000,
}, async () => {
  const plane = slow();
  const before = steadyTree(plane);
  const TMPDIR = join(plane.home, "tmp");
  mkdirSync(TMPDIR, { mode: 0o700 });
  const { child, ended } = await inHealthCheck(plane, { TMPDIR });
  const left = (): string[] => readdirSync(TMPDIR).filter((name) => name.startsWith("holdfast-"));
  expect(left().length).toBe(1);
  const env = { ...plane.env, TMPDIR };
  // Its owner lives: gc leaves it alone.
  expect(plane.run("pkg", ["gc", "--dry-run", "--json"], { env }).json().temp_folders).toMatchObject({
    removed: [],
    in_use: 1,
  });
  child.kill("SIGKILL");
  await ended;
  for (let tries = 0; running().length > 0 && tries < 250; tries++) await after(20);
  expect(running()).toEqual([]);
  const done = plane.run("pkg", ["doctor"], { env });
  expect(done.status, done.stderr).toBe(0);
  expect(done.stdout).toContain("1 of killed commands removed, 0 in use");
  expect(done.stdout).toContain("it had reached health-check");
  expect(left()).toEqual([]);
  expect(steadyTree(plane)).toEqual(before);
});
