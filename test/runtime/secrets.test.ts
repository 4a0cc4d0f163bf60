/** Secrets planted in environment, configuration and tokens: searched for byte by byte in all that a run leaves. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Effects } from "../../src/effects/index.ts";
import { configurePlugin } from "../../src/lifecycle/index.ts";
import { secretOf } from "../../src/plane/index.ts";
import { ActionPool } from "../../src/runtime/index.ts";
import { action, HOSTING, type RunPlane, runPlane } from "../support/run-plane.ts";

const IN_ENVIRONMENT = "env-S3cr3t/+granted==";
const NOT_GRANTED = "env-S3cr3t-not-granted";
const IN_FILE = 'file-S3cr3t"with\\odd chars';
const FROM_VARIABLE = "variable-S3cr3t-value";

let made: RunPlane;
let effects: Effects;

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-test-"));
  made = await runPlane(folder);
  await made.provide({
    plugin: {
      kind: "integration",
      capability: ["actions", "config"],
      requires: ["workers"],
      permissions: { environment: ["NOTES_KEY", "HOLDFAST_TOKEN"] },
      actions: [action("echo", { permissions: ["environment:NOTES_KEY", "environment:HOLDFAST_TOKEN"] })],
      config: {
        schema: {
          type: "object",
          properties: {
            retries: { type: "integer" },
            file_key: { type: "string", "x-secret": true },
            variable_key: { type: "string", "x-secret": true },
          },
        },
        defaults: { retries: 3 },
      },
    },
  });
  const file = join(folder, "key.txt");
  writeFileSync(file, `${IN_FILE}\n`);
  chmodSync(file, 0o600);
  await configurePlugin(made.effects, made.plane, {
    name: "notes",
    token: made.token,
    dry_run: false,
    assignments: [
      { key: "file_key", text: `file:${file}` },
      { key: "variable_key", text: "env:NOTES_VARIABLE" },
    ],
  });
  const env = {
    ...made.effects.host.env,
    NOTES_KEY: IN_ENVIRONMENT,
    NOTES_VARIABLE: FROM_VARIABLE,
    UNRELATED: NOT_GRANTED,
    HOLDFAST_TOKEN: made.token,
  };
  effects = { ...made.effects, host: { ...made.effects.host, env } };
});
afterAll(() => rmSync(dirname(made.root), { recursive: true, force: true }));

/** Where secrets lie on purpose. */
const SOURCES = /\/(?:key\.txt|secrets\.env|admin\.token)$/;

/** Everything in the plane, beside it and in the home, and what a caller was told. */
function everything(told: unknown): Map<string, Buffer> {
  const found = new Map<string, Buffer>([["told", Buffer.from(JSON.stringify(told) ?? "")]]);
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile() && !SOURCES.test(path)) found.set(path, readFileSync(path));
    }
  };
  walk(dirname(made.root));
  return found;
}

function leaks(told: unknown, secrets: readonly string[]): string[] {
  const forms = secrets.flatMap((secret) => [
    secret,
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString("hex"),
    Buffer.from(secret).toString("base64"),
    encodeURIComponent(secret),
  ]);
  return [...everything(told)].flatMap(([path, bytes]) =>
    forms.filter((form) => bytes.includes(form)).map((form) => `${path}: ${form}`),
  );
}

const planted = () => [
  IN_ENVIRONMENT,
  NOT_GRANTED,
  IN_FILE,
  FROM_VARIABLE,
  made.token,
  secretOf(made.effects, made.plane).secret,
];

/** Environments and command lines of all processes of a run, on both sides of the wall. */
function processesOf(word: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "latin1");
        return command.includes(word)
          ? [`${command}\n${readFileSync(`/proc/${pid}/environ`, "latin1")}`]
          : [];
      } catch {
        return [];
      }
    });
}

test("the search finds what is there, in each form and each place", () => {
  const home = made.effects.host.home;
  for (const [folder, text] of [
    [made.root, Buffer.from(IN_FILE).toString("hex")],
    [made.root, Buffer.from(FROM_VARIABLE).toString("base64")],
    [home, made.token],
    [home, JSON.stringify({ told: IN_FILE })],
  ] as const) {
    const path = join(folder, "planted");
    writeFileSync(path, `x${text}y`);
    const found = leaks(null, planted());
    rmSync(path);
    expect(new Set(found.map((leak) => leak.split(":")[0]))).toEqual(new Set([path]));
  }
  expect(leaks({ told: encodeURIComponent(IN_ENVIRONMENT) }, planted())).not.toEqual([]);
  expect(leaks(null, planted())).toEqual([]);
});

