/** Two processes at once, and one that dies: a plugin is in one state, and the ledger says the same. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodeFileSystem } from "../../../src/effects/node/file-system.ts";
import { crashingFileSystem } from "../../../src/effects/sim/crashing-file-system.ts";
import { requirePlugin } from "../../../src/grants/index.ts";
import { enablePlugin } from "../../../src/lifecycle/index.ts";
import { writing } from "../../../src/plane/index.ts";
import { copyOf, NOTES, type PluginPlane, pluginPlane } from "../../support/plugin-plane.ts";

let base: PluginPlane;
let digest: string;

beforeAll(async () => {
  base = await pluginPlane(mkdtempSync(join(tmpdir(), "holdfast-test-")));
  await base.packPlugin();
  rmSync(join(base.root, "modules"), { recursive: true, force: true });
  await base.install([NOTES]);
  const request = { name: "notes", token: base.token, pin: false, dry_run: true };
  digest = (await enablePlugin(base.effects, base.plane, request)).shown_digest ?? "";
});
afterAll(() => rmSync(dirname(base.root), { recursive: true, force: true }));

const PROGRAM = fileURLToPath(new URL("../../support/plugin-process.ts", import.meta.url));

/** @returns exit code, or the signal that ended it */
const inProcess = (made: PluginPlane, command: "enable" | "disable", failpoints?: string) =>
  new Promise<number | string | null>((resolve) => {
    const job = {
      folder: dirname(made.root),
      token: made.token,
      command,
      ...(failpoints === undefined ? {} : { failpoints }),
    };
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify(job)], { stdio: "ignore" });
    child.once("exit", (code, signal) => resolve(signal ?? code));
  });

/** Recovers, and holds the record against its seal, the ledger, and the events there are. */
async function settled(made: PluginPlane): Promise<string> {
  await writing(made.effects, made.plane, { user: "test" }, async () => undefined);
  const { record } = requirePlugin(made.effects, made.plane, "notes");
  const events = made.events().map(({ event_type }) => event_type);
  expect(events).toEqual(
    record.state === "enabled" ? ["plugin.installed", "plugin.activated"] : ["plugin.installed"],
  );
  expect(record.grant === null).toBe(record.state !== "enabled");
  return record.state;
}

describe("two processes", () => {
  test("that enable and disable at once leave one of the two states and two events", async () => {
    const seen = new Set<unknown>();
    for (let round = 0; round < 3; round++) {
      const made = copyOf(base);
      const codes = await Promise.all([inProcess(made, "enable"), inProcess(made, "disable")]);
      expect(codes).toEqual([0, 0]);
      const events = made.events().slice(1);
      expect(events.map(({ event_type }) => event_type).sort()).toEqual([
        "plugin.activated",
        "plugin.deactivated",
      ]);
      const { state } = requirePlugin(made.effects, made.plane, "notes").record;
      expect(state).toBe(events.at(-1)?.metadata["state"]);
      expect(["enabled", "disabled"]).toContain(state);
      seen.add(state);
    }
    expect(seen.size).toBeGreaterThan(0);
  });
});

describe("a process that dies while it enables", () => {
  test.each([
    ["activate.state.rename=kill", "installed"],
    ["activate.staged.write=torn", "installed"],
    ["commit.journal.write=kill", "installed"],
    ["settle.ledger.write=kill", "enabled"],
    ["settle.ledger.write=torn", "enabled"],
  ])("at %s leaves it %s", async (failpoints, state) => {
    const made = copyOf(base);
    expect(await inProcess(made, "enable", failpoints)).toBe("SIGKILL");
    expect(await settled(made)).toBe(state);
    await made.enable();
    expect(await settled(made)).toBe("enabled");
  });

  test("before any of its changes leaves it as it was or enabled, never between", async () => {
    const request = { name: "notes", token: base.token, pin: false, dry_run: false, yes: digest };
    const counting = crashingFileSystem(nodeFileSystem, Number.POSITIVE_INFINITY, { kind: "crash" });
    const counted = copyOf(base);
    await enablePlugin({ ...counted.effects, fs: counting.fs }, counted.plane, request);
    const states = new Map<string, number>();
    for (let at = 0; at < counting.changes(); at += 4) {
      const made = copyOf(base);
      const { fs } = crashingFileSystem(nodeFileSystem, at, { kind: "crash" }, at % 8 === 0);
      await enablePlugin({ ...made.effects, fs }, made.plane, request).catch(() => undefined);
      const state = await settled(made);
      states.set(state, (states.get(state) ?? 0) + 1);
    }
    expect([...states.keys()].sort()).toEqual(["enabled", "installed"]);
  });
});
