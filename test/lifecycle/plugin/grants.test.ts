import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mayRun } from "../../../src/grants/index.ts";
import { disablePlugin, enablePlugin, installPlugin, undo } from "../../../src/lifecycle/index.ts";
import { update } from "../../../src/operations/update.ts";
import { copyOf, NOTES, type PluginPlane, pluginPlane } from "../../support/plugin-plane.ts";

let installed: PluginPlane;
let enabled: PluginPlane;
let pinned: PluginPlane;

const READS = { files: { read: ["data/notes/**"] } };
/** Versions of the plugin, each with what sets it apart from 1.0.0. */
const VERSIONS: Record<string, Parameters<PluginPlane["packPlugin"]>[0]> = {
  "1.0.0": { plugin: { permissions: { files: { ...READS.files, forbidden: ["data/notes/key"] } } } },
  "1.1.0": {
    plugin: { permissions: { files: { ...READS.files, forbidden: ["data/notes/key"] } } },
    files: { "main.py": "print('other code')\n" },
  },
  "1.2.0": { plugin: { permissions: { files: { read: ["data/notes/a"], forbidden: ["data/notes/*"] } } } },
  "1.3.0": {
    plugin: {
      permissions: {
        files: { ...READS.files, write: ["data/notes/**"], forbidden: ["data/notes/key"] },
      },
    },
  },
  "1.4.0": {
    plugin: {
      entrypoint: "other.py",
      permissions: { files: { ...READS.files, forbidden: ["data/notes/key"] } },
    },
    files: { "other.py": "print('other')\n" },
  },
  "1.5.0": {
    plugin: {
      kind: "integration",
      permissions: {
        files: { ...READS.files, forbidden: ["data/notes/key"] },
        network: ["api.example.org"],
      },
    },
  },
  "1.8.0": { plugin: { permissions: READS } },
  "2.0.0": { plugin: { permissions: { files: { ...READS.files, forbidden: ["data/notes/key"] } } } },
};

beforeAll(async () => {
  const folder = (): string => mkdtempSync(join(tmpdir(), "holdfast-test-"));
  installed = await pluginPlane(folder());
  for (const [version, fields] of Object.entries(VERSIONS))
    await installed.packPlugin({ version, ...fields });
  rmSync(join(installed.root, "modules"), { recursive: true, force: true });
  await installed.install([`${NOTES}@1.0.0`]);
  enabled = copyOf(installed, folder());
  await enabled.enable();
  pinned = copyOf(installed, folder());
  await pinned.enable("notes", { pin: true });
});
afterAll(() => {
  for (const { root } of [installed, enabled, pinned])
    rmSync(dirname(root), { recursive: true, force: true });
});

const after = async (made: PluginPlane, version: string) => {
  const before = made.events().length;
  await made.update([NOTES], { to: version, allow_downgrade: true });
  const events = made.events().slice(before);
  expect(events.map(({ event_type }) => event_type)).toEqual(["plugin.updated"]);
  return { ...events[0]?.metadata, record: made.record() };
};

