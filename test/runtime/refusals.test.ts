/** Everything that keeps an action from beginning: the code, the record, and that nothing ran. */
import { appendFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { disablePlugin } from "../../src/lifecycle/index.ts";
import { planeWith } from "../../src/plane/index.ts";
import { requireScopes } from "../../src/runtime/effective-scopes.ts";
import { type RunRequest, runAction } from "../../src/runtime/index.ts";
import { action, copyOfRuns, HOSTING, type RunPlane, runPlane } from "../support/run-plane.ts";

let pristine: RunPlane;
let first: RunPlane;

const folder = (): string => mkdtempSync(join(tmpdir(), "holdfast-test-"));

beforeAll(async () => {
  pristine = await runPlane(folder());
  await pristine.provide({
    plugin: {
      kind: "integration",
      permissions: { network: ["api.example.org"], files: { read: ["data/notes/**"] } },
      actions: [
        action("echo"),
        action("fetch", { permissions: ["network:api.example.org"] }),
        action("strict", {
          input: {
            type: "object",
            properties: { text: { type: "string" } },
            required: ["text"],
            additionalProperties: false,
          },
        }),
        action("small", { limits: { input_bytes_max: 20 } }),
      ],
    },
    files: { "lib.py": "VALUE = 1\n", "settings.json": "{}\n" },
  });
  first = copyOfRuns(pristine, folder());
});
afterAll(() => {
  for (const { root } of [pristine, first]) rmSync(dirname(root), { recursive: true, force: true });
});

/** Each test that damages something gets a copy. */
const fresh = (): RunPlane => copyOfRuns(pristine);

describe("before anything runs", () => {
  const refusals: [string, number, unknown, Partial<RunRequest>][] = [
    ["plugin_not_found", 1, {}, { namespace: "nots" }],
    ["plugin_not_found", 1, {}, { namespace: "../../etc" }],
    ["plugin_action_not_declared", 1, {}, { action: "ecko" }],
    ["invalid_actor_kind", 2, {}, { actor: { kind: "robot" } }],
    ["invalid_actor_kind", 2, {}, { actor: { kind: "agent" } }],
    ["invalid_actor_kind", 2, {}, { actor: { kind: "human", id: "a\nb" } }],
    ["plugin_limit_too_high", 3, {}, { limits: { timeout_ms: 15_001 } }],
    ["plugin_limit_invalid", 2, {}, { limits: { processes_max: Number.NaN } }],
    ["plugin_input_too_large", 2, { text: "x".repeat(30) }, { action: "small" }],
    ["plugin_input_invalid", 2, { text: 5 }, { action: "strict" }],
    ["plugin_input_invalid", 2, { text: "a", more: 1 }, { action: "strict" }],
    ["plugin_input_invalid", 2, {}, { request_id: "a b" }],
    ["AUTH_TOKEN_MISSING", 3, {}, { token: undefined }],
    ["AUTH_TOKEN_INVALID", 3, {}, { token: "someone:0123456789abcdef" }],
  ];

  test.each(refusals)("%s (exit %i)", async (code, exit_code, input, more) => {
    const before = first.runs().length;
    const failure = await first.fails(input, more);
    expect(failure).toMatchObject({ code, exit_code });
    expect(failure.next_step).not.toBe("");
    const added = first.runs().slice(before);
    expect(added.map(({ event_type }) => event_type)).toEqual(
      code.startsWith("AUTH_") ? [] : ["plugin.action_refused"],
    );
    if (added[0] !== undefined) expect(added[0].metadata["code"]).toBe(code);
  });

  test("the pointer says where the input does not fit, and nothing of the input is recorded", async () => {
    const failure = await first.fails({ text: "a", "very-private-name": 1 }, { action: "strict" });
    expect(failure.details["pointer"]).toBe("/very-private-name");
    expect(JSON.stringify(first.runs())).not.toContain("very-private-name");
  });

  test("a value that contains itself is no input", async () => {
    const input: Record<string, unknown> = {};
    input["self"] = input;
    expect((await first.fails(input)).code).toBe("plugin_input_invalid");
  });

  test("names close by are offered", async () => {
    expect((await first.fails({}, { namespace: "nots" })).next_step).toContain("pkg plugin inspect notes");
    expect((await first.fails({}, { action: "ecko" })).next_step).toContain("pkg run notes echo --explain");
  });

  test("a reader may not run anything", async () => {
    const issued = await first.tokenFor("ina", "reader" as never);
    expect((await first.fails({}, { token: issued })).code).toBe("AUTH_ROLE");
  });

  test("a flood of refusals is counted, not recorded one by one", async () => {
    const plane = fresh();
    for (let count = 0; count < 40; count++) await plane.fails({}, { namespace: `unknown${count}` });
    const counts = plane.ended("refused").map(({ metadata }) => metadata["repeated"]);
    expect(counts).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 16, 32]);
  });
});

