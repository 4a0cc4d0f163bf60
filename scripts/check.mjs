/**
 * `npm run check [-- --only format,lint] [--changed]`: every rule of this repository that a machine can judge, one line a step.
 * A step that looked at nothing fails: a tool that lost its input reports success.
 */
import { parseArgs } from "node:util";
import { seconds } from "./capture.mjs";
import { STEPS } from "./check-steps.mjs";
import { orStop, Stop } from "./stop.mjs";

const LINES_MAX = 12;
const AT_ONCE = 2;

await orStop(async () => {
  const { values } = parseArgs({
    options: { only: { type: "string" }, changed: { type: "boolean", default: false } },
  });
  const chosen = choose(values.only);
  const began = performance.now();
  const outcomes = new Map();
  const queue = chosen.filter((step) => !step.alone);
  const work = async () => {
    for (let step = queue.shift(); step; step = queue.shift()) outcomes.set(step, await take(step, values));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  for (const step of chosen.filter(({ alone }) => alone)) outcomes.set(step, await take(step, values));
  const failed = chosen.filter((step) => !outcomes.get(step)).map(({ name }) => name);
  console.log(
    `check     ${chosen.length - failed.length} of ${chosen.length} steps hold  ${seconds(performance.now() - began)}`,
  );
  if (failed.length > 0) process.exitCode = 1;
});

function choose(only) {
  if (only === undefined) return STEPS;
  const names = only.split(",");
  const unknown = names.filter((name) => !STEPS.some((step) => step.name === name));
  if (unknown.length > 0) {
    const known = STEPS.map(({ name }) => name).join(", ");
    throw new Stop("STEP_UNKNOWN", `no step is called "${unknown[0]}"`, `Choose from ${known}.`, 2);
  }
  return STEPS.filter(({ name }) => names.includes(name));
}

/** True when the step holds. */
async function take(step, options) {
  const began = performance.now();
  let outcome;
  try {
    outcome = await step.run(options);
  } catch (error) {
    outcome = {
      count: 0,
      unit: "files",
      problems: 1,
      lines: [String(error)],
      next_step: "Run the tool of this step by hand.",
    };
  }
  const { count, unit, problems, lines, next_step } = outcome;
  console.log(
    `${step.name.padEnd(9)} ${count} ${unit}, ${problems} problems  ${seconds(performance.now() - began)}`,
  );
  // With --changed, "no test is affected" is an answer.
  const sawNothing = count === 0 && !(options.changed && step.name === "tests");
  if (sawNothing && problems === 0) console.log("          it looked at nothing, so it proves nothing");
  if (problems > 0) {
    for (const line of lines.slice(0, LINES_MAX)) console.log(`          ${line.slice(0, 220)}`);
    if (lines.length > LINES_MAX) console.log(`          … and ${lines.length - LINES_MAX} more`);
    console.log(`  next: ${next_step}`);
  }
  return problems === 0 && !sawNothing;
}
