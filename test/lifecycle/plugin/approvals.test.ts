import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mayRun } from "../../../src/grants/index.ts";
import { revokeToken } from "../../../src/keys/index.ts";
import { approvePlugin, enablePlugin, reviewPlugins, undo } from "../../../src/lifecycle/index.ts";
import { pluginInspect, pluginList } from "../../../src/operations/plugin-list.ts";
import { pluginEnable } from "../../../src/operations/plugin-states.ts";
import { secretOf } from "../../../src/plane/index.ts";
import { explain } from "../../../src/trace/index.ts";
import { copyOf, NOTES, type PluginPlane, pluginPlane } from "../../support/plugin-plane.ts";

const DAY_MS = 86_400_000;
let base: PluginPlane;
let bob: string;

beforeAll(async () => {
  base = await pluginPlane(mkdtempSync(join(tmpdir(), "holdfast-test-")));
  await base.packPlugin({
    plugin: {
      permissions: { subprocess: true },
      elevated: [{ permission: "subprocess", reason: "it runs git on your notes" }],
    },
  });
  rmSync(join(base.root, "modules"), { recursive: true, force: true });
  await base.install([NOTES]);
  bob = await base.tokenFor("bob");
});
afterAll(() => rmSync(dirname(base.root), { recursive: true, force: true }));

const approve = (
  made: PluginPlane,
  token: string,
  more: { days?: number; expires?: string } = { days: 30 },
  effects = made.effects,
) => approvePlugin(effects, made.plane, { name: "notes", reason: "reviewed in audit 12", token, ...more });

async function enabledWithApproval(): Promise<PluginPlane> {
  const made = copyOf(base);
  await approve(made, bob);
  await made.enable();
  return made;
}

async function listed(made: PluginPlane, effects = made.effects) {
  const { result } = await pluginList.run({ effects, root: made.root } as never, {});
  return result.plugins[0];
}

describe("what is above the profile", () => {
  test("is enabled only with the approval of another person", async () => {
    const made = copyOf(base);
    await expect(made.enable()).rejects.toMatchObject({
      code: "PLUGIN_APPROVAL_MISSING",
      exit_code: 3,
      details: { scopes: ["subprocess"], why: "approval_missing" },
    });
    await approve(made, made.token);
    await expect(made.enable()).rejects.toMatchObject({ code: "PLUGIN_APPROVAL_SELF", exit_code: 3 });
    await approve(made, bob);
    const done = await made.enable();
    expect(done.shown.join("\n")).toContain(
      'above the profile of a node: subprocess: programs of its own, because "it runs git on your notes"',
    );
    expect(done.shown.join("\n")).toContain("approved by bob until");
    expect((await mayRun(made.effects, made.plane, "notes")).scopes).toEqual(["subprocess"]);
    await expect(approve(made, made.token)).rejects.toMatchObject({ code: "PLUGIN_APPROVAL_SELF" });
  });

  test("is shown by a dry run before anybody approved, without a digest to agree to", async () => {
    const made = copyOf(base);
    const context = { effects: made.effects, root: made.root, token: made.token } as never;
    const input = { name: "notes", pin: false, dry_run: true };
    const { result, exit_code } = await pluginEnable.run(context, input);
    expect({ ...result, exit_code }).toMatchObject({
      exit_code: 3,
      state: "installed",
      changed: false,
      command: null,
      missing: { code: "PLUGIN_APPROVAL_MISSING" },
    });
    const text = pluginEnable.text(result, input);
    expect(text).toContain("above the profile of a node: subprocess");
    expect(text).toContain(
      "Not yet: notes asks for subprocess, which nobody approves now (approval_missing)",
    );
    expect(text).toContain('next:  Have a second person run "pkg plugin approve notes');
    expect(text).not.toContain("To agree");
    await approve(made, bob);
    const after = await pluginEnable.run(context, input);
    expect(after).toMatchObject({ exit_code: 0, result: { state: "enabled", missing: null } });
    expect(after.result.shown_digest).not.toBe(result.shown_digest);
  });

  test("is approved with an end within a year, and only where it is needed", async () => {
    const made = copyOf(base);
    for (const end of [
      {},
      { days: 1, expires: "2030-01-01" },
      { expires: "2020-01-01" },
      { expires: "2099-01-01" },
    ])
      await expect(approve(made, bob, end)).rejects.toMatchObject({
        code: "PLUGIN_APPROVAL_DATE",
        exit_code: 2,
      });
    await made.packPlugin({
      id: "PKG-T2-PLAIN-001",
      plugin: { namespace: "plain", permissions: {} },
      target: "modules/plain",
    });
    rmSync(join(made.root, "modules/plain"), { recursive: true, force: true });
    await made.install(["PKG-T2-PLAIN-001"]);
    await expect(
      approvePlugin(made.effects, made.plane, { name: "plain", reason: "not needed", token: bob, days: 3 }),
    ).rejects.toMatchObject({ code: "PLUGIN_APPROVAL_NEEDLESS" });
    const maintainer = await made.tokenFor("carol", "maintainer");
    await expect(approve(made, maintainer)).rejects.toMatchObject({ code: "AUTH_ROLE" });
  });

  test("is traceable to the person, the reason and the entry", async () => {
    const made = await enabledWithApproval();
    for (const subject of ["notes", NOTES]) {
      const report = await explain(made.effects, made.plane, subject);
      const says = report.statements.filter(({ about }) => about.startsWith("/plugins"));
      expect(says.map((one) => one.says)).toContainEqual(
        expect.stringMatching(
          /^bob approved subprocess: programs of its own until .*: reviewed in audit 12$/,
        ),
      );
      const evidence = says.find(({ about }) => about.includes("approvals"))?.evidence ?? [];
      expect(evidence.map(({ path }) => path)).toEqual([
        "ledger/governance.jsonl",
        ".holdfast/state/plugins/notes/state.json",
      ]);
      expect(evidence[0]?.key).toMatch(/^LED-/);
    }
    const { result } = await pluginInspect.run({ effects: made.effects, root: made.root } as never, {
      name: "notes",
    });
    expect(result.approvals).toMatchObject([{ approved_by: "bob", in_force: true }]);
  });
});

