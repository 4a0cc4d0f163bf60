import { execFileSync, type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseSync } from "@swc/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ROOT } from "./tree.ts";

const TOKEN = "alice:5ec7e7";
/** Stands in for the built program: says what it was given, as one JSON line. */
const MAIN = `
import { readFileSync, readSync } from "node:fs";
export async function main(argv, { program }) {
  const at = argv.indexOf("--token-fd");
  const buffer = Buffer.alloc(4096);
  const token = at < 0 ? null : buffer.toString("utf8", 0, readSync(Number(argv[at + 1]), buffer));
  const own = readFileSync("/proc/self/cmdline", "utf8").split("\\0");
  const secrets = Object.keys(process.env).filter((name) => /TOKEN/.test(name));
  console.log(JSON.stringify({ program, argv, token, own, secrets }));
  if (argv[0] === "wait") { process.once("SIGTERM", () => process.exit(42)); setInterval(() => {}, 1000); process.stdout.write("ready\\n"); }
  if (argv[0] === "die") process.kill(process.pid, "SIGKILL");
  process.exitCode = 3;
}`;

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holdfast-launch-"));
  cpSync(join(ROOT, "bin"), join(root, "bin"), { recursive: true });
  writeFileSync(join(root, "package.json"), JSON.stringify({ version: "9.8.7" }));
  mkdirSync(join(root, "dist/cli"), { recursive: true });
  writeFileSync(join(root, "dist/cli/package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(root, "dist/cli/main.js"), MAIN);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const base = (): NodeJS.ProcessEnv => ({ HOME: join(root, "home"), PATH: join(root, "empty") });

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, args, { encoding: "utf8", env: { ...base(), ...env } });
}

/** What an old Node does: looks for another one. */
function relaunch(args: readonly string[], env: NodeJS.ProcessEnv = {}): SpawnSyncReturns<string> {
  const code = `require(${JSON.stringify(join(root, "bin/relaunch.cjs"))}).relaunch("pkg", process.argv.slice(1))`;
  return start(["-e", code, "--", ...args], { HOLDFAST_NODE: process.execPath, ...env });
}

function fakeNode(path: string, version: string): void {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), `#!/bin/sh\necho v${version}\n`);
  chmodSync(join(root, path), 0o755);
}

describe("in this process", () => {
  test.each(["pkg", "trace", "integrity-check", "holdfast"])(
    "%s runs main with its name and arguments",
    (program) => {
      const run = start([join(root, "bin", `${program}.cjs`), "a", "--b"]);
      expect(JSON.parse(run.stdout)).toMatchObject({ program, argv: ["a", "--b"] });
      expect(run.status).toBe(3);
    },
  );

  test("--version needs nothing but package.json", () => {
    rmSync(join(root, "dist"), { recursive: true });
    const run = start([join(root, "bin/pkg.cjs"), "--version"]);
    expect([run.stdout, run.stderr, run.status]).toEqual(["holdfast 9.8.7\n", "", 0]);
  });

  test("a copy that was not built says so, in one JSON document", () => {
    rmSync(join(root, "dist"), { recursive: true });
    const run = start([join(root, "bin/pkg.cjs"), "list", "--json"]);
    expect(JSON.parse(run.stdout).error).toMatchObject({
      code: "PROGRAM_NOT_BUILT",
      next_step: expect.stringContaining("npm run build"),
    });
    expect(run.status).toBe(5);
  });

  test("an error nobody caught is our bug and exits 70", () => {
    writeFileSync(
      join(root, "dist/cli/main.js"),
      `export async function main() { throw new Error("planted"); }`,
    );
    const run = start([join(root, "bin/pkg.cjs"), "x"]);
    expect(run.stderr).toContain("planted");
    expect(run.status).toBe(70);
  });
});