describe("an update of an enabled plugin", () => {
  test.each([
    ["a narrowing", "1.2.0"],
    ["other code", "1.1.0"],
  ])("stays enabled after %s", async (_, version) => {
    const made = copyOf(enabled);
    const { record, ...event } = await after(made, version);
    expect(event).toMatchObject({ state: "enabled", permissions_expanded: false, version });
    expect(record).toMatchObject({ state: "enabled", version });
    expect((await mayRun(made.effects, made.plane, "notes")).record.version).toBe(version);
  });

  test.each([
    ["1.3.0", "adds write: data/notes/**"],
    ["1.4.0", "changes entrypoint: modules/notes/main.py → modules/notes/other.py"],
    ["1.5.0", "changes kind: node → integration"],
    ["1.5.0", "adds network: api.example.org"],
    ["1.8.0", "no longer forbids: data/notes/key"],
    ["2.0.0", "leaves the granted versions: 2.0.0 is not in 1.x"],
  ])("%s disables it, since it %s", async (version, line) => {
    const made = copyOf(enabled);
    const { record, ...event } = await after(made, version);
    expect(event).toMatchObject({
      previous_state: "enabled",
      state: "disabled",
      reason: "permissions_expanded",
      permissions_expanded: true,
    });
    expect((event as { expansions?: string[] }).expansions).toContain(line);
    expect(record).toMatchObject({ state: "disabled", reason: "permissions_expanded", version });
    await expect(mayRun(made.effects, made.plane, "notes")).rejects.toMatchObject({
      code: "PLUGIN_NOT_ENABLED",
      exit_code: 3,
      details: { reason: "permissions_expanded" },
    });
    const shown = await made.enable();
    expect(shown.shown).toContain(line);
    expect(made.record()["state"]).toBe("enabled");
  });

  test("tells what becomes of it and what preflight advises, before and after", async () => {
    const made = copyOf(enabled);
    const planned = await made.update([NOTES], { to: "1.3.0", dry_run: true });
    expect(made.record()["state"]).toBe("enabled");
    expect(planned.plugins).toMatchObject([
      {
        namespace: "notes",
        previous_state: "enabled",
        state: "disabled",
        reason: "permissions_expanded",
        expansions: ["adds write: data/notes/**"],
      },
    ]);
    expect(planned.advice.map(({ code }) => code)).toContain("ADVICE_LICENSE_MISSING");
    const words = update.text(planned, {} as never);
    expect(words).toContain("notes would be disabled (permissions_expanded), as it asks for more than");
    expect(words).toContain("names no licence [ADVICE_LICENSE_MISSING]");
    const done = await made.update([NOTES], { to: "1.3.0" });
    expect({ advice: done.advice, plugins: done.plugins }).toEqual({
      advice: planned.advice,
      plugins: planned.plugins,
    });
    const told = update.text(done, {} as never);
    expect(told).toContain('  adds write: data/notes/**\n  next: Run "pkg plugin enable notes" to grant it.');
    const kept = await copyOf(enabled).update([NOTES], { to: "1.2.0" });
    expect(kept.plugins).toMatchObject([{ state: "enabled", expansions: [] }]);
  });

  test("other code under a pinned grant disables it; the same pin holds for the same code", async () => {
    const made = copyOf(pinned);
    await disablePlugin(made.effects, made.plane, { name: "notes", token: made.token, reason: "a pause" });
    const again = await enablePlugin(made.effects, made.plane, {
      name: "notes",
      token: made.token,
      pin: false,
      dry_run: false,
    });
    expect(again).toMatchObject({ changed: true, state: "enabled" });
    const { record } = await after(made, "1.1.0");
    expect(record).toMatchObject({ state: "disabled", reason: "permissions_expanded" });
    const shown = await enablePlugin(made.effects, made.plane, {
      name: "notes",
      token: made.token,
      pin: false,
      dry_run: true,
    });
    expect(shown.shown.join("\n")).toMatch(/changes code under the pinned grant: sha256:.* → sha256:/);
    expect(shown.shown.join("\n")).toMatch(/lets go of the pin/);
    await made.enable("notes", { pin: true });
    expect(made.record()["grant"]).toMatchObject({ archive_hash: made.record()["archive_hash"] });
  });

  test("a widening within what was granted before a narrowing is none", async () => {
    const made = copyOf(enabled);
    await after(made, "1.2.0");
    expect((await after(made, "1.0.0")).record).toMatchObject({ state: "enabled", version: "1.0.0" });
  });

  test("undo puts the record back as it was, grant and all, and the ledger vouches for it", async () => {
    const made = copyOf(enabled);
    const before = made.record();
    await after(made, "1.3.0");
    await undo(made.effects, made.plane, { token: made.token, dry_run: false, accept_drift: false });
    expect(made.record()).toEqual(before);
    expect(made.events().at(-1)).toMatchObject({ event_type: "plugin.updated", metadata: { undone: true } });
    await mayRun(made.effects, made.plane, "notes");
  });
});

