/** The same tree packs to the same bytes, whoever packs it, where, when, and on which supported Node. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/tree.ts";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const SOURCE = join(REPOSITORY, "modules/agent_runtime");

/** The oldest Node line we support, from the registry; kept for the next run. */
function node22(): string {
  const folder = join(REPOSITORY, "node_modules/.cache/node22");
  const name = `node-${process.platform}-${process.arch}`;
  const binary = join(folder, "node_modules", name, "bin/node");
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), "{}");
    execFileSync(
      "npm",
      ["install", "--ignore-scripts", "--no-save", "--no-audit", "--prefix", folder, `${name}@22`],
      { stdio: "ignore" },
    );
  }
  return binary;
}

interface Way {
  readonly node: string;
  readonly umask?: string;
  readonly env?: Record<string, string>;
  /** Runs everything as this user id. */
  readonly uid?: number;
  readonly src?: string;
}

/** Packs a copy of the source in a plane of its own and gives the digest. */
function packed(way: Way, change: (folder: string) => void = () => undefined): string {
  const top = temporaryFolder();
  const src = join(top, way.src ?? "agent_runtime");
  mkdirSync(dirname(src), { recursive: true });
  cpSync(SOURCE, src, { recursive: true, filter: (path) => !path.includes("__pycache__") });
  change(src);
  chmodSync(top, 0o755);
  if (way.uid !== undefined) execFileSync("chown", ["-R", String(way.uid), top]);
  const pkg = `"${way.node}" "${join(REPOSITORY, "bin/pkg.cjs")}"`;
  const script = [
    "set -e",
    `umask ${way.umask ?? "022"}`,
    `cd "${top}"`,
    `${pkg} init plane > init.log`,
    `${pkg} pack --src "${src}" --root plane --token-file "$(ls home/planes/*/admin.token)" --json`,
  ].join("\n");
  const drop =
    way.uid === undefined ? [] : ["setpriv", `--reuid=${way.uid}`, `--regid=${way.uid}`, "--clear-groups"];
  const argv = [...drop, "sh", "-c", script];
  const env = { PATH: process.env["PATH"] ?? "", HOME: top, HOLDFAST_HOME: join(top, "home"), ...way.env };
  const done = spawnSync(argv[0] ?? "sh", argv.slice(1), { env, encoding: "utf8" });
  expect(done.status, done.stdout + done.stderr).toBe(0);
  return (JSON.parse(done.stdout) as { digest: string }).digest;
}

/** Copies the tree again, last file first, so that the folder lists in another order. */
function reordered(folder: string): void {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).toReversed();
  for (const path of paths) {
    const bytes = readFileSync(path);
    execFileSync("rm", [path]);
    writeFileSync(path, bytes, { mode: 0o600 });
  }
}

test("one digest: other place, order, times, modes, umask, time zone, locale, user and Node", () => {
  const node = process.execPath;
  const first = packed({ node });
  const old = node22();
  expect(execFileSync(old, ["--version"], { encoding: "utf8" })).toMatch(/^v22\./);
  const ways: [string, Way, ((folder: string) => void)?][] = [
    ["another place, order and modes", { node, src: "else where/deep/agent_runtime" }, reordered],
    [
      "another time",
      { node },
      (folder) => void execFileSync("find", [folder, "-exec", "touch", "-d", "2001-01-01", "{}", "+"]),
    ],
    ["umask, time zone and locale", { node, umask: "077", env: { TZ: "Asia/Tokyo", LC_ALL: "tr_TR.UTF-8" } }],
    ["Node 22", { node: old }],
  ];
  if (process.getuid?.() === 0) ways.push(["another user", { node, uid: 65_534, umask: "027" }]);
  for (const [name, way, change] of ways) expect(packed(way, change), name).toBe(first);
  const byte = packed({ node }, (folder) =>
    writeFileSync(join(folder, "README.md"), `${readFileSync(join(folder, "README.md"), "utf8")} `),
  );
  const bit = packed({ node }, (folder) => chmodSync(join(folder, "README.md"), 0o755));
  expect(new Set([first, byte, bit]).size).toBe(3);
});
