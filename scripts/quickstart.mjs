/** The main job on a scratch plane, told to a newcomer: pack, install, explain, tamper, find, put right. */
import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { dir } from "tmp-promise";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
execFileSync(process.execPath, [join(ROOT, "scripts/build.mjs")], { stdio: ["ignore", "ignore", "inherit"] });

const { path: scratch, cleanup } = await dir({ prefix: "holdfast-quickstart", unsafeCleanup: true });
const plane = join(scratch, "plane");
const env = {
  PATH: process.env.PATH,
  HOME: scratch,
  HOLDFAST_HOME: join(scratch, "keys"),
  LC_ALL: "C.UTF-8",
};
let steps = 0;

/** Shows the command as a user types it, runs the real binary, checks the exit code. */
function step(why, program, args, { expects = 0, cwd = plane, shows = 12 } = {}) {
  steps += 1;
  console.log(`\n${steps}. ${why}\n   $ ${[program, ...args].join(" ")}`);
  const script = program === "python3" ? [] : [join(ROOT, "bin", `${program}.cjs`)];
  const file = program === "python3" ? "python3" : process.execPath;
  const done = spawnSync(file, [...script, ...args], { env, cwd, encoding: "utf8" });
  const lines = `${done.stdout}${done.stderr}`.trimEnd().split("\n");
  for (const line of lines.slice(0, shows)) console.log(`   ${line}`);
  if (lines.length > shows) console.log(`   … ${lines.length - shows} more lines`);
  if (done.status !== expects) throw new Error(`expected exit ${expects}, got ${done.status}`);
  return done.stdout;
}

try {
  console.log("Holdfast quickstart: everything happens in a scratch folder and is removed at the end.");
  step("Make a plane, the folder Holdfast governs.", "pkg", ["init", "plane"], { cwd: scratch });
  for (const folder of ["modules", "specs"])
    cpSync(join(ROOT, folder), join(plane, folder), { recursive: true });
  step("Without a token nothing may change.", "pkg", ["pack", "--src", "modules/stdlib_evidence"], {
    expects: 3,
  });
  env.HOLDFAST_TOKEN = readFileSync(tokenFile(), "utf8").trim();
  console.log(
    "\n   (From here on the environment variable HOLDFAST_TOKEN holds the admin token that init made.)",
  );
  step("Pack a Python package: same tree, same bytes, on any machine.", "pkg", [
    "pack",
    "--src",
    "modules/stdlib_evidence",
  ]);
  step("Install it. The files lie there already, so they are adopted.", "pkg", [
    "install",
    "--id",
    "PKG-T0-EVIDENCE-001",
  ]);
  step("Pack and install a package that depends on it.", "pkg", [
    "pack",
    "--src",
    "modules/agent_runtime",
    "--id",
    "PKG-T1-RUNTIME-001",
  ]);
  step("Install it: every check runs first, then one transaction.", "pkg", [
    "install",
    "--archive",
    "packages_store/PKG-T1-RUNTIME-001.tar.gz",
    "--id",
    "PKG-T1-RUNTIME-001",
  ]);
  step("Use it as it is, with plain Python.", "python3", [
    "-B",
    "-c",
    "from modules.agent_runtime.capability import CapabilityEnforcer as C; print('Capability check:', C({'read': ['ledger/*.jsonl'], 'write': [], 'execute': [], 'forbidden': []}).check('read', 'ledger/governance.jsonl'))",
  ]);
  step(
    "What is it, whose is it, why is it here, who allowed it?",
    "trace",
    ["--explain", "PKG-T1-RUNTIME-001"],
    { shows: 24 },
  );
  step("Is everything still what was approved?", "integrity-check", []);
  appendFileSync(
    join(plane, "modules/agent_runtime/capability.py"),
    "\ndef check(*_): return True  # tampered\n",
  );
  console.log("\n   Now somebody appends a line to modules/agent_runtime/capability.py …");
  step("It is found, with owner and cure.", "integrity-check", [], { expects: 1, shows: 20 });
  step("Put it right from the store; a copy of what was found is kept.", "integrity-check", ["--fix"], {
    shows: 20,
  });
  step("And the ledger knows every step.", "pkg", ["ledger", "verify"]);
  console.log(
    `\nQuickstart done: ${steps} commands, 1 tampered file found and put right. Next: README.md, "pkg --help".`,
  );
} finally {
  await cleanup();
}

function tokenFile() {
  const uid = /plane_uid = "([0-9a-f]{32})"/.exec(readFileSync(join(plane, "config/plane.toml"), "utf8"))[1];
  return join(env.HOLDFAST_HOME, "planes", uid, "admin.token");
}
