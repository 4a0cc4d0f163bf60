/** What a step can be told, each truly brought about: a table of scenarios through the real program, and what needs a hand. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { GoldenMatrix, GoldenReport } from "../../src/contracts/index.ts";
import type { ProblemCode } from "../../src/harness/problems.ts";
import { REPOSITORY, runProgram, startProgram } from "../support/cli.ts";
import { temporaryFolder, writeTree } from "../support/tree.ts";

const INSTALL = '[[steps]]\ndo = "install"\npackages = ["sample"]\n';
const SAMPLE = '[packages.sample]\ngenerate = { name = "sample", files = 1 }\n';
const WEATHER = `${REPOSITORY}modules/example_weather`;

interface Case {
  readonly code: ProblemCode;
  readonly why: string;
  /** After the head. */
  readonly toml: string;
  /** Step that is told, and a word of what it is told. */
  readonly step: string;
  readonly says: RegExp;
}

const CASES: readonly Case[] = [
  {
    code: "FAULT_CODE",
    why: "it is refused, for another reason than was expected",
    toml: `${SAMPLE}[[steps]]\ndo = "uninstall"\npackages = ["sample"]\nexpect = { exit_code = 1, fault = "PLANE_BUSY" }\n`,
    step: "uninstall",
    says: /refused with NOT_INSTALLED/,
  },
  {
    code: "STATE",
    why: "another version stands there",
    toml: `${SAMPLE}${INSTALL}expect = { state = { sample = "2.0.0" } }\n`,
    step: "install",
    says: /PKG-T3-SAMPLE is 1\.0\.0/,
  },
  {
    code: "PLUGIN_STATE",
    why: "a plugin is installed, and nobody enabled it",
    toml: `[packages.sample]\ngenerate = { name = "sample", plugin = true }\n${INSTALL}expect = { plugins = { sample = "enabled" } }\n`,
    step: "install",
    says: /plugin sample is installed/,
  },
  {
    code: "FILE",
    why: "a file is there that should not be",
    toml: `${SAMPLE}${INSTALL}expect = { files = { absent = ["modules/sample/*.txt"] } }\n`,
    step: "install",
    says: /something is at modules\/sample/,
  },
  {
    code: "LEDGER",
    why: "a ledger that was cut by hand does not verify after the next step",
    toml: `${SAMPLE}${INSTALL}[[steps]]\ndo = "tamper"\npath = "ledger/packages.jsonl"\nhow = "truncate"\nundo = false\n[[steps]]\ndo = "restart"\nexpect = { exit_code = 4 }\n`,
    step: "restart",
    says: /./,
  },
  {
    code: "ROW",
    why: "the registry has a row, and not with these words",
    toml: `${SAMPLE}${INSTALL}[[steps.expect.rows]]\nregistry = "packages_state"\nwhere = { package_id = "PKG-T3-SAMPLE" }\nhas = { status = "failed" }\n`,
    step: "install",
    says: /packages_state\.csv has 0 rows .*failed/,
  },
  {
    code: "EVENTS",
    why: "the entries come in the other order",
    toml: `${SAMPLE}${INSTALL}expect = { events = ["INSTALLED", "INSTALL_STARTED"] }\n`,
    step: "install",
    says: /the ledger got no INSTALL_STARTED/,
  },
  {
    code: "INTEGRITY",
    why: "a file that was changed by hand is still changed after the next step",
    toml: `${SAMPLE}${INSTALL}[[steps]]\ndo = "tamper"\npath = "modules/sample/data-000000.txt"\nhow = "append"\nundo = false\n[[steps]]\ndo = "restart"\n`,
    step: "restart",
    says: /data-000000\.txt/,
  },
  {
    code: "NOT_RESTORED",
    why: "what was interrupted cannot be settled, as somebody took away what it would be settled with",
    toml: `${SAMPLE}[packages.other]\ngenerate = { name = "other", files = 1 }\n${INSTALL}[[steps]]\ndo = "tamper"\npath = "ledger/packages.jsonl"\nhow = "truncate"\nundo = false\n[[steps]]\ndo = "crash"\nat = "activate.file.rename#1"\nduring = { do = "install", packages = ["other"] }\n`,
    step: "crash",
    says: /could not be settled/,
  },
  {
    code: "API_UNRECORDED",
    why: "a plugin asks for what has no answer",
    toml: `canonical = "weather"\n[packages.weather]\nsource = "${WEATHER}"\n[settings]\napi_base = "http://api.open-meteo.com"\n[[apis]]\ndomain = "api.open-meteo.com"\n[[apis.answers]]\npath = "/v1/nothing"\njson = {}\n`,
    step: "execute-1",
    says: /api\.open-meteo\.com\/v1\/forecast.* was asked for/,
  },
  {
    code: "INJECTION_UNREACHED",
    why: "an install never comes by that point so often",
    toml: `${SAMPLE}[[inject]]\nstep = "install"\nat = "activate.file.rename#9999"\naction = "error:ENOSPC"\n${INSTALL}`,
    step: "install",
    says: /activate\.file\.rename#9999=error:ENOSPC never happened/,
  },
  {
    code: "TAMPER_UNSEEN",
    why: "a file in a folder that nobody governs is nobody's business",
    toml: `${SAMPLE}${INSTALL}[[steps]]\ndo = "tamper"\npath = "scratch.txt"\nhow = "add"\n`,
    step: "tamper",
    says: /did not name scratch\.txt/,
  },
];

