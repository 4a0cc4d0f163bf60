/** Who may say what about a plugin: seals, the ledger, namespaces, the policy, and what lies where. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mayRun, policyDenials, readPlugins, requirePlugin } from "../../../src/grants/index.ts";
import { checkIntegrity } from "../../../src/integrity/index.ts";
import {
  disablePlugin,
  forgetPlugin,
  installPlugin,
  registerPlugin,
  undo,
  uninstallPlugin,
} from "../../../src/lifecycle/index.ts";
import { pluginList } from "../../../src/operations/plugin-list.ts";
import { policyCheck, policyWhy } from "../../../src/operations/policy.ts";
import { acceptPolicy } from "../../../src/provenance/index.ts";
import { copyOf, NOTES, type PluginPlane, pluginPlane } from "../../support/plugin-plane.ts";
import { writeTree } from "../../support/tree.ts";

const OTHER = "PKG-T2-OTHER-001";
const RECORD = ".holdfast/state/plugins/notes/state.json";
let base: PluginPlane;

beforeAll(async () => {
  base = await pluginPlane(mkdtempSync(join(tmpdir(), "holdfast-test-")));
  await base.packPlugin();
  await base.packPlugin({ id: OTHER, target: "modules/other" });
  rmSync(join(base.root, "modules"), { recursive: true, force: true });
  await base.install([NOTES]);
  await base.enable();
});
afterAll(() => rmSync(dirname(base.root), { recursive: true, force: true }));

const read = ({ root }: PluginPlane, path = RECORD): string => readFileSync(join(root, path), "utf8");
const codes = async (made: PluginPlane) =>
  (await checkIntegrity(made.effects, made.plane, { orphans: false })).findings
    .filter(({ code }) => code.startsWith("PLUGIN_"))
    .map(({ code, path, severity }) => `${code} ${path} ${severity}`);
const everyCommand = (made: PluginPlane) => [
  () => mayRun(made.effects, made.plane, "notes"),
  () => made.enable(),
  () => disablePlugin(made.effects, made.plane, { name: "notes", token: made.token, reason: "why" }),
  () => registerPlugin(made.effects, made.plane, { wanted: { id: NOTES }, token: made.token }),
  () => made.uninstall([NOTES]),
  () => pluginList.run({ effects: made.effects, root: made.root } as never, {}),
];

describe("a record", () => {
  test("is vouched for as the program wrote it", async () => {
    expect(await codes(copyOf(base))).toEqual([]);
  });

  test.each([
    ["edited", (text: string) => text.replace('"node"', '"agent"')],
    ["edited into no record", () => "{}"],
    ["cut", (text: string) => text.slice(0, -20)],
    ["with a member more", (text: string) => text.replace("{", '{"__proto__": {"state": "x"},')],
  ])("%s by hand is found, and refused by every command", async (_, edit) => {
    const made = copyOf(base);
    writeFileSync(join(made.root, RECORD), edit(read(made)));
    expect(await codes(made)).toEqual([`PLUGIN_RECORD_DAMAGED ${RECORD} error`]);
    for (const command of everyCommand(made).slice(0, 4))
      await expect(command()).rejects.toMatchObject({
        code: expect.stringMatching(/^PLUGIN_RECORD_DAMAGED$/),
        exit_code: 4,
      });
  });

  test("of earlier, put back with its seal, is found by the ledger", async () => {
    const made = copyOf(base);
    const enabled = read(made);
    await disablePlugin(made.effects, made.plane, { name: "notes", token: made.token, reason: "a breach" });
    writeFileSync(join(made.root, RECORD), enabled);
    expect(await codes(made)).toEqual([`PLUGIN_RECORD_DAMAGED ${RECORD} error`]);
    for (const command of everyCommand(made))
      await expect(command()).rejects.toMatchObject({ code: "PLUGIN_RECORD_DAMAGED" });
  });

  test("whose manifest was edited is refused; the cure it names leads back", async () => {
    const made = copyOf(base);
    const path = ".holdfast/state/plugins/notes/manifest.json";
    writeFileSync(join(made.root, path), read(made, path).replace("data/notes", "data/other"));
    expect(await codes(made)).toEqual([`PLUGIN_RECORD_DAMAGED ${path} error`]);
    await expect(mayRun(made.effects, made.plane, "notes")).rejects.toMatchObject({
      details: { cure: `rm -r .holdfast/state/plugins/notes && pkg plugin register ${NOTES}` },
    });
    rmSync(join(made.root, ".holdfast/state/plugins/notes"), { recursive: true });
    expect(await codes(made)).toEqual([`PLUGIN_RECORD_MISSING ${RECORD} error`]);
    await registerPlugin(made.effects, made.plane, { wanted: { id: NOTES }, token: made.token });
    expect(made.record()).toMatchObject({ state: "registered", grant: null });
    const runtime = async () => ({ host: "1.0.0", api: "1.0.0", node: "24.0.0", python: "3.11.0" });
    const done = await installPlugin(made.effects, made.plane, "notes", {
      token: made.token,
      dry_run: false,
      runtime,
    });
    expect(done).toMatchObject({ state: "installed", packages: [] });
    expect(await codes(made)).toEqual([]);
  });

  test("of another plugin, copied with its seal, is none of this one's", async () => {
    const made = copyOf(base);
    writeTree(made.root, {
      ".holdfast/state/plugins/twin/state.json": read(made),
      ".holdfast/state/plugins/twin/manifest.json": read(made, ".holdfast/state/plugins/notes/manifest.json"),
    });
    await expect(mayRun(made.effects, made.plane, "twin")).rejects.toMatchObject({
      code: "PLUGIN_RECORD_DAMAGED",
    });
  });

  test("whose package went by other means than pkg is found", async () => {
    const made = copyOf(base);
    rmSync(join(made.root, `installed/${NOTES}`), { recursive: true });
    expect(await codes(made)).toContain(`PLUGIN_NOT_INSTALLED ${RECORD} error`);
  });
});

describe("a namespace", () => {
  test("belongs to one package until it is given up", async () => {
    const made = copyOf(base);
    const refused = {
      code: "PLUGIN_NAMESPACE_TAKEN",
      exit_code: 3,
      details: { owner: NOTES, package_id: OTHER },
    };
    await expect(made.install([OTHER])).rejects.toMatchObject(refused);
    await expect(
      registerPlugin(made.effects, made.plane, { wanted: { id: OTHER }, token: made.token }),
    ).rejects.toMatchObject(refused);
    const forget = () => forgetPlugin(made.effects, made.plane, { name: "notes", token: made.token });
    await expect(forget()).rejects.toMatchObject({ code: "PLUGIN_TRANSITION" });
    await uninstallPlugin(made.effects, made.plane, "notes", {
      token: made.token,
      dry_run: false,
      purge: false,
      accept_drift: false,
    });
    expect(made.record()).toMatchObject({ state: "registered", grant: null });
    await expect(made.install([OTHER])).rejects.toMatchObject(refused);
    await forget();
    expect(made.events().at(-1)?.metadata).toMatchObject({ state: null, record_digest: null });
    await made.install([OTHER]);
    expect(made.record()).toMatchObject({ package_id: OTHER, state: "installed" });
    expect(await codes(made)).toEqual([]);
  });

  test("is one of a kind, dots and all", async () => {
    const made = copyOf(base);
    for (const [id, namespace] of [
      ["PKG-T2-AB-001", "a.b"],
      ["PKG-T2-A-001", "a"],
    ] as const) {
      await made.packPlugin({
        id,
        plugin: { namespace, permissions: {} },
        target: `modules/${id.toLowerCase()}`,
      });
      await registerPlugin(made.effects, made.plane, { wanted: { id }, token: made.token });
    }
    expect(readPlugins(made.effects, made.plane).map(({ record }) => record.namespace)).toEqual([
      "a",
      "a.b",
      "notes",
    ]);
    for (const name of ["../notes", "a/../notes", "", "a.", "__proto__", "state.json"])
      expect(() => requirePlugin(made.effects, made.plane, name)).toThrow(
        expect.objectContaining({ code: "PLUGIN_NOT_FOUND" }),
      );
    const { result } = await pluginList.run({ effects: made.effects, root: made.root } as never, {});
    expect(result.plugins.every(({ profile }) => profile.length > 0)).toBe(true);
  });

  test("of an install that is undone is free again", async () => {
    const made = copyOf(base);
    await made.packPlugin({
      id: "PKG-T2-C-001",
      plugin: { namespace: "c", permissions: {} },
      target: "modules/c",
    });
    rmSync(join(made.root, "modules/c"), { recursive: true, force: true });
    await made.install(["PKG-T2-C-001"]);
    await undo(made.effects, made.plane, { token: made.token, dry_run: false, accept_drift: false });
    expect(() => requirePlugin(made.effects, made.plane, "c")).toThrow(
      expect.objectContaining({ code: "PLUGIN_NOT_FOUND" }),
    );
    expect(await codes(made)).toEqual([]);
  });

  test("is of a plugin: a package without one is refused", async () => {
    const made = copyOf(base);
    writeTree(made.root, {
      "src/lib/holdfast.toml": 'id = "PKG-T1-LIB-001"\nversion = "1.0.0"\n',
      "src/lib/x.py": "",
    });
    await made.pack("src/lib");
    const runtime = async () => ({ host: "1.0.0", api: "1.0.0", node: "24.0.0", python: "3.11.0" });
    const refused = { code: "PLUGIN_SECTION_MISSING", exit_code: 3 };
    await expect(
      registerPlugin(made.effects, made.plane, { wanted: { id: "PKG-T1-LIB-001" }, token: made.token }),
    ).rejects.toMatchObject(refused);
    await expect(
      installPlugin(made.effects, made.plane, "PKG-T1-LIB-001", {
        token: made.token,
        dry_run: false,
        runtime,
      }),
    ).rejects.toMatchObject(refused);
  });
});

describe("what the operator says", () => {
  test("a trusted root is named by the plane's configuration alone", async () => {
    const made = copyOf(base);
    await made.packPlugin({
      id: "PKG-T2-D-001",
      plugin: { namespace: "d", permissions: {} },
      target: "lib/d",
    });
    rmSync(join(made.root, "lib"), { recursive: true, force: true });
    await expect(made.install(["PKG-T2-D-001"])).rejects.toMatchObject({
      code: "PLUGIN_ROOT_UNTRUSTED",
      exit_code: 3,
      details: { roots: ["modules", "plugins"] },
    });
    writeFileSync(
      join(made.root, "config/plane.toml"),
      `plugin_roots = ["modules", "lib"]\n${read(made, "config/plane.toml")}`,
    );
    const again = copyOf(made);
    await again.install(["PKG-T2-D-001"]);
    expect(again.record("d")).toMatchObject({ state: "installed" });
    // Taken back, it holds for what is installed already.
    writeFileSync(join(again.root, "config/plane.toml"), read(base, "config/plane.toml"));
    await expect(copyOf(again).enable("d")).rejects.toMatchObject({ code: "PLUGIN_ROOT_UNTRUSTED" });
  });

  test("the policy in force refuses to enable and to run, and is explained by its line", async () => {
    const made = copyOf(base);
    const context = { effects: made.effects, root: made.root } as never;
    const text = '[organisation.permissions]\nkinds = ["agent"]\nfiles_read = ["modules/**"]\n';
    writeFileSync(join(made.root, "config/policy.toml"), text);
    await acceptPolicy(made.effects, made.plane, "ann");
    await expect(mayRun(made.effects, made.plane, "notes")).rejects.toMatchObject({
      code: "PLUGIN_POLICY_DENIED",
      exit_code: 3,
      details: { scope: "kind:node", line: 2 },
      next_step: expect.stringContaining(`pkg policy why ${NOTES}`),
    });
    const why = await policyWhy.run(context, { name: NOTES });
    expect(why.exit_code).toBe(1);
    expect(policyWhy.text(why.result, { name: NOTES })).toBe(
      [
        "denied   kind:node: line 2, kinds of organisation",
        "allowed  runtime:python: no rule speaks of it",
        "denied   files.read:data/notes/**: line 3, files_read of organisation",
        `config/policy.toml denies 2 thing(s) that notes (${NOTES}) asks for`,
        "",
      ].join("\n"),
    );
    const { asked } = requirePlugin(made.effects, made.plane, "notes");
    expect(await policyDenials(made.effects, made.plane, asked)).toHaveLength(2);
    await disablePlugin(made.effects, made.plane, { name: "notes", token: made.token, reason: "why" });
    await expect(made.enable()).rejects.toMatchObject({ code: "PLUGIN_POLICY_DENIED" });
    writeFileSync(join(made.root, "config/policy.toml"), `${text}[plane.permissions]\nkinds = ["node"]\n`);
    await expect(policyCheck.run(context, {})).rejects.toMatchObject({
      code: "POLICY_LOOSENED",
      exit_code: 4,
      details: { line: 5, upper_line: 2 },
    });
  });
});
