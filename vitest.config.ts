import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Proofs kill, tamper and sweep for minutes; `npm run proofs` is their own command.
    include: [process.env["HOLDFAST_PROOFS"] === "1" ? "test/**/*.proof.ts" : "test/**/*.test.ts"],
    exclude: ["dist/**", "node_modules/**"],
    // Own processes: tests change directory, send signals and hold locks, which threads of one process would share.
    pool: "forks",
    // One file a core: what most tests wait for is programs they started.
    maxWorkers: availableParallelism(),
    globals: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A seed in the repository makes a failure reproducible; a property that wants others prints its own.
    sequence: { shuffle: false },
  },
});