describe("secrets", () => {
  test("reach the plugin where they are granted, and no others are in its environment", async () => {
    const code = "answer({'env': dict(os.environ), 'argv': sys.argv, 'config': request['config']})";
    const { result } = await made.act({ code }, {}, effects);
    const seen = result as { env: Record<string, string>; argv: string[]; config: Record<string, unknown> };
    expect(seen.config).toEqual({ retries: 3, file_key: IN_FILE, variable_key: FROM_VARIABLE });
    expect(seen.env["NOTES_KEY"]).toBe(IN_ENVIRONMENT);
    expect(Object.keys(seen.env)).not.toContain("HOLDFAST_TOKEN");
    const outside = JSON.stringify({ ...seen.env, NOTES_KEY: "", argv: seen.argv });
    for (const secret of planted()) expect(outside).not.toContain(secret);
    expect(leaks(null, planted())).toEqual([]);
  });

  const shout = `
for value in [request["config"]["file_key"], request["config"]["variable_key"], os.environ["NOTES_KEY"]]:
    import base64, urllib.parse
    for form in (value, json.dumps(value), value.encode().hex(), base64.b64encode(value.encode()).decode(), urllib.parse.quote(value, safe="")):
        sys.stderr.write("said " + form + "\\n")
`;
  const loud: [string, string][] = [
    ["a crash", `${shout}raise ValueError(request["config"]["file_key"])`],
    [
      "an error of its own",
      `${shout}print(json.dumps({"status": "error", "error": {"code": "X", "message": os.environ["NOTES_KEY"]}}))`,
    ],
    [
      "a log beyond what is kept",
      `sys.stderr.write("y" * 65500)\nfor _ in range(40):${shout.replaceAll("\n", "\n    ")}\nraise ValueError("z")`,
    ],
    ["a name in a result", `${shout}answer([request["config"]["variable_key"]])`],
  ];
  test.each(loud)("printed in %s are in no log, entry or message", async (_what, code) => {
    const told = await made.fails({ code }, {}, effects);
    expect(told.code).toBe("plugin_run_failed");
    expect(leaks({ ...told, message: told.message }, planted())).toEqual([]);
  });

  const ends: [string, string, string, object][] = [
    ["that runs out of time", `${shout}time.sleep(30)`, "plugin_action_timeout", { timeout_ms: 600 }],
    ["that is killed", `${shout}os.kill(os.getpid(), 9)`, "plugin_run_failed", {}],
    [
      "that takes too much memory",
      `${shout}x = [bytearray(16 << 20) for _ in range(64)]`,
      "plugin_run_failed",
      { memory_bytes_max: 96 << 20 },
    ],
    ["that floods", `${shout}\nwhile True: sys.stdout.write("x" * 65536)`, "plugin_output_too_large", {}],
  ];
  test.each(ends)("of a run %s are in no file, entry or message", async (_what, code, expected, limits) => {
    const told = await made.fails({ code }, { limits }, effects);
    expect(told.code).toBe(expected);
    expect(leaks({ ...told, message: told.message }, planted())).toEqual([]);
  });

  test("are on no command line and in no environment of the processes of a run, but for what was granted", async () => {
    const running = made.act({ code: "time.sleep(1.2); answer({})" }, {}, effects);
    const seen = new Set<string>();
    const from = performance.now();
    while (performance.now() - from < 1000) {
      for (const one of processesOf(`${made.root}/modules/notes`)) seen.add(one);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await running;
    // Both sides of the wall: what builds it, and the program.
    expect(seen.size).toBeGreaterThanOrEqual(2);
    const all = [...seen].map((one) => one.replace(`NOTES_KEY=${IN_ENVIRONMENT}`, ""));
    for (const secret of planted())
      expect(all.filter((one) => one.includes(secret)).map((one) => one.slice(0, 80))).toEqual([]);
    expect([...seen].some((one) => one.includes(`NOTES_KEY=${IN_ENVIRONMENT}`))).toBe(true);
  });

  const tried = `
for value in [request["config"]["file_key"], request["config"]["variable_key"], os.environ["NOTES_KEY"]]:
    for path in ("/etc/" + value, "/etc/" + "x" * 480 + value):
        try: open(path)
        except OSError: pass
answer({})`;
  test("in the path of what was denied are in no entry and no answer, and the denial is", async () => {
    const done = await made.act({ code: tried }, {}, effects);
    expect(done.denials).toContainEqual(
      expect.objectContaining({ rule: "files.read", subject: "/etc/[secret]" }),
    );
    expect(made.runs().at(-1)?.metadata["denials"]).toEqual(done.denials);
    expect(leaks(done, planted())).toEqual([]);
  });

  test("printed by a warm worker neither", async () => {
    const pool = new ActionPool(effects, made.plane, HOSTING);
    const request = { namespace: "notes", action: "echo", host: "library", token: made.token } as const;
    await pool.run({ ...request, input: { code: `${shout}answer({})` } });
    await expect(pool.run({ ...request, input: { code: `${shout}raise ValueError(1)` } })).rejects.toThrow();
    await pool.stop();
    expect(leaks(null, planted())).toEqual([]);
  });

  test("that cannot be had keep an action from beginning, by name and not by value", async () => {
    const env = { ...effects.host.env, NOTES_VARIABLE: undefined };
    const told = await made.fails({}, {}, { ...effects, host: { ...effects.host, env } });
    expect(told).toMatchObject({ code: "plugin_secret_missing", exit_code: 5 });
    expect(told.message).toContain("NOTES_VARIABLE is not set");
    expect(leaks(told, planted())).toEqual([]);
  });
});
