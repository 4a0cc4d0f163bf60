/** Runs of the harness that are interrupted and killed: nothing of them lives on, and the next run tells what it removed. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { GoldenReport } from "../../src/contracts/index.ts";
import { runProgram, type Started, startProgram } from "../support/cli.ts";
import { temporaryFolder, writeTree } from "../support/tree.ts";

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A plugin that starts a child which outlives its parent, and then takes its time. */
const SLEEPER = `
import { spawn } from "node:child_process";
spawn(process.execPath, ["-e", "setTimeout(() => {}, 90000)"], { detached: true, stdio: "ignore" }).unref();
setTimeout(() => process.stdout.write('{"status": "ok", "result": {}}'), 90000);
`;

const anything = { type: "object" };

function sleeperSource(): Record<string, string> {
  const holdfast = {
    id: "PKG-T3-SLEEPER-001",
    version: "1.0.0",
    tier: "T3",
    package_type: "plugin",
    target: "modules/sleeper",
    plugin: {
      namespace: "example.sleeper",
      title: "Sleeper",
      description: "Takes its time.",
      kind: "quality_gate",
      capability: ["actions"],
      runtime: "node",
      entrypoint: "main.mjs",
      permissions: { subprocess: true },
      elevated: [{ permission: "subprocess", reason: "it starts a child that must not outlive it" }],
      actions: [
        {
          id: "sleep",
          title: "Sleep",
          description: "Sleeps.",
          permissions: ["subprocess"],
          limits: { timeout_ms: 120_000, output_bytes_max: 1024 },
          input: anything,
          output: anything,
          examples: [{ title: "long", input: {} }],
        },
      ],
    },
  };
  return { "sleeper/package.json": JSON.stringify({ holdfast }), "sleeper/main.mjs": SLEEPER };
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** When it started: a number is used again. */
  readonly started: string;
  readonly command: string;
}

function processes(): Process[] {
  return readdirSync("/proc").flatMap((name): Process[] => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const text = readFileSync(`/proc/${name}/stat`, "latin1");
      const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
      if (fields[0] === "Z") return [];
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
      return [{ pid: Number(name), parent: Number(fields[1]), started: fields[19] ?? "", command }];
    } catch {
      return [];
    }
  });
}

function below(pid: number): Process[] {
  const all = processes();
  const found: Process[] = [];
  for (let at = [pid]; at.length > 0; ) {
    const children = all.filter(({ parent }) => at.includes(parent));
    found.push(...children);
    at = children.map((one) => one.pid);
  }
  return found;
}

const alive = (ones: readonly Process[]): Process[] => {
  const now = new Set(processes().map(({ pid, started }) => `${pid} ${started}`));
  return ones.filter(({ pid, started }) => now.has(`${pid} ${started}`));
};

async function until(is_so: () => boolean, limit_ms: number): Promise<boolean> {
  for (let waited_ms = 0; waited_ms < limit_ms; waited_ms += 50) {
    if (is_so()) return true;
    await after(50);
  }
  return is_so();
}

interface Scene {
  readonly home: string;
  readonly env: Record<string, string>;
  readonly run: Started;
  /** Everything the run had started when the plugin slept. */
  readonly started: readonly Process[];
}

/** The harness at work: the plugin sleeps, and its child does. */
async function asleep(...words: string[]): Promise<Scene> {
  const home = temporaryFolder();
  writeTree(home, sleeperSource());
  const env = { PATH: process.env["PATH"] ?? "", HOME: home, TMPDIR: home };
  const run = startProgram("golden", ["run", `${home}/sleeper`, ...words], { cwd: home, env });
  const pid = run.child.pid ?? 0;
  const is_asleep = (): boolean => below(pid).some(({ command }) => command.includes("-e setTimeout"));
  let is_over = false;
  void run.ended.then(() => (is_over = true));
  if (!(await until(() => is_over || is_asleep(), 40_000)) || is_over) {
    run.child.kill("SIGKILL");
    expect.fail(JSON.stringify(await run.ended));
  }
  return { home, env, run, started: below(pid) };
}

const foldersIn = (home: string): string[] =>
  readdirSync(home).filter((name) => name.startsWith("holdfast-"));

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s: no process, no folder, no plane is left",
  { timeout: 90_000 },
  async (signal) => {
    const { home, run, started } = await asleep();
    expect(started.length).toBeGreaterThan(3);
    run.child.kill(signal);
    const { status, stderr } = await run.ended;
    expect(stderr).toContain("STOPPED");
    expect(status).not.toBe(0);
    expect(alive(started)).toEqual([]);
    expect(foldersIn(home)).toEqual([]);
  },
);

test("killed: no process lives on, and the next run removes the rest and says so", {
  timeout: 90_000,
}, async () => {
  const { home, env, run, started } = await asleep();
  run.child.kill("SIGKILL");
  await run.ended;
  expect(await until(() => alive(started).length === 0, 15_000), JSON.stringify(alive(started))).toBe(true);
  expect(foldersIn(home).length).toBeGreaterThan(0);
  writeTree(home, {
    "next/package.json": JSON.stringify({
      holdfast: { id: "PKG-T3-NEXT-001", version: "1.0.0", tier: "T3" },
    }),
    "next/a.txt": "a\n",
  });
  const next = runProgram("golden", ["run", `${home}/next`], { cwd: home, env });
  expect(next.status, next.stdout + next.stderr).toBe(0);
  expect(next.stdout).toMatch(/^removed \d+ folders? of runs that were killed$/m);
  expect(foldersIn(home)).toEqual([]);
});

test("a worker that is killed costs only what it was at", { timeout: 90_000 }, async () => {
  const { run, started } = await asleep("--json");
  const worker = started.find(({ command }) => / golden worker /.test(command) && !command.includes("prctl"));
  process.kill(worker?.pid ?? 0, "SIGKILL");
  const { status, stdout } = await run.ended;
  expect(status).toBe(1);
  const [scenario] = (JSON.parse(stdout) as GoldenReport).scenarios;
  expect(scenario?.verdict).toBe("infra-failure");
  expect(scenario?.steps[0]?.problems[0]).toMatchObject({ code: "WORKER_LOST" });
  expect(alive(started)).toEqual([]);
});