describe("a plugin that may not run", () => {
  test("plugin_not_enabled names the way", async () => {
    const plane = fresh();
    await disablePlugin(plane.effects, plane.plane, {
      name: "notes",
      reason: "too loud",
      token: plane.token,
    });
    const failure = await plane.fails({});
    expect(failure).toMatchObject({ code: "plugin_not_enabled", exit_code: 3 });
    expect(failure.message).toContain("too loud");
    expect(failure.next_step).toBe('Run "pkg plugin enable notes".');
  });

  test("plugin_permission_denied: the policy cuts what was granted, with the line that decides", async () => {
    const plane = fresh();
    writeFileSync(
      join(plane.root, "config/policy.toml"),
      '[organisation.permissions]\nnetwork = ["other.example.org"]\n',
    );
    const failure = await plane.fails({}, { action: "fetch" });
    expect(failure).toMatchObject({ code: "plugin_permission_denied", exit_code: 3 });
    expect(failure.message).toContain("line 2 of config/policy.toml");
    expect(failure.next_step).toContain("pkg policy why PKG-T2-NOTES-001");
    // An action that needs nothing of it still runs.
    expect((await plane.act({})).result).toMatchObject({ echo: {} });
  });

  test("plugin_permission_denied: what nobody granted, and what the plugin does not ask for", () => {
    const plugin = {
      record: { namespace: "notes", package_id: "PKG-X" },
      asked: { scopes: ["network:a.org"] },
    };
    const effective = { allowed: [], forbidden: [], denials: [] };
    const judge = (scope: string) => () =>
      requireScopes(plugin as never, { id: "echo", permissions: [scope] } as never, effective);
    expect(judge("network:a.org")).toThrow("nobody granted it");
    expect(judge("network:b.org")).toThrow("the plugin does not ask for it");
    expect(judge("files.forbidden:a")()).toEqual(["files.forbidden:a"]);
  });

  test("plugin_permission_denied: a kind the policy does not let run at all", async () => {
    const plane = fresh();
    writeFileSync(join(plane.root, "config/policy.toml"), '[organisation.permissions]\nkinds = ["node"]\n');
    expect((await plane.fails({})).message).toContain("kind:integration");
  });
});

describe("files that are not as they were installed", () => {
  const main = (plane: RunPlane): string => join(plane.root, "modules/notes/main.py");

  test("plugin_entrypoint_missing", async () => {
    const plane = fresh();
    rmSync(main(plane));
    const failure = await plane.fails({});
    expect(failure).toMatchObject({ code: "plugin_entrypoint_missing", exit_code: 4 });
    expect(failure.message).toContain("modules/notes/main.py");
  });

  test.each<[string, (plane: RunPlane) => void, string]>([
    ["an edited entrypoint", (plane) => appendFileSync(main(plane), "# more\n"), "not as it was installed"],
    [
      "an edited module beside it",
      (plane) => writeFileSync(join(plane.root, "modules/notes/lib.py"), "VALUE = 2\n"),
      "lib.py",
    ],
    [
      "a module nobody installed",
      (plane) => writeFileSync(join(plane.root, "modules/notes/json.py"), "print(1)\n"),
      "json.py",
    ],
    [
      "a link in place of a module",
      (plane) => {
        rmSync(join(plane.root, "modules/notes/lib.py"));
        symlinkSync("/etc/hostname", join(plane.root, "modules/notes/lib.py"));
      },
      "lib.py",
    ],
  ])("%s", async (_what, damage, said) => {
    const plane = fresh();
    damage(plane);
    const failure = await plane.fails({});
    expect(failure.code).toBe("PLUGIN_FILE_REFUSED");
    expect(failure.message).toContain(said);
    expect(plane.ended("refused")).toHaveLength(1);
    expect(plane.ended("invoked")).toHaveLength(0);
  });
});

test("the operator's ceilings are those of config/plane.toml", async () => {
  const text = `format_version = 1\nplane_uid = "${first.plane.config.plane_uid}"\nname = "x"\ngoverned_roots = ["modules"]\nsources = []\n[run]\ntimeout_ms = 50\n[run.plugins.notes]\ninput_bytes_max = 10\n`;
  const plane = { ...planeWith(first.effects, first.root, text), keys_directory: first.plane.keys_directory };
  const request = { namespace: "notes", action: "echo", host: "library", token: first.token } as const;
  await expect(
    runAction(first.effects, plane, { ...request, input: { a: "12345678" } }, HOSTING),
  ).rejects.toThrow("10 are allowed, set by config/plane.toml");
  await expect(
    runAction(first.effects, plane, { ...request, input: {}, limits: { timeout_ms: 51 } }, HOSTING),
  ).rejects.toThrow("timeout_ms 51 is above 50, set by config/plane.toml");
});

test("where no wall can be built nothing runs, and the refusal is recorded", async () => {
  const plane = fresh();
  const host = { ...plane.effects.host, platform: "darwin" };
  const failure = await plane.fails({}, {}, { ...plane.effects, host });
  expect(failure).toMatchObject({ code: "SANDBOX_LAYER_MISSING", exit_code: 5 });
  expect(plane.ended("refused")[0]?.metadata["code"]).toBe("SANDBOX_LAYER_MISSING");
  // The slot is free again.
  expect((await plane.act({})).result).toMatchObject({ echo: {} });
});