describe("an approval that ends", () => {
  const after = (made: PluginPlane, days: number) => made.at(Date.now() + days * DAY_MS);

  test("disables at once, and a review writes it down with one event", async () => {
    const made = await enabledWithApproval();
    const later = after(made, 31);
    expect(await listed(made)).toMatchObject({ state: "enabled", effective_state: "enabled" });
    expect(await listed(made, later)).toMatchObject({
      state: "enabled",
      effective_state: "disabled",
      reason: "approval_expired",
    });
    await expect(mayRun(later, made.plane, "notes")).rejects.toMatchObject({
      code: "PLUGIN_NOT_ENABLED",
      details: { state: "disabled", reason: "approval_expired" },
      next_step: expect.stringContaining("pkg plugin approve notes"),
    });
    const review = () => reviewPlugins(later, made.plane, { token: made.token });
    const before = made.events().length;
    expect(await review()).toMatchObject({
      reviewed: 1,
      disabled: [{ namespace: "notes", reason: "approval_expired" }],
    });
    expect(made.events().slice(before)).toMatchObject([
      {
        event_type: "plugin.deactivated",
        metadata: { previous_state: "enabled", state: "disabled", reason: "approval_expired" },
      },
    ]);
    expect(await review()).toMatchObject({ disabled: [], transaction_id: null });
    await undo(later, made.plane, { token: made.token, dry_run: false, accept_drift: false });
    expect(made.record()).toMatchObject({ state: "enabled" });
    expect(await listed(made, later)).toMatchObject({ effective_state: "disabled" });
    expect(await review()).toMatchObject({ disabled: [{ namespace: "notes" }] });
    // Time that runs backwards revives nothing.
    await expect(mayRun(made.effects, made.plane, "notes")).rejects.toMatchObject({
      code: "PLUGIN_NOT_ENABLED",
    });
  });

  test("needs a new approval and somebody who enables again", async () => {
    const made = await enabledWithApproval();
    const later = after(made, 31);
    await approve(made, bob, { days: 30 }, later);
    expect(made.record()).toMatchObject({ state: "disabled", reason: "approval_expired" });
    await enablePlugin(later, made.plane, { name: "notes", token: made.token, pin: false, dry_run: false });
    expect((await mayRun(later, made.plane, "notes")).record.state).toBe("enabled");
  });

  test("ends with the token of who gave it", async () => {
    const made = copyOf(base);
    const dora = await made.tokenFor("dora");
    await approve(made, dora);
    await made.enable();
    const found = secretOf(made.effects, made.plane);
    await revokeToken(made.effects, found, { user: "dora" });
    expect(await listed(made)).toMatchObject({ effective_state: "disabled", reason: "approver_revoked" });
    await expect(made.enable()).rejects.toMatchObject({
      code: "PLUGIN_APPROVAL_MISSING",
      details: { why: "approver_revoked" },
    });
    expect(await reviewPlugins(made.effects, made.plane, { token: made.token })).toMatchObject({
      disabled: [{ reason: "approver_revoked" }],
    });
    await approve(made, bob);
    await made.enable();
    expect(await listed(made)).toMatchObject({ effective_state: "enabled" });
  });
});
