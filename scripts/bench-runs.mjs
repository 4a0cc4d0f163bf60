/**
 * Actions: a process for each call, one that stood ready and a warm worker, beside a bare process and a bare pipe; callers at once;
 * memory of a worker.
 */
import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { nodeEffects } from "../src/effects/node/index.ts";
import { openPlane } from "../src/plane/index.ts";
import { ActionPool, runAction } from "../src/runtime/index.ts";

const MAIN = `import json, sys
def serve(line):
    request = json.loads(line)
    tag = {"id": request["id"]} if "id" in request else {}
    print(json.dumps({**tag, "status": "ok", "result": {"echo": request["input"]}}), flush=True)
if "--worker" in sys.argv:
    for line in sys.stdin:
        serve(line)
else:
    serve(sys.stdin.readline())
`;
const SECTION = {
  kind: "node",
  capability: ["actions"],
  runtime: "python",
  entrypoint: "main.py",
  actions: [{ id: "echo", title: "Echo", input: { type: "object" }, output: { type: "object" } }],
};
const INPUT = { text: "hello" };
const LINE = `${JSON.stringify({ operation: "action", action: "echo", input: INPUT, config: {}, request_id: "r" })}\n`;

const at = (times, share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
/** `times` in ms. */
function figures(times) {
  times.sort((a, b) => a - b);
  const [p50, p99] = [at(times, 0.5), at(times, 0.99)];
  return {
    wall_s: p50 / 1000,
    note: `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, ${times.length} calls`,
  };
}

async function timed(into, work) {
  const from = performance.now();
  await work();
  into.push(performance.now() - from);
}

function provide({ root, token }, holdfast, namespace, requires) {
  const source = join(root, `src/${namespace}`);
  mkdirSync(source, { recursive: true });
  const id = `PKG-T2-${namespace.toUpperCase()}-001`;
  const plugin = { ...SECTION, namespace, requires };
  const holdfast_key = { id, version: "1.0.0", target: `modules/${namespace}`, plugin };
  writeFileSync(join(source, "package.json"), JSON.stringify({ holdfast: holdfast_key }));
  writeFileSync(join(source, "main.py"), MAIN);
  const pkg = (...args) => holdfast("pkg", [...args, "--root", root, ...token, "--json"]);
  pkg("pack", "--src", source);
  pkg("plugin", "install", id);
  const { shown_digest } = JSON.parse(pkg("plugin", "enable", namespace, "--dry-run").stdout);
  pkg("plugin", "enable", namespace, "--yes", shown_digest);
}

/** A worker of nobody's, spoken to line by line. */
function barePipe(python, main) {
  const child = spawn(python, ["-B", main, "--worker"], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    call: () => {
      child.stdin.write(LINE);
      return lines.next();
    },
    pid: child.pid,
    stop: () => child.kill(),
  };
}

/** `[what, ours, peers]` for `show`. */
export async function benchRuns({ python, env, makePlane, holdfast }, quick) {
  const made = makePlane("runs");
  appendFileSync(join(made.root, "config/plane.toml"), "\n[run]\nconcurrency_max = 64\n");
  provide(made, holdfast, "bench", ["workers"]);
  provide(made, holdfast, "alone", []);
  const effects = nodeEffects({ host: { env: { ...process.env, ...env }, home: env.HOME } });
  const plane = openPlane(effects, made.root);
  const token = readFileSync(made.token[1], "utf8").trim();
  const hosting = {
    interpreter: async (runtime) => (runtime === "python" ? python : process.execPath),
    accepts_weaker: () => false,
  };
  const request = { namespace: "bench", action: "echo", input: INPUT, host: "library", token };
  const main = join(made.root, "modules/bench/main.py");
  const pool = new ActionPool(effects, plane, hosting, { workers_max: 64 });
  const pipe = barePipe(python, main);
  const rows = [];
  try {
    const alone = { ...request, namespace: "alone" };
    // One that is called again is expected to be called once more.
    for (let call = 0; call < 2; call++) await pool.run(alone);
    await Promise.all([pool.run(request), pipe.call()]);
    const times = { bare: [], spawn: [], ready: [], pipe: [], warm: [] };
    // In turns, so that a busy moment of the machine falls on all of them.
    for (let round = 0; round < (quick ? 15 : 60); round++) {
      await pause();
      await timed(times.bare, async () => spawnSync(python, ["-B", main], { input: LINE, env }));
      await timed(times.spawn, () => runAction(effects, plane, request, hosting));
      for (let call = 0; call < 10; call++) {
        await timed(times.pipe, pipe.call);
        await timed(times.warm, () => pool.run(request));
      }
      // Last, since the next one starts when it was answered.
      await timed(times.ready, () => pool.run(alone));
    }
    const [bare, spawned, ready, piped, warm] = Object.values(times).map(figures);
    const cli = timesOf(quick ? 5 : 15, () =>
      holdfast("pkg", ["run", "bench", "echo", "--root", made.root, ...made.token, "--json"]),
    );
    rows.push(["pkg run (everything, from the command line)", cli, { "bare process": bare }]);
    rows.push([
      "action with a process for each call (checked, walled in, recorded)",
      spawned,
      { "bare process": bare },
    ]);
    rows.push([
      "the same in a process that stood ready, as for a plugin a host calls again and again",
      ready,
      { "bare process": bare, "started with the call": spawned },
    ]);
    rows.push([
      "action in a warm worker (checked, recorded)",
      warm,
      { "bare pipe": piped, "process for each call": spawned },
    ]);
    rows.push([
      "memory of an idle worker",
      memoryOf(processesWith(main).filter((pid) => pid !== pipe.pid)),
      { "bare worker": memoryOf([pipe.pid]) },
    ]);
    for (const callers of quick ? [1, 16] : [1, 4, 16, 64])
      rows.push(await atOnce(pool, request, callers, quick));
  } finally {
    pipe.stop();
    await pool.stop();
  }
  return rows;
}

/** Until what is started for a later call has started. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 250));

function timesOf(count, work) {
  return figures(Array.from({ length: count }, () => work().wall_s * 1000));
}

async function atOnce(pool, request, callers, quick) {
  const each = Math.max(1, Math.floor((quick ? 64 : 512) / callers));
  const together = (calls) =>
    Promise.all(
      Array.from({ length: callers }, async () => {
        for (let call = 0; call < calls; call++) await pool.run(request);
      }),
    );
  // Until as many workers are warm as there are callers.
  await together(1);
  const from = performance.now();
  await together(each);
  const wall_s = (performance.now() - from) / 1000;
  const note = `${Math.round((callers * each) / wall_s)} calls/s`;
  return [`${callers} callers at once, ${callers * each} calls`, { wall_s, note }, {}];
}

/** Numbers of the processes whose command line starts the program as a worker: the wall's own bear it too. */
const processesWith = (main) =>
  spawnSync("pgrep", ["-f", `${main} --worker`], { encoding: "utf8" })
    .stdout.split("\n")
    .filter(Boolean)
    .map(Number);

/** Proportional share of each. */
function memoryOf(pids) {
  const kib = pids.map((pid) => {
    try {
      return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
    } catch {
      return 0;
    }
  });
  const total = kib.reduce((sum, one) => sum + one, 0);
  return {
    wall_s: 0,
    peak_mib: total / 1024,
    note: `${kib.length} processes, ${(total / 1024).toFixed(1)} MiB together`,
  };
}
