import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { type Assignment, effectiveConfig } from "../../../src/grants/index.ts";
import { configurePlugin, registerPlugin, undo } from "../../../src/lifecycle/index.ts";
import { configure } from "../../../src/operations/configure.ts";
import { NOTES, type PluginPlane, pluginPlane } from "../../support/plugin-plane.ts";
import { picture } from "../../support/tree.ts";

const SCHEMA = {
  type: "object",
  additionalProperties: false,
  properties: {
    retries: { type: "integer", minimum: 0, maximum: 9 },
    title: { type: "string" },
    either: { type: ["string", "number"] },
    tags: { type: "array", items: { type: "string" } },
    fast: { type: "boolean" },
    api_key: { type: "string", "x-secret": true },
  },
};

let on: PluginPlane;
beforeEach(async () => {
  on = await pluginPlane();
  const plugin = {
    capability: ["actions", "config"],
    config: { schema: SCHEMA, defaults: { retries: 3, title: "Notes" } },
  };
  await on.packPlugin({ plugin });
  await registerPlugin(on.effects, on.plane, { wanted: { id: NOTES }, token: on.token });
});

const words = (...settings: string[]): Assignment[] =>
  settings.map((word) => ({ key: word.split("=")[0] ?? "", text: word.slice(word.indexOf("=") + 1) }));
const set = (settings: string[], more: { rollback?: number; dry_run?: boolean; name?: string } = {}) =>
  configurePlugin(on.effects, on.plane, {
    name: "notes",
    assignments: words(...settings),
    dry_run: false,
    token: on.token,
    ...more,
  });
const inForce = async () => effectiveConfig(on.effects, on.plane, "notes");

/** The operation as a user calls it. */
const run = (input: Record<string, unknown>) =>
  configure.run(
    { effects: on.effects, root: on.root, token: on.token, wait_ms: undefined } as never,
    configure.input.parse({ name: "notes", ...input }),
  );

describe("what is set", () => {
  test("has the type the schema says, over the defaults", async () => {
    expect((await inForce()).values).toEqual({ retries: 3, title: "Notes" });
    const done = await set(["retries=8", "title=8", "either=8", 'tags=["a"]', "fast=true"]);
    expect(done).toMatchObject({ changed: true, config_version: 1 });
    expect((await inForce()).values).toEqual({ retries: 8, title: "8", either: 8, tags: ["a"], fast: true });
    const events = on.events().slice(1);
    expect(events.map(({ event_type }) => event_type)).toEqual(["plugin.configured"]);
    expect(events[0]?.metadata).toMatchObject({ config_version: 1, config_digest: done.config_digest });
    expect(JSON.stringify(events)).not.toMatch(/retries|fast/);
  });

  test("is refused with its place where it does not fit, and nothing changes", async () => {
    const before = picture(on.root);
    for (const [word, field, message] of [
      ["retries=many", "/retries", /integer/],
      ["retries=10", "/retries", /9/],
      ["retires=3", "/retires", /retires/],
      ["__proto__=3", "/__proto__", /__proto__/],
    ] as const)
      await expect(set([word])).rejects.toMatchObject({
        code: "PLUGIN_CONFIG_INVALID",
        exit_code: 2,
        details: { field },
        message: expect.stringMatching(message),
        next_step: expect.stringContaining("pkg configure notes --show"),
      });
    expect(picture(on.root)).toEqual(before);
  });

  test("set again is nothing to do; a dry run changes nothing", async () => {
    await set(["retries=8"]);
    const before = picture(on.root);
    expect(await set(["retries=8"])).toMatchObject({ changed: false, config_version: 1, changed_keys: [] });
    expect(await set(["retries=7"], { dry_run: true })).toMatchObject({
      changed: false,
      changed_keys: ["retries"],
    });
    expect(picture(on.root)).toEqual(before);
  });

  test("has versions: an earlier one comes back as the next, an undo as it was", async () => {
    await set(["retries=8"]);
    await set(["retries=9", "fast=true"]);
    expect(await set([], { rollback: 1 })).toMatchObject({ config_version: 3 });
    expect((await inForce()).values).toEqual({ retries: 8, title: "Notes" });
    await expect(set([], { rollback: 7 })).rejects.toMatchObject({
      code: "PLUGIN_CONFIG_VERSION",
      exit_code: 1,
      details: { kept: [1, 2] },
    });
    await undo(on.effects, on.plane, { token: on.token, dry_run: false, accept_drift: false });
    expect(await inForce()).toMatchObject({ config_version: 2, values: { retries: 9, fast: true } });
  });

  test("edited by hand is refused", async () => {
    await set(["retries=8"]);
    const path = join(on.root, ".holdfast/state/plugins/notes/config.json");
    writeFileSync(path, readFileSync(path, "utf8").replace("8", "9"));
    await expect(inForce()).rejects.toMatchObject({ code: "PLUGIN_RECORD_DAMAGED", exit_code: 4 });
    await expect(set(["retries=7"])).rejects.toMatchObject({ code: "PLUGIN_RECORD_DAMAGED" });
  });
});

