/** Workers of a run as real processes: whatever a piece does to its worker, the run ends and says of what nothing is known. */
import { expect, test } from "vitest";
import { nodeEffects } from "../../src/effects/node/index.ts";
import { makeJob, runCrew } from "../../src/harness/index.ts";
import { REPOSITORY } from "../support/cli.ts";
import { temporaryFolder, writeTree } from "../support/tree.ts";

const effects = nodeEffects();

/** A worker as `golden worker` is one: it waits for the end of its input, and an error that nobody caught sets an exit code. */
const worker = (work: string, before: string): string => `
import { readFileSync } from "node:fs";
import { nodeEffects } from "${REPOSITORY}/src/effects/node/index.ts";
import { takePieces, untilFinished } from "${REPOSITORY}/src/harness/crew/pieces.ts";
process.stdin.resume();
const say = (line) => void process.stdout.write(line);
const work = async (at) => { ${work} };
try {
  await untilFinished(say, () => {
    ${before}
    return takePieces(nodeEffects(), { folder: process.argv[2], count: 3, work, say });
  });
} catch {
  process.exitCode = 70;
}
`;

function crewOf(work: string, before = "") {
  const cwd = temporaryFolder();
  writeTree(cwd, { "worker.mjs": worker(work, before) });
  const folder = makeJob(effects, {});
  return runCrew(effects, {
    folder,
    count: 3,
    workers: 1,
    argv: [process.execPath, `${cwd}/worker.mjs`, folder],
    cwd,
    env: {},
    python: undefined,
    onDoing: () => undefined,
    onDifference: () => undefined,
  });
}

test("a piece whose file cannot be read is lost with the reason, and the others are done", async () => {
  const { results, lost } = await crewOf(`
    if (at === 1) readFileSync("/nowhere/at-all");
    return at;
  `);
  expect([...results.values()]).toEqual([0, 2]);
  expect([...lost.keys()]).toEqual([1]);
  expect(lost.get(1)).toMatch(/^the harness failed: ENOENT: .*\/nowhere\/at-all'$/);
});

test("a worker that cannot even begin ends, and its reason stands for what nobody took", async () => {
  const { results, lost } = await crewOf("return at;", `readFileSync("/nowhere/job.json");`);
  expect(results.size).toBe(0);
  expect([...lost.keys()]).toEqual([0, 1, 2]);
  expect(lost.get(0)).toMatch(/^its worker ended \(exit 70\): ENOENT: .*job\.json'$/);
});
