/**
 * `npm run plugin:preflight -- <manifest-path>`: `pkg preflight` of this checkout, built when it must be. Paths are those of the
 * folder the command was typed in. Nothing but the report is printed to stdout.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

const built = spawnSync(process.execPath, [join(ROOT, "scripts/build.mjs")], { stdio: ["ignore", 2, 2] });
if (built.status === 0) {
  const words = [join(ROOT, "bin/pkg.cjs"), "preflight", ...process.argv.slice(2)];
  const cwd = process.env.INIT_CWD ?? ROOT;
  process.exitCode = spawnSync(process.execPath, words, { cwd, stdio: "inherit" }).status ?? 1;
} else process.exitCode = built.status ?? 1;
