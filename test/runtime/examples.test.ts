/** The example plugins as people get them: packed from their sources, installed, enabled, and run behind the wall. */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildWheel } from "../../scripts/example-wheel.mjs";
import { ActionPool, type Hosting, runAction } from "../../src/runtime/index.ts";
import { type PluginPlane, pluginPlane } from "../support/plugin-plane.ts";
import { HOSTING } from "../support/run-plane.ts";
import { writeTree } from "../support/tree.ts";
import { madeWheel } from "../support/wheels.ts";

const MODULES = fileURLToPath(new URL("../../modules", import.meta.url));
const BERLIN = { latitude: 52, longitude: 13 };

let plane: PluginPlane;
let api: Server;
let asked: string[] = [];

beforeAll(async () => {
  api = createServer((request, reply) => {
    asked.push(request.url ?? "");
    reply.end('{"current": {"temperature_2m": 4.5, "wind_speed_10m": 11}}');
  });
  await new Promise<void>((done) => api.listen(0, "127.0.0.1", done));
  plane = await pluginPlane(mkdtempSync(join(tmpdir(), "holdfast-test-")));
  for (const name of ["weather", "gate", "summary", "palette"])
    cpSync(join(MODULES, `example_${name}`), join(plane.root, `src/example_${name}`), { recursive: true });
  // The same plugin for an API on this machine: nothing else of it changes.
  const metadata = join(plane.root, "src/example_weather/pyproject.toml");
  const local = readFileSync(metadata, "utf8")
    .replaceAll('"network:api.open-meteo.com"', `"network:${address()}"`)
    .replace('network = ["api.open-meteo.com"]', `network = ["${address()}"]`)
    .replace('"https://api.open-meteo.com"', `"http://${address()}"`);
  writeFileSync(metadata, local);
  for (const name of ["weather", "gate", "summary", "palette"]) await plane.pack(`src/example_${name}`);
});
afterAll(() => {
  api.close();
  rmSync(dirname(plane.root), { recursive: true, force: true });
});

/** Whether each call of three was started ahead. */
async function calledThrice(namespace: string, action: string, input: unknown): Promise<unknown[]> {
  const pool = new ActionPool(plane.effects, plane.plane, HOSTING);
  const calls: unknown[] = [];
  try {
    for (let call = 0; call < 3; call++) {
      const { resources } = await pool.run({ namespace, action, input, host: "library", token: plane.token });
      calls.push((resources as { started_ahead?: true }).started_ahead);
      await plane.effects.clock.sleep(300);
    }
  } finally {
    await pool.stop();
  }
  return calls;
}

const address = (): string => `127.0.0.1:${(api.address() as AddressInfo).port}`;
const health = {
  interpreters: async () => ({ python: "/usr/bin/python3", node: process.execPath }),
  approval_accepts_no_jail: () => false,
};

async function provide(id: string, namespace: string): Promise<void> {
  await plane.install([id], { health });
  await plane.enable(namespace);
}

async function act(
  namespace: string,
  action: string,
  input: unknown,
  hosting: Partial<Hosting> = {},
): Promise<unknown> {
  const request = { namespace, action, input, host: "library" as const, token: plane.token };
  return runAction(plane.effects, plane.plane, request, { ...HOSTING, ...hosting }).then(
    ({ result }) => result,
    (error: { code?: string; message: string }) => `${error.code}: ${error.message}`,
  );
}

test("the wheel of the palette is built from its source, byte for byte, and is what it locks", () => {
  const { wheel, bytes, sha256 } = buildWheel();
  const folder = join(MODULES, "example_palette");
  expect(readFileSync(join(folder, "wheels", wheel)).equals(bytes)).toBe(true);
  expect(readFileSync(join(folder, "pyproject.toml"), "utf8")).toContain(`"sha256:${sha256}"`);
});

