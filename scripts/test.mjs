/**
 * `npm test`: build, every vitest test, the Python suites of the modules with every interpreter found, and a look at whether all
 * that left the checkout as it was. The very last line is `N passed, N failed`, alone.
 */
import { join } from "node:path";
import { build } from "./build.mjs";
import { capture, seconds } from "./capture.mjs";
import { runPythonSuites } from "./python-suites.mjs";
import { Stop } from "./stop.mjs";
import { runVitest } from "./vitest.mjs";

const ROOT = join(import.meta.dirname, "..");
const total = { passed: 0, failed: 0 };

const before = await checkoutState();
await step("build", build);
await step("vitest", async () => {
  const run = await runVitest(ROOT, { live: true });
  count(run);
  console.log(`vitest  ${run.files} files, ${described(run)}  ${seconds(run.duration_ms)}`);
  if (run.passed + run.failed === 0)
    throw new Stop("NO_TESTS", "vitest found no test", "Look at vitest.config.ts.", 1);
});
await step("python", () =>
  runPythonSuites(ROOT, (suite) => {
    count(suite);
    if (suite.failed > 0) console.log(suite.output);
    console.log(
      `python  ${suite.version} ${suite.module}  ${described(suite)}  ${seconds(suite.duration_ms)}`,
    );
  }),
);
await step("clean", async () => {
  const after = await checkoutState();
  if (before === undefined || after === undefined) {
    console.log("clean   this is not a git checkout: whether the tests wrote into it was not checked");
  } else if (after !== before) {
    throw new Stop(
      "CHECKOUT_CHANGED",
      `the tests changed the checkout\n${difference(before, after)}`,
      "Make the test write to a temporary directory.",
      1,
    );
  } else {
    console.log("clean   the checkout is as it was");
  }
});
console.log(`${total.passed} passed, ${total.failed} failed`);
if (total.failed > 0) process.exitCode = 1;

/** A step that cannot be done is one failure, and the next step is still tried: the closing line must always appear. */
async function step(name, run) {
  try {
    await run();
  } catch (error) {
    total.failed += 1;
    const text =
      error instanceof Stop ? `${error.code}: ${error.message}\nnext: ${error.next_step}` : error.stack;
    console.log(`${name.padEnd(7)} ${text}`);
  }
}

function count({ passed, failed }) {
  total.passed += passed;
  total.failed += failed;
}

function described({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** Git's view including ignored files (bytecode is ignored and still a change); undefined outside a git checkout. */
async function checkoutState() {
  const run = await capture("git", ["status", "--porcelain", "--ignored"], { cwd: ROOT }).catch(
    () => undefined,
  );
  if (run?.exit_code !== 0) return undefined;
  return run.stdout
    .split("\n")
    .filter((line) => !/^!! (node_modules|dist)\/$/.test(line))
    .join("\n");
}

function difference(old, now) {
  const [a, b] = [old, now].map((text) => new Set(text.split("\n")));
  const gone = [...a].filter((line) => !b.has(line)).map((line) => `  before: ${line}`);
  return [...gone, ...[...b].filter((line) => !a.has(line)).map((line) => `  now:    ${line}`)].join("\n");
}
