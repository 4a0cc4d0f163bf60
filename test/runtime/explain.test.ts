import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { explainRun, limitLines, parseInputText, runAction } from "../../src/runtime/index.ts";
import { inputFileBytes, inputTextBytesMax } from "../../src/runtime/input-text.ts";
import { action, HOSTING, type RunPlane, runPlane } from "../support/run-plane.ts";

let made: RunPlane;
beforeAll(async () => {
  made = await runPlane(mkdtempSync(join(tmpdir(), "holdfast-test-")));
  await made.provide({
    plugin: {
      kind: "integration",
      permissions: { network: ["api.example.org"], environment: ["NOTES_KEY", "LD_PRELOAD"] },
      actions: [
        action("echo", { limits: { timeout_ms: 90_000 } }),
        action("fetch", {
          permissions: ["network:api.example.org", "environment:NOTES_KEY", "environment:LD_PRELOAD"],
        }),
      ],
    },
  });
});
afterAll(() => rmSync(dirname(made.root), { recursive: true, force: true }));

const explain = (name: string, wishes = {}) =>
  explainRun(made.effects, made.plane, { namespace: "notes", action: name, wishes }, HOSTING);

test("an action may touch what it needs, not all that its plugin may", async () => {
  const [echo, fetch] = [await explain("echo"), await explain("fetch")];
  expect(echo).toMatchObject({ would_run: true, problems: [], layer: "bubblewrap", state: "enabled" });
  expect(echo.may).toContain("network: none");
  expect(fetch.may).toContain("network: api.example.org");
  expect(fetch.environment).toEqual({ given: [], withheld: ["LD_PRELOAD"], unset: ["NOTES_KEY"] });
  expect(limitLines(echo.limits)).toContain("timeout_ms 15000 (default; the manifest asks for 90000)");
  expect(made.runs()).toEqual([]);
});

test("what would refuse it is listed, and nothing is recorded", async () => {
  writeFileSync(join(made.root, "config/policy.toml"), "[organisation.permissions]\nnetwork = []\n");
  const found = await explain("fetch");
  rmSync(join(made.root, "config/policy.toml"));
  expect(found.would_run).toBe(false);
  expect(found.problems.map(({ code }) => code)).toEqual(["plugin_permission_denied"]);
  await expect(explain("none")).rejects.toThrow('has no action "none"');
  await expect(explain("echo", { timeout_ms: 20_000 })).rejects.toThrow("above 15000");
  expect(made.runs()).toEqual([]);
});

test("plugin_interpreter_missing: none was found, or it lies in the plane", async () => {
  const request = {
    namespace: "notes",
    action: "echo",
    input: {},
    host: "library",
    token: made.token,
  } as const;
  const run = (path: string | undefined) =>
    runAction(made.effects, made.plane, request, { ...HOSTING, interpreter: async () => path });
  await expect(run(undefined)).rejects.toMatchObject({ code: "plugin_interpreter_missing", exit_code: 5 });
  const inside = join(made.root, "modules/notes/main.py");
  await expect(run(inside)).rejects.toThrow("lies inside the plane");
  await expect(run("/bin/true")).rejects.toThrow("does not answer as a Python 3");
  expect(made.ended("refused").map(({ metadata }) => metadata["code"])).toEqual(
    Array(3).fill("plugin_interpreter_missing"),
  );
});

test("an input is read no further than it may be long, and from files alone", () => {
  const about = { namespace: "notes", action: "echo" };
  const most = inputTextBytesMax(made.plane, about);
  expect(most).toBe(4 * 65_536);
  const path = join(made.root, "big.json");
  writeFileSync(path, Buffer.alloc(most * 2, " "));
  const bytes = inputFileBytes(made.effects, path, made.plane, about);
  expect(bytes).toHaveLength(most + 1);
  expect(() => parseInputText(bytes, made.plane, about)).toThrow("65536 are allowed, set by default");
  expect(() => parseInputText(Uint8Array.of(0xff), made.plane, about)).toThrow("is not UTF-8");
  expect(() => parseInputText(Buffer.from("{"), made.plane, about)).toThrow("is not JSON");
  expect(() => inputFileBytes(made.effects, "/dev/zero", made.plane, about)).toThrow("is no file");
  expect(() => inputFileBytes(made.effects, join(made.root, "none"), made.plane, about)).toThrow("ENOENT");
  expect(parseInputText(Buffer.from('{"__proto__": 1}'), made.plane, about)).toHaveProperty("__proto__", 1);
});