test("the palette imports its wheel in its environment, with no network", async () => {
  await provide("PKG-T3-PALETTE-001", "example.palette");
  expect(existsSync(join(plane.root, "modules/example_palette/wheel_source"))).toBe(false);
  expect(await act("example.palette", "name", { colour: "#fe1006" })).toEqual({ name: "red" });
  expect(await act("example.palette", "other", {})).toMatch(/^plugin_action_not_declared/);
  // What its wheels bring may run as soon as its interpreter starts.
  expect(await calledThrice("example.palette", "name", { colour: "#fe1006" })).toEqual(
    Array(3).fill(undefined),
  );
  const folder = join(plane.root, ".holdfast/state/environments");
  rmSync(folder, { recursive: true });
  expect(await act("example.palette", "name", { colour: "#0000fe" })).toEqual({ name: "blue" });
  const [key = ""] = readdirSync(folder);
  const lib = join(folder, key, "venv/lib");
  const module = join(lib, readdirSync(lib)[0] ?? "", "site-packages/example_colours/__init__.py");
  writeFileSync(module, "def nearest(*_):\n    return 'evil'\n");
  expect(await act("example.palette", "name", { colour: "#0000fe" })).toMatch(/^ENVIRONMENT_DAMAGED/);
  await plane.uninstall(["PKG-T3-PALETTE-001"]);
  expect(existsSync(folder)).toBe(false);
});

test("the weather reaches the domain it was granted, and no other", async () => {
  await provide("PKG-T3-WEATHER-001", "example.weather");
  const now = { temperature: 4.5, wind_speed: 11, units: "metric" };
  expect(await act("example.weather", "current", BERLIN)).toEqual(now);
  expect(asked).toHaveLength(1);
  expect(await act("example.weather", "forecast", BERLIN)).toMatch(
    /weather_answer_unusable|plugin_run_failed/,
  );
  asked = [];
});

test("the gate reads what it was granted and reports what it finds", async () => {
  await provide("PKG-T3-GATE-001", "example.gate");
  writeTree(plane.root, {
    "modules/leak/key.pem": "x\n-----BEGIN RSA PRIVATE KEY-----\n",
    "modules/leak/merge.txt": "<<<<<<< HEAD\nus\n=======\nthem\n>>>>>>> other\n",
  });
  const found = await act("example.gate", "check", { folders: ["modules/leak"] });
  expect(found).toEqual({
    files: 2,
    unread: 0,
    findings: [
      { path: "modules/leak/key.pem", line: 2, rule: "private-key", message: "holds a private key" },
      ...[1, 3, 5].map((line) => ({
        path: "modules/leak/merge.txt",
        line,
        rule: "merge-marker",
        message: "holds a merge marker",
      })),
    ],
  });
  const small = (await act("example.gate", "check", { folders: ["modules/leak"], bytes_max: 40 })) as {
    findings: { rule: string }[];
  };
  expect(small.findings.map(({ rule }) => rule)).toEqual(["private-key", "large-file"]);
  // Its profile reads the plane, and never what the plane keeps for itself.
  expect(await act("example.gate", "check", { folders: [".holdfast"] })).toMatch(/^plugin_input_invalid/);
  expect(await act("example.gate", "check", { folders: ["modules/../.holdfast/state"] })).toMatch(
    /^plugin_run_failed/,
  );
  expect(await act("example.gate", "check", { folders: ["modules/../../home"] })).toMatch(
    /^plugin_run_failed.*leaves the plane/s,
  );
});

test("the summary asks its broker, within its tools and its ceilings", async () => {
  await provide("PKG-T3-SUMMARY-001", "example.summary");
  const prompts: unknown[] = [];
  const broker = (tokens: number): NonNullable<Hosting["broker"]> => ({
    call: async ({ tool, input }) => {
      prompts.push([tool, input]);
      return { result: { text: `s${prompts.length}` }, tokens, cost_units: 1 };
    },
  });
  const text = { text: "One.\n\nTwo." };
  expect(await act("example.summary", "summarise", text, { broker: broker(10) })).toEqual({
    summary: "s3",
    calls: 3,
  });
  expect(prompts[0]).toEqual(["complete", { prompt: "Summarise in one sentence:\nOne." }]);
  expect(await act("example.summary", "summarise", text, { broker: broker(3000) })).toMatch(/^plugin_/);
  expect(prompts).toHaveLength(5);
});

