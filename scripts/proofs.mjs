/**
 * `npm run proofs`: what takes minutes because it kills, tampers, floods or sweeps (files named .proof.ts). Words narrow it to files,
 * as with vitest. The very last line is `N passed, N failed`, alone.
 */

import { join } from "node:path";
import { build } from "./build.mjs";
import { orStop, Stop } from "./stop.mjs";
import { runVitest } from "./vitest.mjs";

const ROOT = join(import.meta.dirname, "..");

await orStop(async () => {
  await build();
  const args = process.argv.slice(2);
  const run = await runVitest(ROOT, { args, live: true, env: { HOLDFAST_PROOFS: "1" } });
  if (run.passed + run.failed === 0)
    throw new Stop(
      "NO_TESTS",
      "vitest found no proof",
      "Look at vitest.config.ts and at the words given.",
      1,
    );
  console.log(`${run.passed} passed, ${run.failed} failed`);
  if (run.failed > 0) process.exitCode = 1;
});