describe("in another Node", () => {
  test("no usable Node is NODE_TOO_OLD with every candidate named", () => {
    fakeNode("old/node", "22.17.9");
    const run = relaunch(["list", "--json"], { HOLDFAST_NODE: join(root, "gone"), PATH: join(root, "old") });
    const { error } = JSON.parse(run.stdout);
    expect(error).toMatchObject({
      code: "NODE_TOO_OLD",
      details: { tried: [{ path: join(root, "old/node"), version: "v22.17.9" }] },
    });
    expect(error.next_step).toContain("npm install --prefix");
    expect(run.stderr).toContain("NODE_TOO_OLD");
    expect(run.status).toBe(5);
  });

  test("without --json nothing goes to stdout, and after -- it is not ours", () => {
    for (const args of [["list"], ["run", "--", "--json"]]) {
      expect(relaunch(args, { HOLDFAST_NODE: "" })).toMatchObject({ stdout: "", status: 5 });
    }
  });

  test("the Node that the next step installs is found", () => {
    const place = join(root, "home/.holdfast/node/node_modules/node/bin");
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, "node"), `#!/bin/sh\nexec ${process.execPath} "$@"\n`);
    chmodSync(join(place, "node"), 0o755);
    expect(relaunch(["a"], { HOLDFAST_NODE: "" }).status).toBe(3);
  });

  test.each([
    [["pack", "--token", TOKEN, "--src", "m"], {}, ["pack", "--src", "m", "--token-fd", "3"]],
    [["pack", `--token=${TOKEN}`], {}, ["pack", "--token-fd", "3"]],
    [["pack"], { HOLDFAST_TOKEN: TOKEN, CONTROL_PLANE_TOKEN: "other" }, ["pack", "--token-fd", "3"]],
    [["pack"], { CONTROL_PLANE_TOKEN: TOKEN }, ["pack", "--token-fd", "3"]],
    [
      ["run", "a", "--token", TOKEN, "--", "--token", "theirs"],
      {},
      ["run", "a", "--token-fd", "3", "--", "--token", "theirs"],
    ],
  ])("a token in %j %j reaches main through a pipe and stands nowhere else", (args, env, argv) => {
    const run = relaunch(args, env);
    const said = JSON.parse(run.stdout);
    expect(said).toMatchObject({ argv, token: TOKEN, secrets: [] });
    expect(said.own.join(" ")).not.toContain(TOKEN);
    expect(run.status).toBe(3);
  });

  test("--token-file is stronger than the environment, and the environment is still cleaned", () => {
    const said = JSON.parse(relaunch(["pack", "--token-file", "t"], { HOLDFAST_TOKEN: TOKEN }).stdout);
    expect(said).toMatchObject({ argv: ["pack", "--token-file", "t"], token: null, secrets: [] });
  });

  test("a descriptor from our own parent is passed on", () => {
    const code = `require(${JSON.stringify(join(root, "bin/relaunch.cjs"))}).relaunch("pkg", ["pack", "--token-fd", "5"])`;
    const script = `printf '${TOKEN}' | "$0" -e '${code}' 5<&0`;
    const out = execFileSync("/bin/sh", ["-c", `${script} || true`, process.execPath], {
      encoding: "utf8",
      env: { ...base(), PATH: "/usr/bin:/bin", HOLDFAST_NODE: process.execPath },
    });
    expect(JSON.parse(out)).toMatchObject({ argv: ["pack", "--token-fd", "3"], token: TOKEN });
  });

  test("a signal that kills the child kills the launcher alike", () => {
    expect(relaunch(["die"])).toMatchObject({ status: null, signal: "SIGKILL" });
  });

  test("SIGTERM is passed on and the exit code mirrored", async () => {
    const code = `require(${JSON.stringify(join(root, "bin/relaunch.cjs"))}).relaunch("pkg", ["wait"])`;
    const child = spawn(process.execPath, ["-e", code], {
      env: { ...base(), HOLDFAST_NODE: process.execPath },
      stdio: ["ignore", "pipe", "inherit"],
    });
    child.stdout.on("data", (chunk: Buffer) => {
      if (chunk.includes("ready")) child.kill("SIGTERM");
    });
    expect(await new Promise((resolve) => child.once("exit", (...ended) => resolve(ended)))).toEqual([
      42,
      null,
    ]);
  });
});

/** Node types of ES5; anything else would be a syntax error to the Node this file exists for. */
const NEWER =
  /^(Arrow|Template|Class|Spread|OptionalChaining|Await|Yield|ForOf|Import|Export|Tagged|MetaProperty|ObjectPattern|ArrayPattern|RestElement|AssignmentPattern|BigInt)/;

function newerSyntax(code: string): string[] {
  const found = new Set<string>();
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    const { type, kind } = node as { type?: unknown; kind?: unknown };
    if (typeof type === "string" && NEWER.test(type)) found.add(type);
    if (type === "VariableDeclaration" && kind !== "var") found.add(String(kind));
    for (const value of Object.values(node)) visit(value);
  };
  visit(parseSync(code, { syntax: "ecmascript", target: "es2022", isModule: false }));
  return [...found].sort();
}

test("the launchers are written in the syntax of 2009", () => {
  expect(
    newerSyntax("const a = () => `x`; let b = a?.b; function f(c = 1, ...d) { return import(c, d); }"),
  ).toEqual(
    expect.arrayContaining([
      "ArrowFunctionExpression",
      "AssignmentPattern",
      "const",
      "let",
      "OptionalChainingExpression",
      "RestElement",
      "TemplateLiteral",
    ]),
  );
  const names = readdirSync(join(ROOT, "bin"));
  expect(names.length).toBeGreaterThan(4);
  expect(
    names.flatMap((name) =>
      newerSyntax(readFileSync(join(ROOT, "bin", name), "utf8")).map((what) => `${name}: ${what}`),
    ),
  ).toEqual([]);
});