test("a Node plugin brings its dependencies in node_modules, when it says that they are packed", async () => {
  const section = {
    namespace: "vendored",
    kind: "node",
    capability: ["actions"],
    runtime: "node",
    entrypoint: "main.mjs",
    actions: [{ id: "greet", title: "Greet", input: { type: "object" }, output: { type: "object" } }],
    permissions: {},
  };
  const id = "PKG-T2-VENDORED-001";
  const files = {
    "package.json": JSON.stringify({
      type: "module",
      dependencies: { greeting: "1.0.0" },
      holdfast: { id, version: "1.0.0", target: "modules/vendored", plugin: section },
    }),
    "main.mjs":
      'import { greet } from "greeting";\nprocess.stdin.resume();\nconsole.log(JSON.stringify({ status: "ok", result: { said: greet() } }));\nprocess.stdin.destroy();\n',
    "node_modules/greeting/package.json":
      '{ "name": "greeting", "version": "1.0.0", "exports": "./index.cjs" }',
    "node_modules/greeting/index.cjs": 'exports.greet = () => "hello from a vendored dependency";\n',
    "node_modules/.package-lock.json": "{}",
    ".holdfastignore": "!node_modules/\nnode_modules/.package-lock.json\n",
  };
  writeTree(
    plane.root,
    Object.fromEntries(Object.entries(files).map(([path, content]) => [`src/vendored/${path}`, content])),
  );
  await plane.pack("src/vendored");
  await provide(id, "vendored");
  expect(existsSync(join(plane.root, "modules/vendored/node_modules/greeting/index.cjs"))).toBe(true);
  expect(existsSync(join(plane.root, "modules/vendored/node_modules/.package-lock.json"))).toBe(false);
  expect(await act("vendored", "greet", {})).toEqual({ said: "hello from a vendored dependency" });
  expect(await calledThrice("vendored", "greet", {})).toEqual([undefined, undefined, true]);
});

test("two plugins with the same lock run in one environment, which goes with the second", async () => {
  const wheel = madeWheel();
  for (const name of ["one", "two"]) {
    const section = {
      namespace: name,
      kind: "node",
      capability: ["actions"],
      runtime: "python",
      entrypoint: "main.py",
      actions: [{ id: "version", title: "Version", input: { type: "object" }, output: { type: "object" } }],
      permissions: {},
    };
    const id = `PKG-T2-${name.toUpperCase()}-001`;
    const environment = { requirements: [wheel.locked] };
    writeTree(plane.root, {
      [`src/${name}/package.json`]: JSON.stringify({
        holdfast: { id, version: "1.0.0", target: `modules/${name}`, environment, plugin: section },
      }),
      [`src/${name}/main.py`]:
        'import greeting, json, sys\nprint(json.dumps({"status": "ok", "result": {"version": greeting.VERSION, "prefix": sys.prefix}}))\n',
    });
    writeFileSync(join(plane.root, `src/${name}`, wheel.wheel), wheel.bytes);
    await plane.pack(`src/${name}`);
    await provide(id, name);
  }
  const one = (await act("one", "version", {})) as { version: string; prefix: string };
  expect(one.version).toBe("1.2.0");
  expect(one.prefix).toContain(".holdfast/state/environments/");
  expect(await act("two", "version", {})).toEqual(one);
  await plane.uninstall(["PKG-T2-ONE-001"]);
  expect(await act("two", "version", {})).toEqual(one);
  await plane.uninstall(["PKG-T2-TWO-001"]);
  expect(existsSync(join(plane.root, ".holdfast/state/environments"))).toBe(false);
});
