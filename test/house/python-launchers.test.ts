import { type SpawnSyncReturns, spawnSync } from "node:child_process";
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
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ROOT } from "./tree.ts";

const TOKEN = "alice:5ec7e7";
const PLANE_UID = "0123456789abcdef0123456789abcdef";
/** The interpreter itself: a version manager's shim would double the time of every test here. */
const PYTHON = spawnSync("python3", ["-c", "import sys; print(sys.executable)"], {
  encoding: "utf8",
}).stdout.trim();
/** Stands in for the holdfast program: says what it was given, as one JSON line, and exits 7. */
const PROGRAM = `#!${PYTHON}
import json, os, sys
argv = sys.argv[1:]
token = os.read(int(argv.pop()), 4096).decode() if "--token-fd" in argv else None
own = open("/proc/self/cmdline").read()
print(json.dumps({"by": sys.argv[0], "argv": argv, "token": token, "own": own, "secrets": [n for n in os.environ if "TOKEN" in n]}))
sys.exit(7)
`;

let folder = "";
let plane = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-launchers-"));
  plane = join(folder, "plane");
  mkdirSync(join(plane, "config"), { recursive: true });
  writeFileSync(join(plane, "config/plane.toml"), `format_version = 1\nplane_uid = "${PLANE_UID}"\n`);
  cpSync(join(ROOT, "templates/scripts"), join(plane, "scripts"), { recursive: true });
  program("path/holdfast");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(path: string): string {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), PROGRAM);
  chmodSync(join(folder, path), 0o755);
  return join(folder, path);
}

/** Runs a launcher of the plane with nothing of this machine but python3 and what the test adds. */
function launch(args: readonly string[], env: NodeJS.ProcessEnv = {}): SpawnSyncReturns<string> {
  const [name = "", ...rest] = args;
  return spawnSync(PYTHON, [join(plane, "scripts", name), ...rest], {
    cwd: folder,
    encoding: "utf8",
    env: { HOME: join(folder, "home"), PATH: `${join(folder, "path")}:${process.env["PATH"]}`, ...env },
  });
}

const said = (run: SpawnSyncReturns<string>) => JSON.parse(run.stdout);

describe("every original command line still works", () => {
  test.each([
    ["package_pack.py --src m --id P --token T", "pack --src m --id P"],
    [
      "package_pack.py --src m --id P --sign --attest --source-repo R --source-revision C --source-branch B --token T",
      "pack --src m --id P --sign --attest --source-repo R --source-revision C --source-branch B",
    ],
    ["package_pack.py --src m --id P --out packages_store/P.tar.gz --token T", "pack --src m --id P"],
    [
      "package_install.py --archive a.tar.gz --id P --dry-run --work-order WO-1 --token T",
      "install --archive a.tar.gz --id P --work-order WO-1 --dry-run",
    ],
    ["package_uninstall.py --id P --token T", "uninstall --id P"],
    ["trace.py --explain P", "trace --explain P"],
    ["trace.py --installed", "trace --installed"],
    ["trace.py --inventory", "trace --inventory"],
    ["trace.py --verify", "trace --verify"],
    ["integrity_check.py -q", "integrity-check --quiet"],
    ["integrity_check.py -v -o -c", "integrity-check --verify --orphans --chain"],
    ["package_uninstall.py --id P --purge", "uninstall --id P --purge"],
  ])("%s", (line, command) => {
    const run = launch(line.split(" "));
    expect(said(run).argv.filter((word: string) => word !== "--token-fd")).toEqual([
      ...command.split(" "),
      "--root",
      plane,
    ]);
    expect(said(run).token).toBe(line.includes("--token") ? "T" : null);
    expect([run.status, run.stderr]).toEqual([7, ""]);
  });

  test.each([
    ["package_pack.py --src m --session S --frameworks-active A,B --work-order W --actor a", 4],
    ["package_install.py --archive a --id P --force --dev --actor a", 3],
    ["package_uninstall.py --id P --session S --work-order W --frameworks-active F --actor a", 4],
  ])("%s says what has no effect", (line, notes) => {
    const run = launch(line.split(" "));
    expect(run.stderr.match(/^note: --\S+ has no effect: /gm)?.length).toBe(notes);
    expect(run.status).toBe(7);
  });

  test.each([
    "package_pack.py --src m --id P --out elsewhere.tar.gz",
    "package_pack.py --src m --out packages_store/P.tar.gz",
    "package_uninstall.py --id P --src-dir d",
    "package_uninstall.py --id P --out-dir d",
    "integrity_check.py --update-hashes",
    "trace.py --agent-context",
  ])("%s is refused with a next step", (line) => {
    const run = launch([...line.split(" "), "--json"]);
    expect(said(run).error).toMatchObject({
      code: "OPTION_REFUSED",
      next_step: expect.stringMatching(/^Run /),
    });
    expect(run.stderr).toContain("OPTION_REFUSED");
    expect(run.status).toBe(2);
  });
});

