/**
 * The steps of `npm run check`. Each returns `{ count, unit, problems, lines, next_step }`: what it looked at, how many problems
 * it found, the first useful lines about them. A step that looked at nothing is failed by check.mjs, whatever it says.
 */
import { join } from "node:path";
import { capture } from "./capture.mjs";
import { runVitest } from "./vitest.mjs";

const ROOT = join(import.meta.dirname, "..");

async function format() {
  const run = await capture("biome", ["check", "--reporter=json", "--max-diagnostics=200"], { cwd: ROOT });
  const { summary, diagnostics } = JSON.parse(run.stdout);
  return {
    count: summary.changed + summary.unchanged,
    unit: "files",
    problems: summary.errors,
    lines: diagnostics.map(({ location, category }) => `${location?.path ?? ""} ${category}`),
    next_step: 'Run "npx biome check --write".',
  };
}

async function lint() {
  const run = await capture("oxlint", ["--format=json"], { cwd: ROOT });
  const { number_of_files, diagnostics } = JSON.parse(run.stdout);
  return {
    count: number_of_files,
    unit: "files",
    problems: diagnostics.length,
    lines: diagnostics.map(({ filename, labels, code, message }) => {
      const line = labels?.[0]?.span?.line;
      return `${filename}${line ? `:${line}` : ""} ${code} ${message}`;
    }),
    next_step: 'Mend the lines above; "npx oxlint" shows all of them.',
  };
}

async function types() {
  const run = await capture("tsc", ["-p", ".", "--listFiles", "--pretty", "false"], { cwd: ROOT });
  const lines = run.stdout.split("\n");
  const errors = lines.filter((line) => /error TS\d+:/.test(line));
  return {
    count: lines.filter((line) => line.startsWith(ROOT) && !line.includes("node_modules")).length,
    unit: "files",
    problems: errors.length || run.exit_code,
    lines: errors,
    next_step: 'Mend the first line above; "npx tsc -p ." shows all of them.',
  };
}

async function rooms() {
  const args = ["--config", ".dependency-cruiser.mjs", "--output-type", "json", "src"];
  const { summary, modules } = JSON.parse((await capture("depcruise", args, { cwd: ROOT })).stdout);
  return {
    count: modules.filter(({ source }) => source.startsWith("src/")).length,
    unit: "modules",
    problems: summary.violations.length,
    lines: summary.violations.map(({ from, to, rule }) => `${from} -> ${to}  ${rule.name}`),
    next_step:
      "Read the comment of the rule in .dependency-cruiser.mjs; move the shared part down or the joint behaviour up.",
  };
}

async function unused() {
  const run = await capture("knip", ["--no-progress", "--reporter", "./scripts/knip-reporter.mjs"], {
    cwd: ROOT,
  });
  const { files, problems } = JSON.parse(run.stdout);
  return {
    count: files,
    unit: "files",
    problems: problems.length,
    lines: problems.map(
      ({ type, file, line, symbol }) => `${file}${line ? `:${line}` : ""} ${type} ${symbol}`,
    ),
    next_step: "Delete what nobody uses, or use it.",
  };
}

async function generated() {
  const run = await capture(process.execPath, ["scripts/generate.mjs", "--check"], { cwd: ROOT });
  const [, count, stale] = /(\d+) operations, (\d+) file/.exec(run.stdout) ?? [0, 0, 0];
  return {
    count: Number(count),
    unit: "operations",
    problems: Number(stale) || run.exit_code,
    lines: run.stderr.split("\n").filter((line) => /Error/.test(line)),
    next_step: 'Run "npm run generate" and commit what it writes.',
  };
}

async function tests({ changed }) {
  const run = await runVitest(ROOT, { args: changed ? ["--changed"] : [] });
  return {
    count: run.passed + run.failed,
    unit: "tests",
    problems: run.failed,
    lines: run.output.split("\n").filter((line) => /FAIL|Error:|AssertionError/.test(line)),
    next_step: 'Run "npx vitest run <file>" with the first file above.',
  };
}

/** In the order they are shown. `alone`: uses both cores by itself. */
export const STEPS = [
  { name: "format", run: format },
  { name: "lint", run: lint },
  { name: "types", run: types },
  { name: "rooms", run: rooms },
  { name: "unused", run: unused },
  { name: "generated", run: generated },
  { name: "tests", run: tests, alone: true },
];
