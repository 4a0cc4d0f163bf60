/** From an empty folder to an action that ran, with the real programs; then runs at once and a run whose host is killed. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makePlane, type PlaneUnderTest, startProgram } from "../support/cli.ts";

const SLEEPER = `import json, sys, time
request = json.load(sys.stdin)
time.sleep(request["input"].get("sleep", 0))
json.dump({"status": "ok", "result": {}}, sys.stdout)
`;

function provide(plane: PlaneUnderTest, name: string, id: string): void {
  expect(plane.pkg("pack", "--src", `modules/${name}`).status).toBe(0);
  expect(plane.pkg("plugin", "install", id).status).toBe(0);
  const { shown_digest } = plane.pkg("plugin", "enable", name, "--dry-run", "--json").json();
  expect(plane.pkg("plugin", "enable", name, "--yes", shown_digest).status).toBe(0);
}

const runsOf = ({ root }: PlaneUnderTest): { event_type: string; metadata: Record<string, unknown> }[] =>
  readFileSync(join(root, "ledger/runs.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

const processesOf = (plane: PlaneUnderTest): string[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, "utf8").includes(
          `${plane.root}/modules/greeter/main.py`,
        );
      } catch {
        return false;
      }
    });

test("new, pack, install, enable, run; four at once; a killed host", async () => {
  const plane = makePlane();
  expect(plane.pkg("new", "modules/greeter", "--kind", "node", "--runtime", "python").status).toBe(0);
  provide(plane, "greeter", "PKG-T3-GREETER-001");
  const { env, root } = plane;

  // It answers, from a word, a file and a pipe.
  const done = plane.pkg("run", "greeter", "greet", "--input", '{"name":"Ada"}', "--json");
  expect(done.json()).toMatchObject({ result: { greeting: "Hello, Ada!" }, layer: "bubblewrap" });
  writeFileSync(join(root, "input.json"), '{"name":"Grace"}');
  expect(plane.pkg("run", "greeter", "greet", "--input", "@input.json", "--json").json().result).toEqual({
    greeting: "Hello, Grace!",
  });
  const piped = plane.run("pkg", ["run", "greeter", "greet", "--input", "-", "--json"], {
    input: '{"name":"Eve"}',
  });
  expect(piped.json().result).toEqual({ greeting: "Hello, Eve!" });
  expect(plane.pkg("run", "greeter", "greet", "--explain").stdout).toContain("It would run.");

  // What is refused says why and what to do, on stdout under --json.
  const refused = plane.pkg("run", "greeter", "greet", "--input", '{"nam":"Ada"}', "--json");
  expect([refused.status, refused.json().error.code]).toEqual([2, "plugin_input_invalid"]);
  expect(plane.pkg("run", "greeter", "greet", "--input", "{", "--json").json().error.code).toBe(
    "plugin_input_invalid",
  );
  expect(plane.pkg("run", "greeter", "greet", "--timeout-ms", "0").status).toBe(2);
  expect(
    plane.pkg("run", "greeter", "greet", "--input", `"${"x".repeat(70_000)}"`, "--json").json().error.code,
  ).toBe("plugin_input_too_large");

  // Four processes at a limit of one.
  writeFileSync(join(root, "modules/greeter/main.py"), SLEEPER);
  const toml = join(root, "modules/greeter/holdfast.toml");
  writeFileSync(
    toml,
    readFileSync(toml, "utf8")
      .replace('version = "0.1.0"', 'version = "0.2.0"')
      .replace(/additionalProperties = false\nrequired = \["name"\]\nproperties.name = .*\n/, "")
      .replace(/required = \["greeting"\]\nproperties.greeting = .*\n/, "")
      .replace(/\[\[plugin.actions.examples\]\][^]*?(?=\[plugin.config\]\n)/, "")
      .replace(', "health", "probes"', "")
      .replace(/\[\[plugin.health.checks\]\][^]*$/, ""),
  );
  expect(plane.pkg("pack", "--src", "modules/greeter").stderr).toBe("");
  expect(plane.pkg("update", "PKG-T3-GREETER-001", "--accept-drift").stderr).not.toContain("error:");
  const { shown_digest } = plane.pkg("plugin", "enable", "greeter", "--dry-run", "--json").json();
  if (shown_digest !== null) plane.pkg("plugin", "enable", "greeter", "--yes", shown_digest);
  const start = (seconds: number) =>
    startProgram("pkg", ["run", "greeter", "greet", "--input", `{"sleep":${seconds}}`, "--json"], {
      cwd: root,
      env,
    });
  const all = await Promise.all([1, 2, 3, 4].map(() => start(4).ended));
  const codes = all.map(({ stdout }) => JSON.parse(stdout).error?.code ?? "done");
  expect(codes.filter((code) => code === "done")).toHaveLength(1);
  expect(codes.filter((code) => code === "plugin_concurrency_limited")).toHaveLength(3);

  // A killed host frees its slot at once, takes its plugin with it, and the next run records what became of it.
  const killed = start(60);
  await expect.poll(() => processesOf(plane).length, { timeout: 10_000 }).toBeGreaterThan(0);
  killed.child.kill("SIGKILL");
  await killed.ended;
  expect(plane.pkg("run", "greeter", "greet", "--json").json().result).toEqual({});
  await expect.poll(() => processesOf(plane), { timeout: 2000 }).toEqual([]);
  const entries = runsOf(plane);
  const failed = entries.filter(({ event_type }) => event_type === "plugin.action_failed");
  expect(failed.map(({ metadata }) => metadata["code"])).toEqual(["plugin_run_failed"]);
  const ids = entries.flatMap(({ metadata }) =>
    metadata["run_id"] === undefined ? [] : [metadata["run_id"]],
  );
  expect(new Set(ids).size).toBe(ids.length);
  expect(plane.pkg("logs", "greeter").stdout).toContain("greeter greet");
  expect(plane.pkg("logs", "--run", `RUN-${"0".repeat(32)}`, "--json").json().error.code).toBe(
    "plugin_run_unknown",
  );
  expect(plane.pkg("ledger", "verify").status).toBe(0);
});