describe("the token", () => {
  test.each([
    [["--token", TOKEN], {}],
    [[`--token=${TOKEN}`], { HOLDFAST_TOKEN: "other" }],
    [[], { HOLDFAST_TOKEN: TOKEN, CONTROL_PLANE_TOKEN: "other" }],
    [[], { CONTROL_PLANE_TOKEN: TOKEN }],
  ])("in %j %j travels by pipe and stands nowhere else", (args, env) => {
    const heard = said(launch(["package_pack.py", "--src", "m", ...args], env));
    expect(heard).toMatchObject({ token: TOKEN, secrets: [] });
    expect(heard.own).not.toContain(TOKEN);
  });

  test("in a file stays in the file", () => {
    const heard = said(
      launch(["package_pack.py", "--src", "m", "--token-file", "t"], { HOLDFAST_TOKEN: TOKEN }),
    );
    expect(heard).toMatchObject({
      argv: ["pack", "--src", "m", "--root", plane, "--token-file", "t"],
      token: null,
      secrets: [],
    });
  });

  test("longer than a pipe holds is refused, not a hang", () => {
    const run = launch(["package_pack.py", "--src", "m"], { HOLDFAST_TOKEN: "x".repeat(5000) });
    expect([run.status, run.stderr]).toEqual([2, expect.stringContaining("TOKEN_TOO_LONG")]);
  });
});

describe("the program", () => {
  const nothing = { PATH: "/usr/bin:/bin" };

  test("none found exits 5 with one JSON document", () => {
    const run = launch(["trace.py", "--installed", "--json"], nothing);
    expect(said(run).error).toMatchObject({ code: "CLI_NOT_FOUND", details: { path: plane } });
    expect(run.status).toBe(5);
  });

  test("HOLDFAST_CLI comes first, as a folder or as a file; one that holds nothing is refused", () => {
    const file = program("named/holdfast");
    expect(said(launch(["trace.py", "--installed"], { HOLDFAST_CLI: join(folder, "named") })).by).toBe(file);
    expect(said(launch(["trace.py", "--installed"], { HOLDFAST_CLI: file })).by).toBe(file);
    expect(launch(["trace.py", "--installed"], { HOLDFAST_CLI: join(folder, "gone") }).status).toBe(5);
  });

  test("the record of the plane comes before PATH, unless it is stale, foreign or damaged", () => {
    const recorded = program("recorded/holdfast.py");
    const place = join(folder, "home/.holdfast/planes", PLANE_UID);
    mkdirSync(place, { recursive: true });
    const by = (record: string): string => {
      writeFileSync(join(place, "cli.json"), record);
      return said(launch(["trace.py", "--installed"])).by;
    };
    expect(by(JSON.stringify({ node: PYTHON, script: recorded }))).toBe(recorded);
    for (const bad of [
      { node: PYTHON, script: "/gone" },
      { node: "python3", script: recorded },
      { node: 1, script: [] },
      [],
      null,
    ]) {
      expect(by(JSON.stringify(bad))).toBe(join(folder, "path/holdfast"));
    }
    expect(by("{")).toBe(join(folder, "path/holdfast"));
  });

  test("the nearest node_modules/.bin upwards comes last", () => {
    const near = program("node_modules/.bin/holdfast");
    expect(said(launch(["trace.py", "--installed"], nothing)).by).toBe(near);
  });

  test("--root names another plane, and outside a plane none is named", () => {
    expect(said(launch(["trace.py", "--installed", "--root", "other"])).argv).toEqual([
      "trace",
      "--installed",
      "--root",
      "other",
    ]);
    rmSync(join(plane, "config"), { recursive: true });
    expect(said(launch(["trace.py", "--installed"])).argv).toEqual(["trace", "--installed"]);
  });
});

test("running them leaves no bytecode", () => {
  launch(["trace.py", "--installed"]);
  expect(readdirSync(join(plane, "scripts")).sort()).toEqual(
    readdirSync(join(ROOT, "templates/scripts"))
      .filter((name) => name !== "__pycache__")
      .sort(),
  );
});

test("the launchers keep to Python 3.9", () => {
  const names = readdirSync(join(ROOT, "templates/scripts")).filter((name) => name.endsWith(".py"));
  expect(names.length).toBe(6);
  const code = "import ast, sys; ast.parse(sys.stdin.read(), feature_version=(3, 9))";
  const check = (input: string) => spawnSync(PYTHON, ["-c", code], { input, encoding: "utf8" }).status;
  expect(check("match x:\n    case 1:\n        pass\n")).not.toBe(0);
  expect(
    names.filter((name) => check(readFileSync(join(ROOT, "templates/scripts", name), "utf8")) !== 0),
  ).toEqual([]);
});
