/** The real program, killed at each journal, rename and sync point of an install: exactly before or exactly after. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ok, planesLike, steadyTree } from "../e2e/scenes.ts";
import { type Ended, makePlane, type PlaneUnderTest, startProgram } from "../support/cli.ts";
import { packageToml } from "../support/library-plane.ts";
import { writeTree } from "../support/tree.ts";

const A = "PKG-T1-A-001";
const AT_ONCE = 2;

/** One package in the store, not installed. */
const plane = planesLike((folder) => {
  const made = makePlane({ folder });
  const source = join(folder, "source");
  writeTree(source, {
    "holdfast.toml": packageToml(A, { target: "modules/a" }),
    "core.py": "A = 1\n",
    "deep/settings.ini": "v = 1\n",
  });
  ok(made, "pkg", "pack", "--src", source);
  return made;
});

const run = (on: PlaneUnderTest, failpoints: string, program: string, ...words: string[]): Promise<Ended> =>
  startProgram(program, words, { cwd: on.root, env: { ...on.env, HOLDFAST_FAILPOINTS: failpoints } }).ended;

/** Every point of an install as the program itself tells it; where the plane itself changes, the first and the last. */
async function pointsOfInstall(): Promise<string[]> {
  const done = await run(plane(), "*.*.*#every=delay:0", "pkg", "install", A);
  expect(done.status, done.stderr).toBe(0);
  const numbers = new Map<string, number>();
  for (const [, name = "", number] of done.stderr.matchAll(/^failpoint ([a-z.-]+)#(\d+): delay:0$/gm))
    numbers.set(name, Number(number));
  expect(numbers.size).toBeGreaterThan(80);
  return [...numbers].flatMap(([name, last]) =>
    name.startsWith("activate.") && last > 1 ? [name, `${name}#${last}`] : [name],
  );
}

interface Case {
  readonly point: string;
  readonly action: string;
}

/** What is committed stays; unsynced, the commit record itself may be lost. */
function wanted({ point, action }: Case): readonly string[] {
  if (!point.startsWith("settle.")) return ["before"];
  return point === "settle.journal.sync" && action === "lost" ? ["before"] : ["after"];
}

async function killed(one: Case, before: Record<string, string>): Promise<string> {
  const on = plane();
  const died = await run(on, `${one.point}=${one.action}`, "pkg", "install", A);
  if (died.signal !== "SIGKILL") return `not killed: exit ${died.status} ${died.stderr}`;
  if (!new RegExp(`^failpoint ${one.point}(#1)?: ${one.action}$`, "m").test(died.stderr))
    return `not told: ${died.stderr}`;
  const checked = await run(on, "", "integrity-check", "--json");
  if (checked.status !== 0) return `unhealthy: ${checked.stdout}${checked.stderr}`;
  const { healthy, receipts_count } = JSON.parse(checked.stdout) as Record<string, unknown>;
  if (healthy !== true) return `unhealthy: ${checked.stdout}`;
  if (receipts_count === 1 && existsSync(join(on.root, "modules/a/deep/settings.ini"))) return "after";
  expect.soft(steadyTree(on), one.point).toEqual(before);
  return receipts_count === 0 ? "before" : `neither: ${checked.stdout}`;
}

test("killed, torn and robbed of unsynced data at each point that matters", {
  timeout: 120_000,
}, async () => {
  const before = steadyTree(plane());
  const points = await pointsOfInstall();
  const named = (pattern: RegExp): string[] => points.filter((point) => pattern.test(point));
  const all: Case[] = [
    ...named(/\.journal\.(write|sync)|\.rename|\.sync/).map((point) => ({ point, action: "kill" })),
    ...named(/^(activate|commit)\.(journal|changes)\.write|^settle\.ledger\.write/).map((point) => ({
      point,
      action: "torn",
    })),
    ...named(/^activate\.(file|registry)\.rename|^(commit|settle)\..*sync|^settle.kept.rename/).map(
      (point) => ({ point, action: "lost" }),
    ),
  ];
  // `HOLDFAST_SWEEP=all` is the long proof; the crash room visits every point in simulation.
  const cases = process.env["HOLDFAST_SWEEP"] === "all" ? all : all.filter((_, index) => index % 3 === 1);
  const queue = [...cases];
  const found: { name: string; state: string; wanted: readonly string[] }[] = [];
  const work = async (): Promise<void> => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift())
      found.push({
        name: `${one.point}=${one.action}`,
        state: await killed(one, before),
        wanted: wanted(one),
      });
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const count = (state: string): number => found.filter((one) => one.state === state).length;
  process.stdout.write(
    `killed at ${found.length} points: ${count("before")} before, ${count("after")} after\n`,
  );
  expect(found.filter((one) => !one.wanted.includes(one.state))).toEqual([]);
  expect(count("before")).toBeGreaterThan(all.length / 6);
  expect(count("after")).toBeGreaterThan(1);
});

describe("HOLDFAST_FAILPOINTS", () => {
  test("a spec that cannot be meant is refused before anything is touched, in the form that was asked for", async () => {
    const on = plane();
    const before = steadyTree(on);
    const text = await run(on, "activte.file.rename=kill", "pkg", "install", A);
    expect({ status: text.status, stdout: text.stdout }).toEqual({ status: 2, stdout: "" });
    expect(text.stderr).toContain("did you mean activate? [FAILPOINT_INVALID]");
    const json = await run(on, "nonsense", "pkg", "install", A, "--json");
    expect(json.status).toBe(2);
    expect(JSON.parse(json.stdout).error).toMatchObject({ code: "FAILPOINT_INVALID" });
    expect(steadyTree(on)).toEqual(before);
    const hostile = await run(on, "\u001b[2J\nerror: fine=kill", "pkg", "install", A);
    expect(hostile.stderr).not.toContain("\u001b");
    expect(hostile.stderr.split("\n")).toHaveLength(3);
  });

  test("a point that was never reached is reported, also when another one failed", async () => {
    const spec = "health-check.process.spawn=kill;activate.file.rename=error:EIO;*.network.fetch=kill";
    const done = await run(plane(), spec, "pkg", "install", A, "--json");
    expect(done.status).toBe(6);
    expect(JSON.parse(done.stdout).error.code).toBe("TRANSACTION_FAILED");
    expect(done.stderr.trim().split("\n")).toEqual([
      "failpoint activate.file.rename#1: error:EIO",
      "failpoint health-check.process.spawn: never reached",
      "failpoint *.network.fetch: never reached",
    ]);
  });

  test("delay waits, and the program goes on", async () => {
    const done = await run(plane(), "*.*.rename=delay:700", "pkg", "install", A);
    expect(done.status, done.stderr).toBe(0);
    expect(done.wall_ms).toBeGreaterThan(700);
  });

  test("pkg failpoints lists every point, as text and as data", () => {
    const on = plane();
    const { points, phases, actions } = ok(on, "pkg", "failpoints", "--json").json();
    expect(points.length).toBeGreaterThan(100);
    expect(points[0]).toEqual({
      pattern: "*.archive.read",
      meaning: "open for reading, read, or digest: archives in the store or given",
      actions: ["kill", "error:EIO", "error:EACCES", "error:EMFILE", "delay:MS", "lost"],
    });
    const text = ok(on, "pkg", "failpoints").stdout;
    for (const { name } of [...phases, ...actions]) expect(text).toContain(`  ${name}`);
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });
});
