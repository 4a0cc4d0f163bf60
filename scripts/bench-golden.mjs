/** The golden harness: scenarios a minute with one worker and two, and how much of it the harness itself is. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A generated package that is installed and uninstalled; each scenario judges three steps. */
const scenario = (number) => `schema_version = "1.0"
name = "life-${number}"
packages.part-${number} = { generate = { files = 20, size_bytes = 1000 } }
steps = [
  { do = "install", packages = ["part-${number}"] },
  { do = "uninstall", packages = ["part-${number}"] },
]
`;

/** Rows of what, ours, peers. `root`: the checkout. */
export function* benchGolden({ scratch, env, run, root }, count) {
  const folder = join(scratch, "scenarios");
  mkdirSync(folder);
  for (let number = 1; number <= count; number++)
    writeFileSync(join(folder, `s${number}.toml`), scenario(number));
  for (const workers of [1, 2]) {
    const words = [join(root, "bin/golden.cjs"), "run", folder, "--workers", String(workers), "--json"];
    const done = run(process.execPath, words, { cwd: scratch });
    const { totals } = JSON.parse(done.stdout);
    if (totals.passed !== count) throw new Error(`${totals.failed} of ${count} scenarios failed`);
    const note = `${((60 * count) / done.wall_s).toFixed(0)} scenarios a minute, ${totals.checks} checks`;
    yield [
      `golden run: ${count} scenarios, ${workers} worker${workers === 1 ? "" : "s"}`,
      { ...done, note },
      {},
    ];
  }
  // A ratio needs fewer than a rate.
  const few = Array.from({ length: 21 }, (_, at) => join(folder, `s${(at % count) + 1}.toml`));
  const overhead = fileURLToPath(new URL("golden-overhead.mjs", import.meta.url));
  const text = execFileSync(process.execPath, [overhead, ...few], { cwd: root, env, encoding: "utf8" });
  const { total_ms, operations_ms, scenarios } = JSON.parse(text);
  const ours = {
    wall_s: total_ms / 1000,
    note: `${scenarios} scenarios, one after the other in one process`,
  };
  yield [
    "golden: operations and judging, beside the same operations alone",
    ours,
    { operations: { wall_s: operations_ms / 1000 } },
  ];
}