/** After the commit point a failure leaves the new state, and a scenario may say so. */
const SETTLED = `${SAMPLE}[[inject]]
step = "install"
at = "settle.ledger.write#1"
action = "error:EIO"
${INSTALL}expect = { exit_code = 4, fault = "COMMITTED_UNRECORDED", state = { sample = "1.0.0" } }
[[steps]]
do = "restart"
expect = { state = { sample = "1.0.0" }, events = ["INSTALLED"] }
`;

const nameOf = ({ code }: Case): string => code.toLowerCase().replaceAll("_", "-");
let known: GoldenReport | undefined;

/** All of them in one run. */
function report(): GoldenReport {
  if (known !== undefined) return known;
  const folder = temporaryFolder();
  const home = temporaryFolder();
  const files = CASES.map((one) => [
    `${nameOf(one)}.toml`,
    `schema_version = "1.0"\nname = "${nameOf(one)}"\n${one.toml}`,
  ]);
  writeTree(folder, {
    ...Object.fromEntries(files),
    "settled.toml": `schema_version = "1.0"\nname = "settled"\n${SETTLED}`,
  });
  const env = { PATH: process.env["PATH"] ?? "", HOME: home, TMPDIR: home };
  const done = runProgram("golden", ["run", ".", "--json"], { cwd: folder, env });
  expect(done.status, done.stderr + done.stdout.slice(0, 2000)).toBe(1);
  known = done.json() as GoldenReport;
  return known;
}

test.each(CASES)("$code: $why", { timeout: 120_000 }, (one) => {
  const steps = report().scenarios.find(({ name }) => name === nameOf(one))?.steps ?? [];
  const told = steps.flatMap(({ id, problems }) =>
    problems.map(({ code, message, next_step }) => ({ id, code, message, next_step })),
  );
  const found = told.filter(({ code }) => code === one.code);
  expect(found.length, JSON.stringify(told)).toBeGreaterThan(0);
  for (const { id, message, next_step } of found) {
    expect([id, message]).toEqual([one.step, expect.stringMatching(one.says)]);
    expect(next_step.length).toBeGreaterThan(20);
  }
});

test("a failure after the commit point leaves the new state, which is no problem, and the record follows", {
  timeout: 120_000,
}, () => {
  const { verdict, steps } = report().scenarios.find(({ name }) => name === "settled") ?? {};
  expect(verdict, JSON.stringify(steps)).toBe("pass");
});

