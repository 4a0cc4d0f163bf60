/**
 * Kills and cuts the power of every operation at every point of a simulated disk, recovers, and compares.
 * `npm run crash -- --quick` samples; `--seed N`, `--only install,fix`, `--parts explore,mutants`, `--renames both`, `--replay CASE`.
 */
import { main } from "../test/crash/crash.ts";

process.exitCode = await main(process.argv.slice(2), (line) => console.log(line));
