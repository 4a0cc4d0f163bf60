/**
 * Rebuilds registries/ and packages_store/ of this repository from modules/ and specs/ with the real commands, in a
 * scratch plane. With --check nothing is written: any byte that differs fails.
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dir } from "tmp-promise";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** First registration day of everything here: records must not depend on when they are rebuilt. 2026-11-21T00:00:00Z. */
const SOURCE_DATE_EPOCH = "1795219200";
/** Dependencies before dependents. */
const MODULES = ["stdlib_evidence", "agent_runtime", "example_agent"];
const BUILT = ["registries", "packages_store"];

const { path: scratch, cleanup } = await dir({ prefix: "holdfast-plane", unsafeCleanup: true });
try {
  const plane = join(scratch, "plane");
  const env = {
    PATH: process.env.PATH,
    HOME: scratch,
    HOLDFAST_HOME: join(scratch, "home"),
    SOURCE_DATE_EPOCH,
    LC_ALL: "C",
  };
  const pkg = (...args) =>
    execFileSync(process.execPath, [join(ROOT, "bin/pkg.cjs"), ...args], {
      env,
      cwd: scratch,
      encoding: "utf8",
    });
  const made = JSON.parse(pkg("init", plane, "--name", "holdfast", "--json"));
  for (const folder of ["modules", "specs", "frameworks"])
    cpSync(join(ROOT, folder), join(plane, folder), { recursive: true });
  for (const module of MODULES)
    pkg("pack", "--src", join(plane, "modules", module), "--root", plane, "--token-file", made.token_file);
  let compared = 0;
  const differing = [];
  for (const folder of BUILT) {
    const names = new Set([
      ...readdirSync(join(plane, folder)),
      ...(existsSync(join(ROOT, folder)) ? readdirSync(join(ROOT, folder)) : []),
    ]);
    for (const name of [...names].toSorted((a, b) => (a < b ? -1 : 1))) {
      compared += 1;
      const [fresh, kept] = [join(plane, folder, name), join(ROOT, folder, name)].map((path) =>
        existsSync(path) ? readFileSync(path) : undefined,
      );
      if (fresh === undefined || kept === undefined || !fresh.equals(kept))
        differing.push(`${folder}/${name}`);
    }
  }
  if (compared === 0) throw new Error("nothing was built");
  if (!process.argv.includes("--check")) {
    for (const folder of BUILT) {
      rmSync(join(ROOT, folder), { recursive: true, force: true });
      cpSync(join(plane, folder), join(ROOT, folder), { recursive: true });
    }
    console.log(`plane: ${compared} files rebuilt, ${differing.length} changed`);
  } else {
    for (const path of differing) console.log(`differs: ${path}`);
    console.log(
      `plane: ${compared} files compared byte for byte, ${differing.length} differ${differing.length > 0 ? '; run "npm run plane" and look at the difference' : ""}`,
    );
    if (differing.length > 0) process.exitCode = 1;
  }
} finally {
  await cleanup();
}