test.skipIf(process.platform !== "linux")(
  "CONCURRENT: a command that is killed while it runs beside another ends without a code",
  {
    timeout: 120_000,
  },
  async () => {
    const folder = temporaryFolder();
    const word = `sleeper-${process.pid}`;
    writeTree(folder, {
      "sleeper/package.json": JSON.stringify({ holdfast: sleeper(word) }),
      "sleeper/main.py": "import time\ntime.sleep(60)\n",
      "one.toml": `schema_version = "1.0"
name = "one"
[packages.sleeper]
source = "sleeper"
[packages.sample]
generate = { name = "sample", files = 1 }
[[steps]]
do = "install"
packages = ["sleeper"]
[[steps]]
do = "enable"
package = "sleeper"
[[steps]]
do = "concurrent"
steps = [{ do = "execute", package = "sleeper", action = "wait" }, { do = "install", packages = ["sample"] }]
`,
    });
    const env = { PATH: process.env["PATH"] ?? "", HOME: folder, TMPDIR: folder };
    const { ended } = startProgram("golden", ["run", "one.toml", "--json"], { cwd: folder, env });
    await killCommand(["run", `--namespace=${word}`], ended);
    const { scenarios } = JSON.parse((await ended).stdout) as GoldenReport;
    const found = scenarios.flatMap(({ steps }) =>
      steps.flatMap(({ id, problems }) => problems.map((one) => ({ id, ...one }))),
    );
    expect(found).toContainEqual(
      expect.objectContaining({
        id: "concurrent",
        code: "CONCURRENT",
        actual: "137",
        message: expect.stringContaining("exited with 137"),
      }),
    );
  },
);

const sleeper = (namespace: string) => ({
  id: "PKG-T3-SLEEPER-001",
  version: "1.0.0",
  tier: "T3",
  plugin: {
    namespace,
    kind: "node",
    capability: ["actions"],
    runtime: "python",
    entrypoint: "main.py",
    actions: [{ id: "wait", title: "Wait", input: { type: "object" }, output: { type: "object" } }],
  },
});

/** The command of ours with all of these words, once there is one. */
async function killCommand(words: readonly string[], ended: Promise<unknown>): Promise<void> {
  const golden = { is_over: false };
  void ended.then(() => {
    golden.is_over = true;
  });
  while (!golden.is_over) {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      const argv = commandOf(pid);
      if (!words.every((word) => argv.includes(word))) continue;
      // Its plugin runs by now, or is about to.
      await sleep(300);
      process.kill(Number(pid), "SIGKILL");
      return;
    }
    await sleep(20);
  }
}

function commandOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

test("PREFLIGHT: what is wrong with an archive on every host fails the cell", { timeout: 120_000 }, () => {
  const folder = temporaryFolder();
  const { plugin } = sleeper("lonely");
  const [action] = plugin.actions;
  // Above the profile of its kind, and nobody says why.
  const permissions = { subprocess: true };
  const actions = [{ ...action, permissions: ["subprocess"], examples: [{ input: {} }] }];
  writeTree(folder, {
    "lonely/package.json": JSON.stringify({
      holdfast: {
        id: "PKG-T3-LONELY-001",
        version: "1.0.0",
        tier: "T3",
        plugin: { ...plugin, permissions, actions },
      },
    }),
    "lonely/main.py": 'import json\nprint(json.dumps({"status": "ok", "result": {}}))\n',
  });
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder, TMPDIR: folder };
  const words = [
    "matrix",
    "lonely",
    "--hosts",
    "workbench@1.0.0",
    "--apis",
    "1.0.0",
    "--pythons",
    "3.11",
    "--json",
  ];
  const done = runProgram("golden", words, { cwd: folder, env });
  expect(done.status, done.stdout + done.stderr).toBe(1);
  const [cell] = (done.json() as GoldenMatrix).cells;
  expect(cell).toMatchObject({ verdict: "fail", works: true });
  expect(cell?.problems.map(({ code, subject }) => [code, subject])).toEqual([
    ["PREFLIGHT", "ELEVATION_MISSING"],
  ]);
});
