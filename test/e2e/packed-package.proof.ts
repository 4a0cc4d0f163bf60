/** What `npm pack` makes installs in an empty project elsewhere and does the main job there. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder, writeTree } from "../support/tree.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));

test("the packed package works elsewhere, as commands and as a library", () => {
  const folder = temporaryFolder();
  const env = {
    ...process.env,
    HOME: folder,
    HOLDFAST_HOME: join(folder, "keys"),
    npm_config_cache: join(folder, "npm"),
  };
  const run = (file: string, ...args: string[]): string => {
    const done = spawnSync(file, args, { cwd: folder, env, encoding: "utf8" });
    expect(done.status, `${file} ${args.join(" ")}\n${done.stdout}${done.stderr}`).toBe(0);
    return done.stdout;
  };
  execFileSync("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], {
    cwd: REPOSITORY,
    env,
    stdio: "ignore",
  });
  writeFileSync(join(folder, "package.json"), "{}");
  run("npm", "install", "--no-audit", "--no-fund", "./holdfast-0.1.0.tgz");
  const bin = (name: string): string => join(folder, "node_modules/.bin", name);
  const { token_file } = JSON.parse(run(bin("pkg"), "init", "plane", "--json")) as { token_file: string };
  Object.assign(env, {
    HOLDFAST_TOKEN: readFileSync(token_file, "utf8").trim(),
    HOLDFAST_ROOT: join(folder, "plane"),
  });
  writeTree(folder, { "plane/modules/hello/main.py": "print('hi')\n" });
  run(bin("pkg"), "pack", "--src", "plane/modules/hello", "--id", "PKG-T2-HELLO-001");
  run(bin("holdfast"), "pkg", "install", "PKG-T2-HELLO-001");
  expect(run(bin("trace"), "--explain", "PKG-T2-HELLO-001")).toContain("# PKG-T2-HELLO-001");
  expect(run("python3", "plane/scripts/integrity_check.py", "-q")).toMatch(/^Integrity: OK/);
  const names = run(
    process.execPath,
    "--input-type=module",
    "-e",
    'console.log(Object.keys({ ...(await import("holdfast")), ...(await import("holdfast/contracts")) }).join(" "))',
  );
  for (const name of ["install", "verifyStream", "Manifest", "LedgerEntry"]) expect(names).toContain(name);
  const shipped = execFileSync("tar", ["-tzf", join(folder, "holdfast-0.1.0.tgz")], {
    encoding: "utf8",
  }).split("\n");
  expect(shipped.length).toBeGreaterThan(50);
  expect(
    shipped.filter((path) => /^package\/(src|test|scripts|modules)\/|__pycache__|\.map$/.test(path)),
  ).toEqual([]);
});