describe("an update of a plugin that is not enabled", () => {
  test("leaves it installed, however much more it asks for, and enabling shows all of it", async () => {
    const made = copyOf(installed);
    const { record } = await after(made, "1.5.0");
    expect(record).toMatchObject({ state: "installed", version: "1.5.0", grant: null });
    expect((await made.enable()).shown).toContain("adds network: api.example.org");
  });

  test("installing after an expansion erases the reason, and grants nothing", async () => {
    const made = copyOf(enabled);
    await after(made, "1.5.0");
    const runtime = async () => ({ host: "1.0.0", api: "1.0.0", node: "24.0.0", python: "3.11.0" });
    await installPlugin(made.effects, made.plane, "notes", { token: made.token, dry_run: false, runtime });
    expect(made.record()).toMatchObject({ state: "installed" });
    expect(made.record()["reason"]).toBeUndefined();
    await expect(
      enablePlugin(made.effects, made.plane, {
        name: "notes",
        token: made.token,
        pin: false,
        dry_run: false,
      }),
    ).rejects.toMatchObject({ code: "PLUGIN_CONSENT_NEEDED" });
  });
});

describe("consent", () => {
  const enable = (
    made: PluginPlane,
    more: { yes?: string; dry_run?: boolean } = {},
    effects = made.effects,
  ) =>
    enablePlugin(effects, made.plane, {
      name: "notes",
      token: made.token,
      pin: false,
      dry_run: false,
      ...more,
    });

  test("is to exactly what was shown; the refusal names the command", async () => {
    const made = copyOf(installed);
    const { shown, shown_digest, command } = await enable(made, { dry_run: true });
    expect(shown).toContain("adds entrypoint: modules/notes/main.py (python)");
    expect(command).toBe(`pkg plugin enable notes --yes ${shown_digest}`);
    await expect(enable(made)).rejects.toMatchObject({
      code: "PLUGIN_CONSENT_NEEDED",
      exit_code: 3,
      next_step: `Read the lines above, then run "${command}".`,
    });
    await expect(enable(made, { yes: `sha256:${"0".repeat(64)}` })).rejects.toMatchObject({
      code: "PLUGIN_CONSENT_STALE",
      exit_code: 3,
    });
    expect(made.record()["state"]).toBe("installed");
    const done = await enable(made, { yes: shown_digest ?? "" });
    expect(done).toMatchObject({ state: "enabled", previous_state: "installed", changed: true });
    expect(made.record()["grant"]).toMatchObject({
      shown_digest,
      version_range: "1.x",
      archive_hash: null,
      scopes: ["files.forbidden:data/notes/key", "files.read:data/notes/**"],
    });
    expect(made.events().at(-1)?.metadata).toMatchObject({ shown_digest });
  });

  test("is asked for where somebody sits before a terminal", async () => {
    const made = copyOf(installed);
    const questions: string[] = [];
    const answering = (answer: string) => ({
      ...made.effects,
      terminal: {
        interactive: true,
        ask: async (question: string) => {
          questions.push(question);
          return answer;
        },
      },
    });
    await expect(enable(made, {}, answering("no"))).rejects.toMatchObject({ code: "PLUGIN_CONSENT_NEEDED" });
    expect(questions[0]).toContain("adds read: data/notes/**");
    expect(await enable(made, {}, answering("yes"))).toMatchObject({ state: "enabled" });
  });

  test("is not asked for again where nothing is added", async () => {
    const made = copyOf(enabled);
    await disablePlugin(made.effects, made.plane, { name: "notes", token: made.token, reason: "a pause" });
    expect(made.record()).toMatchObject({ state: "disabled", reason: "a pause" });
    expect(await enable(made)).toMatchObject({ changed: true, state: "enabled" });
    expect(await enable(made)).toMatchObject({ changed: false, state: "enabled" });
  });
});
