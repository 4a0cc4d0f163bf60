/**
 * How long lives of packages take, and how much of it the operations themselves: the rest is the harness, which looks and judges.
 * `node scripts/golden-overhead.mjs SCENARIO…` runs them one after the other in this process and prints one JSON object.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { OPERATION_TABLE } from "../src/cli/generated/table.ts";
import { runCommand } from "../src/cli/index.ts";
import { nodeEffects } from "../src/effects/node/index.ts";
import { findSubjects, planRun, Remover, runScenario } from "../src/harness/index.ts";
import { driverOf } from "../src/operations/golden-driver.ts";
import { OPERATIONS } from "../src/operations/index.ts";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const here = (path) => new URL(path, import.meta.url);
const effects = nodeEffects({
  signal: new AbortController().signal,
  worker_url: here("../src/effects/node/digest-worker.ts"),
});
const setting = {
  program: "holdfast",
  version: "0.1.0",
  table: OPERATION_TABLE,
  load: (name) => OPERATIONS[name](),
  files: {
    deflate_worker_url: here("../src/archive/deflate-worker.ts"),
    scan_worker_url: here("../src/ledger/scan-worker.ts"),
    package_directory: ROOT,
    launcher_script: `${ROOT}/bin/holdfast.cjs`,
    node: process.execPath,
  },
  readDescriptor: () => "",
  readInput: async () => Buffer.alloc(0),
};

/** A command as golden run gives them: in this process, its output kept. */
async function command(around, argv) {
  const written = { out: "", err: "" };
  const terminal = {
    out: (text) => void (written.out += text),
    err: (text) => void (written.err += text),
    colour: false,
    interactive: false,
  };
  const exit_code = await runCommand({ ...setting, effects: around, terminal }, argv);
  return { exit_code, stdout: written.out, stderr: written.err };
}

const driver = driverOf({ effects, command, files: setting.files, version: setting.version });
let operations_ms = 0;
let calls = 0;
const by_operation = {};
const measured = (run) => async (place, call) => {
  const from_ms = performance.now();
  try {
    return await run(place, call);
  } finally {
    const took_ms = performance.now() - from_ms;
    operations_ms += took_ms;
    calls += 1;
    by_operation[call.operation] = (by_operation[call.operation] ?? 0) + took_ms;
  }
};
const watched = { within: measured(driver.within), apart: measured(driver.apart) };

// As in a worker: one folder for passing files, so that the wall is proven once.
const temporary = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
const subjects = await findSubjects(effects, ROOT);
const files = await planRun(effects, process.argv.slice(2), { root: ROOT, cwd: process.cwd(), subjects });
// What is loaded with the first scenario is no cost of the ones after it.
const [first, ...others] = files;
await runScenario(effects, first, { driver, subjects, temporary });
const remover = new Remover(effects);
const remove = (world) => remover.remove(world);
const from_ms = performance.now();
const failed = [];
for (const file of others) {
  const { name, verdict } = await runScenario(effects, file, {
    driver: watched,
    subjects,
    temporary,
    remove,
  });
  if (verdict !== "pass") failed.push(name);
}
await remover.settle();
const total_ms = performance.now() - from_ms;
rmSync(temporary, { recursive: true });
const rounded = Object.fromEntries(Object.entries(by_operation).map(([name, ms]) => [name, Math.round(ms)]));
console.log(
  JSON.stringify({
    scenarios: others.length,
    failed,
    calls,
    total_ms: Math.round(total_ms),
    operations_ms: Math.round(operations_ms),
    by_operation: rounded,
  }),
);
