import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ALLOWED, COMMANDS, type Command } from "../../../src/grants/transitions.ts";
import {
  disablePlugin,
  installPlugin,
  registerPlugin,
  uninstallPlugin,
} from "../../../src/lifecycle/index.ts";
import { copyOf, NOTES, type PluginPlane, pluginPlane } from "../../support/plugin-plane.ts";

const STATES = [null, "registered", "installed", "enabled", "disabled"] as const;
type State = (typeof STATES)[number];

const runtime = async () => ({ host: "1.0.0", api: "1.0.0", node: "24.0.0", python: "3.11.0" });

const RUN: Record<Command, (made: PluginPlane) => Promise<{ changed: boolean; state: string }>> = {
  register: ({ effects, plane, token }) => registerPlugin(effects, plane, { wanted: { id: NOTES }, token }),
  install: ({ effects, plane, token }) =>
    installPlugin(effects, plane, NOTES, { token, dry_run: false, runtime }),
  enable: (made) => made.enable(),
  disable: ({ effects, plane, token }) =>
    disablePlugin(effects, plane, { name: "notes", token, reason: "manual_disable" }),
  uninstall: ({ effects, plane, token }) =>
    uninstallPlugin(effects, plane, "notes", { token, dry_run: false, purge: false, accept_drift: false }),
};

const WAY: Record<Exclude<State, null>, readonly Command[]> = {
  registered: ["register"],
  installed: ["install"],
  enabled: ["install", "enable"],
  disabled: ["install", "disable"],
};

/** Result, events and exit code of each command in each state: the facts' table, and what a repeated command does. */
const TABLE: Record<string, Record<Command, string>> = {
  unknown: {
    register: "registered plugin.registered",
    install: "installed plugin.installed",
    enable: "PLUGIN_NOT_FOUND 1",
    disable: "PLUGIN_NOT_FOUND 1",
    uninstall: "PLUGIN_NOT_FOUND 1",
  },
  registered: {
    register: "registered unchanged",
    install: "installed plugin.installed",
    enable: "PLUGIN_TRANSITION 3",
    disable: "PLUGIN_TRANSITION 3",
    uninstall: "registered unchanged",
  },
  installed: {
    register: "installed unchanged",
    install: "installed unchanged",
    enable: "enabled plugin.activated",
    disable: "disabled plugin.deactivated",
    uninstall: "registered plugin.uninstalled",
  },
  enabled: {
    register: "enabled unchanged",
    install: "PLUGIN_TRANSITION 3",
    enable: "enabled unchanged",
    disable: "disabled plugin.deactivated",
    uninstall: "registered plugin.uninstalled",
  },
  disabled: {
    register: "disabled unchanged",
    install: "installed plugin.installed",
    enable: "enabled plugin.activated",
    disable: "disabled unchanged",
    uninstall: "registered plugin.uninstalled",
  },
};

async function said(made: PluginPlane, command: Command): Promise<string> {
  const before = made.events().length;
  try {
    const { state, changed } = await RUN[command](made);
    const events = made.events().slice(before);
    if (!changed) return events.length === 0 ? `${state} unchanged` : `${state} unchanged, with events`;
    const [event] = events;
    expect(events.length).toBe(1);
    expect(event?.metadata).toMatchObject({ namespace: "notes", package_id: NOTES, version: "1.0.0", state });
    return `${state} ${event?.event_type}`;
  } catch (error) {
    expect(made.events().length).toBe(before);
    const { code, exit_code } = error as { code: string; exit_code: number };
    return `${code} ${exit_code}`;
  }
}

describe("every command in every state", () => {
  test.each(STATES.map((state) => [state ?? "unknown", state] as const))("%s", async (name, state) => {
    const first = await pluginPlane();
    await first.packPlugin();
    rmSync(join(first.root, "modules"), { recursive: true, force: true });
    for (const step of state === null ? [] : WAY[state]) await RUN[step](first);
    for (const command of COMMANDS) {
      const made = copyOf(first);
      const was = state === null ? null : made.record()["state"];
      expect(was).toBe(state);
      const outcome = await said(made, command);
      expect(`${command}: ${outcome}`).toBe(`${command}: ${TABLE[name]?.[command]}`);
      const after = outcome.split(" ")[0] ?? "";
      if (state === null || after === state || !Object.hasOwn(ALLOWED, after)) continue;
      expect(ALLOWED[state]).toContain(after);
    }
  });

  test("a refusal names the command that leads on", async () => {
    const made = await pluginPlane();
    await made.packPlugin();
    await RUN.register(made);
    await expect(RUN.enable(made)).rejects.toMatchObject({
      code: "PLUGIN_TRANSITION",
      next_step: 'Run "pkg plugin install notes".',
    });
    await RUN.install(made);
    await made.enable();
    await expect(RUN.install(made)).rejects.toMatchObject({ next_step: 'Run "pkg plugin disable notes".' });
  });
});