describe("a secret", () => {
  test("is named, and its value is nowhere", async () => {
    const before = picture(on.root);
    for (const value of [
      "hunter2-hunter2",
      '{"value":"hunter2"}',
      "file:relative/hunter2",
      `file:${on.root}/hunter2`,
    ])
      await set([`api_key=${value}`]).then(
        () => expect.unreachable(),
        (error) => {
          expect(error).toMatchObject({
            code: "PLUGIN_SECRET_INLINE",
            exit_code: 2,
            details: { key: "api_key" },
          });
          expect(JSON.stringify(error)).not.toContain("hunter2");
        },
      );
    expect(picture(on.root)).toEqual(before);
    await set(["api_key=env:NOTES_KEY"]);
    expect((await inForce()).secrets).toEqual({ api_key: { env: "NOTES_KEY" } });
    await set(["api_key=file:/run/secrets/notes"]);
    expect(await inForce()).toMatchObject({ secrets: { api_key: { file: "/run/secrets/notes" } } });
    expect((await inForce()).values).not.toHaveProperty("api_key");
  });
});

describe("pkg configure", () => {
  test("takes a file, words over it, and what is unset", async () => {
    writeFileSync(join(on.root, "..", "c.toml"), 'retries = 5\ntitle = "From a file"\napi_key = "env:K"\n');
    await run({ file: "c.toml", settings: ["retries=6"], unset: ["title"] });
    const { result } = await run({ show: true });
    expect(result).toMatchObject({
      values: { retries: 6, title: "Notes" },
      secrets: { api_key: { env: "K" } },
    });
    expect(configure.text(result, {} as never)).toBe(
      'notes: configuration 1\n  retries = 6\n  title = "Notes"  (default)\n  api_key = env:K  (secret)\n',
    );
  });

  test("refuses what is no setting, and repeats none of it", async () => {
    await expect(run({})).rejects.toMatchObject({ code: "INPUT_MISSING" });
    await expect(run({ settings: ["hunter2"] })).rejects.toMatchObject({
      code: "PLUGIN_CONFIG_WORD",
      message: expect.not.stringContaining("hunter2"),
    });
    writeFileSync(join(on.root, "..", "c.json"), '{"api_key": "hunter2"');
    for (const file of ["c.json", "absent.json"])
      await expect(run({ file })).rejects.toMatchObject({
        code: "PLUGIN_CONFIG_FILE",
        message: expect.not.stringContaining("hunter2"),
      });
  });

  test("refuses a plugin without configuration", async () => {
    await on.packPlugin({
      id: "PKG-T2-PLAIN-001",
      plugin: { namespace: "plain", permissions: {} },
      target: "modules/plain",
    });
    await registerPlugin(on.effects, on.plane, { wanted: { id: "PKG-T2-PLAIN-001" }, token: on.token });
    await expect(set(["a=1"], { name: "plain" })).rejects.toMatchObject({
      code: "PLUGIN_CONFIG_NONE",
      exit_code: 3,
    });
    await expect(set(["a=1"], { name: "nots" })).rejects.toMatchObject({
      code: "PLUGIN_NOT_FOUND",
      exit_code: 1,
      details: { near: ["notes"] },
    });
  });
});
