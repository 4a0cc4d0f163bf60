/** Runs the unittest suite of every module, and of the test case of the golden harness, with every interpreter. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { capture } from "./capture.mjs";
import { findInterpreters } from "./interpreters.mjs";
import { Stop } from "./stop.mjs";

const AT_ONCE = 2;

/** Suites that lie in no module. The example lives whole lives of a plugin, so the oldest and the newest interpreter do. */
const OTHERS = [
  { module: "holdfast_golden", start: "test/golden/python", with_every: true },
  { module: "plugin-tests", start: "examples/plugin-tests/tests", with_every: false },
];

/** Calls `onSuite` with each result as it ends: `{ module, version, passed, failed, skipped, duration_ms, output }`. */
export async function runPythonSuites(root, onSuite) {
  const modules = readdirSync(join(root, "modules")).filter((name) =>
    existsSync(join(root, "modules", name, "tests")),
  );
  if (modules.length === 0) {
    throw new Stop(
      "NO_PYTHON_TESTS",
      "no folder modules/*/tests exists",
      "Look at modules/: its tests are gone.",
      1,
    );
  }
  const interpreters = await findInterpreters();
  console.log(`python  ${interpreters.map(({ version }) => version).join(", ")}`);
  const others = OTHERS.filter(({ start }) => existsSync(join(root, start)));
  const edges = [interpreters[0], interpreters.at(-1)];
  const queue = interpreters.flatMap((interpreter) => [
    ...modules.map((module) => ({ module, interpreter })),
    ...others
      .filter(({ with_every }) => with_every || edges.includes(interpreter))
      .map(({ module, start }) => ({ module, start, interpreter })),
  ]);
  const work = async () => {
    for (let cell = queue.shift(); cell; cell = queue.shift()) onSuite(await runSuite(root, cell));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function runSuite(root, { module, start, interpreter }) {
  const cache = mkdtempSync(join(tmpdir(), "holdfast-pycache-"));
  try {
    const argv = [
      "-B",
      "-m",
      "unittest",
      "discover",
      "--start-directory",
      start ?? join("modules", module, "tests"),
      "--top-level-directory",
      start ?? ".",
    ];
    // Neither the user's own packages nor bytecode of an earlier run may decide what is tested.
    const env = {
      PYTHONPYCACHEPREFIX: cache,
      PYTHONNOUSERSITE: "1",
      PYTHONPATH: start === undefined ? undefined : join(root, "templates/golden"),
      PYTHONDONTWRITEBYTECODE: "1",
      HOLDFAST_GOLDEN: join(root, "bin/golden.cjs"),
    };
    const run = await capture(interpreter.path, argv, { cwd: root, env });
    return {
      module,
      version: interpreter.version,
      ...count(run),
      duration_ms: run.duration_ms,
      output: run.stderr,
    };
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}

/** Reads unittest's two closing lines; a suite that ran nothing, or ended without them, counts as one failed test. */
function count({ stderr, exit_code }) {
  const ran = Number(/^Ran (\d+) tests? in/m.exec(stderr)?.[1] ?? 0);
  const closing = /^(?:OK|FAILED)(?: \((.*)\))?\s*$/m.exec(stderr)?.[1] ?? "";
  const named = Object.fromEntries(closing.split(", ").map((part) => part.split("=")));
  const of = (name) => Number(named[name] ?? 0);
  const failed = of("failures") + of("errors") + of("unexpected successes");
  const skipped = of("skipped");
  if (failed === 0 && (exit_code !== 0 || ran === 0)) return { passed: 0, failed: 1, skipped };
  return { passed: Math.max(0, ran - failed - skipped), failed, skipped };
}
