import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ROOT } from "./tree.ts";

const RECORD = JSON.stringify({ packages: { "node_modules/a": { integrity: "sha512-a" } } });
/** Writes down what it "installed" and how it was asked; NPM_FAILS is what `npm ci` says instead, and the exit is 1. */
const NPM = `#!/bin/sh
echo "$1 $2" >> "$NPM_RUNS"
[ "$1" = ci ] && [ -n "$NPM_FAILS" ] && { echo "npm error $NPM_FAILS" >&2; exit 1; }
mkdir -p node_modules && sleep 0.3
printf '%s' "$NPM_RECORD" > node_modules/.package-lock.json
`;
const LOCK = JSON.stringify({
  packages: { "": {}, "node_modules/a": { integrity: "sha512-a" }, "node_modules/b": { optional: true } },
});

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holdfast-bootstrap-"));
  cpSync(join(ROOT, "scripts"), join(root, "scripts"), { recursive: true });
  writeFileSync(
    join(root, "scripts/build.mjs"),
    `console.log("built", process.argv.slice(2).join(" ")); process.exitCode = 4;`,
  );
  writeFileSync(join(root, "package-lock.json"), LOCK);
  mkdirSync(join(root, "path"));
  writeFileSync(join(root, "path/npm"), NPM);
  chmodSync(join(root, "path/npm"), 0o755);
  symlinkSync(process.execPath, join(root, "path/node"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const env = (more: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  PATH: `${join(root, "path")}:/usr/bin:/bin`,
  NPM_RUNS: join(root, "npm-runs"),
  NPM_RECORD: RECORD,
  ...more,
});
const run = (args: readonly string[], more: NodeJS.ProcessEnv = {}): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [join(root, "scripts/run.mjs"), ...args], { encoding: "utf8", env: env(more) });
const installs = (): number =>
  existsSync(join(root, "npm-runs"))
    ? readFileSync(join(root, "npm-runs"), "utf8").split("\n").length - 1
    : 0;

test("the first task installs, hands over its arguments and ends as the task ended; the second installs nothing", () => {
  const first = run(["build", "--now", "x"]);
  expect([first.stdout, first.status]).toEqual(["built --now x\n", 4]);
  expect(first.stderr).toMatch(/^installing dependencies \(npm ci\) … done in \d+ s\n$/);
  expect([run(["build"]).stderr, installs()]).toEqual(["", 1]);
});

test("a changed lock file installs again", () => {
  run(["build"]);
  writeFileSync(join(root, "package-lock.json"), LOCK.replace("sha512-a", "sha512-b"));
  rmSync(join(root, "node_modules"), { recursive: true, force: true });
  mkdirSync(join(root, "node_modules"));
  writeFileSync(
    join(root, "node_modules/.holdfast-lock-sha256"),
    createHash("sha256").update(LOCK).digest("hex"),
  );
  expect(run(["build"], { NPM_FAILS: "seen" }).stderr).toContain("INSTALL_FAILED");
  expect(installs()).toBe(2);
});

test("an install somebody made by hand is recognised, one that lacks a package is not", () => {
  mkdirSync(join(root, "node_modules"));
  writeFileSync(
    join(root, "node_modules/.package-lock.json"),
    JSON.stringify({ packages: { "node_modules/a": { integrity: "sha512-a" } } }),
  );
  expect([run(["build"]).stderr, installs()]).toEqual(["", 0]);
  rmSync(join(root, "node_modules"), { recursive: true });
  mkdirSync(join(root, "node_modules"));
  writeFileSync(join(root, "node_modules/.package-lock.json"), JSON.stringify({ packages: {} }));
  run(["build"], { NPM_FAILS: "seen" });
  expect(installs()).toBe(1);
});

test("packages the registry does not know at all are no reason to stop, and the rest is held against the lock file", () => {
  const unknown = { NPM_FAILS: "Missing: @x/other-platform@ from lock file" };
  expect(run(["build"], unknown)).toMatchObject({ status: 4, stderr: expect.stringContaining("done in") });
  expect(readFileSync(join(root, "npm-runs"), "utf8")).toBe("ci --include=dev\ninstall --no-save\n");
});

test.each([
  ["another integrity", { "node_modules/a": { integrity: "sha512-evil" } }],
  [
    "a package the lock file does not name",
    { "node_modules/a": { integrity: "sha512-a" }, "node_modules/c": { integrity: "sha512-c" } },
  ],
  ["a package less", {}],
])("an install with %s is refused", (_, packages) => {
  const refused = run(["build"], { NPM_RECORD: JSON.stringify({ packages }) });
  expect(refused).toMatchObject({ status: 5, stderr: expect.stringContaining("LOCK_STALE") });
  expect(existsSync(join(root, "node_modules/.holdfast-lock-sha256"))).toBe(false);
});

test("a lock file that lacks a package of a known version is stale", () => {
  const npm_fails =
    "`npm ci` can only install packages when your package.json and package-lock.json are in sync\nnpm error Missing: c@1.2.3 from lock file";
  expect(run(["build"], { NPM_FAILS: npm_fails }).stderr).toContain("LOCK_STALE");
  expect(installs()).toBe(1);
});

test("tasks started together install once", async () => {
  const started = Array.from({ length: 4 }, () => {
    const child = spawn(process.execPath, [join(root, "scripts/run.mjs"), "build"], {
      env: env({}),
      stdio: ["ignore", "ignore", "inherit"],
    });
    return new Promise((resolve) => child.once("exit", resolve));
  });
  expect(await Promise.all(started)).toEqual([4, 4, 4, 4]);
  expect(installs()).toBe(1);
});

test("a lock left by a dead process is taken over", () => {
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  const key = createHash("sha256").update(root).digest("hex").slice(0, 16);
  writeFileSync(join(tmpdir(), `holdfast-install-${key}.lock`), String(dead));
  expect(run(["build"]).status).toBe(4);
  expect(existsSync(join(tmpdir(), `holdfast-install-${key}.lock`))).toBe(false);
});

test.each([
  ["npm cannot reach the registry", { NPM_FAILS: "code ENOTFOUND" }, "REGISTRY_UNREACHABLE"],
  ["npm fails otherwise", { NPM_FAILS: "code EWHATEVER" }, "INSTALL_FAILED"],
])("%s: a code and a next step, exit 5", (_, more, code) => {
  const failed = run(["build"], more);
  expect(failed.stderr).toContain(`\n${code}: `);
  expect(failed.stderr).toMatch(/\nnext: .+\n$/);
  expect(failed.status).toBe(5);
  expect(installs()).toBe(1);
});

test("npm, python3 or the task missing: a code and a next step", () => {
  const none = { PATH: join(root, "nothing") };
  expect(run(["build"], none)).toMatchObject({ status: 5, stderr: expect.stringContaining("NPM_MISSING") });
  expect(run(["test"], none)).toMatchObject({ status: 5, stderr: expect.stringContaining("PYTHON_MISSING") });
  expect(run(["nothing"])).toMatchObject({ status: 2, stderr: expect.stringContaining("TASK_UNKNOWN") });
  rmSync(join(root, "scripts/build.mjs"));
  expect(run(["build"])).toMatchObject({ status: 5, stderr: expect.stringContaining("TASK_MISSING") });
});

test("a python3 of 3.8 is refused", () => {
  writeFileSync(join(root, "path/python3"), "#!/bin/sh\necho 3 8\n");
  chmodSync(join(root, "path/python3"), 0o755);
  expect(run(["test"])).toMatchObject({ status: 5, stderr: expect.stringContaining("PYTHON_TOO_OLD") });
});
