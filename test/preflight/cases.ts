/** For every code of preflight the smallest subject that brings it about, where it is shown, and what the next step comes to. */
import { symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { broken, exchanged, GOOD, GOOD_FILES, ID, MARK } from "./good.ts";
import type { Scene } from "./scene.ts";

export interface Case {
  readonly code: string;
  /** Files of the source besides the good ones; `⟦` stands where the finding is expected. */
  readonly files?: Readonly<Record<string, string | null>>;
  /** Pointer in the terms of the file. */
  readonly field?: string;
  /** What stands in the plane. Such a case has a plane of its own. */
  readonly plane?: (scene: Scene, folder: string) => Promise<void> | void;
  /** What the next step says, in part. */
  readonly step: string;
  /** Files after a person did what the next step says; the good ones where it is left out. */
  readonly mended?: Readonly<Record<string, string | null>>;
  /** The next step names commands: they are run as they stand, each `"pkg …"`. */
  readonly run?: (step: string, scene: Scene, folder: string) => Promise<void>;
  /** `install`: an archive with the same manifest is refused by an install · `pack`: no archive can be made · `advice`: nobody is refused. */
  readonly refused: "install" | "pack" | "advice";
  /** What is judged, where it is no source: an archive of it that was packed, or one from elsewhere. */
  readonly archive?: "packed" | "forged";
  /** The manifest as an archive carries it, where it cannot be made from the source. */
  readonly packed?: string;
}

const withToml = (text: string): Record<string, string> => ({ "holdfast.toml": text });

/** Runs every command a next step quotes. */
async function follow(step: string, { pkg }: Scene): Promise<void> {
  const commands = [...step.matchAll(/"pkg ([^"]*)"/g)].map(([, words = ""]) => words.split(" "));
  for (const words of commands) {
    const ran = await pkg(...words);
    if (ran.status !== 0) throw new Error(`pkg ${words.join(" ")}: ${ran.stdout}${ran.stderr}`);
  }
}

const library = (id: string, more = ""): string =>
  `id = "${id}"\nversion = "1.0.0"\nlicense = "MIT"\n${more}`;

/** Packs, and perhaps installs, a package of the plane. */
async function have({ pkg, put }: Scene, name: string, toml: string, is_installed: boolean): Promise<void> {
  put({ [`src/${name}/holdfast.toml`]: toml, [`src/${name}/x.py`]: `${name} = 1\n` });
  const packed = await pkg("pack", "--src", `src/${name}`);
  const id = /id = "([^"]+)"/.exec(toml)?.[1] ?? "";
  const installed = is_installed ? await pkg("install", id) : packed;
  if (packed.status + installed.status !== 0) throw new Error(packed.stderr + installed.stderr);
}

const GENERATION = (more: string): string =>
  `{\n  "manifestVersion": "v2",\n  "namespace": "notes",\n  "schemaVersion": "1.0.0",\n  "remVersionRange": "^1.0.0",\n  "description": "Writes daily notes."${more}\n}\n`;

/** What an older manifest cannot say stands beside it. */
const OF_GENERATION = `id = "${ID}"
license = "MIT"
target = "modules/notes"

[[health.checks]]
id = "there"
kind = "file"
path = "modules/notes/main.py"
`;

const MANIFEST: readonly Case[] = [
  {
    code: "METADATA_SYNTAX",
    files: withToml(exchanged(GOOD, 'tier = "T1"', "tier = ⟦T1")),
    field: "/",
    step: "Correct holdfast.toml at line 3",
    refused: "install",
    packed: '{ "schema_version": "2.0", ⟦',
  },
  {
    code: "METADATA_INVALID",
    files: broken('version = "1.0.0"', 'version = ⟦"one"'),
    field: "/version",
    step: "Correct /version in holdfast.toml at line 2",
    refused: "install",
  },
  {
    code: "METADATA_FIELD_UNKNOWN",
    files: broken('kind = "node"', '⟦knid = "node"'),
    field: "/plugin/knid",
    step: "Rename /plugin/knid to kind",
    refused: "install",
  },
  {
    code: "METADATA_KEY_DUPLICATE",
    files: {
      "holdfast.toml": null,
      "manifest.json": `{\n  "package_id": "${ID}",\n  "version": "1.0.0",\n  ⟦"version": "2.0.0",\n  "license": "MIT"\n}\n`,
    },
    field: "/version",
    step: "Keep one of the keys in manifest.json at line 4",
    mended: {
      "holdfast.toml": null,
      "manifest.json": `{\n  "package_id": "${ID}",\n  "version": "2.0.0",\n  "license": "MIT"\n}\n`,
    },
    refused: "install",
    packed: `{\n  "schema_version": "2.0",\n  "package_id": "${ID}",\n  "name": "notes",\n  "version": "1.0.0",\n  "version": "2.0.0",\n  "tier": "T1",\n  "package_type": "library",\n  "plane_id": "ho3",\n  "assets": ASSETS\n}\n`,
  },
  {
    code: "METADATA_DUPLICATE",
    files: broken('requires = ["actions"]', 'requires = ["actions", ⟦"actions"]'),
    field: "/plugin/requires/1",
    step: "Rename or remove /plugin/requires/1",
    refused: "install",
  },
  {
    code: "METADATA_TOO_LARGE",
    files: withToml(`⟦${GOOD}# ${"x".repeat(4 << 20)}\n`),
    field: "/",
    step: "Make holdfast.toml smaller",
    refused: "pack",
  },
  {
    code: "METADATA_CONFLICT",
    files: {
      "package.json": '{\n  "name": "notes",\n  "version": "1.1.0",\n  "holdfast": {}\n}\n',
      "holdfast.toml": exchanged(GOOD, 'version = "1.0.0"', 'version = ⟦"1.0.0"'),
    },
    field: "/version",
    step: "Keep one value of /version in",
    mended: { "package.json": null },
    refused: "pack",
  },
  {
    code: "METADATA_ID_MISSING",
    files: withToml(exchanged(GOOD, `id = "${ID}"\n`, "")),
    step: "--id PKG-T1-NAME-001",
    refused: "pack",
  },
  {
    code: "RANGE_INVALID",
    files: broken('host = "^1.0.0"', 'host = ⟦"newest"'),
    field: "/compat/host",
    step: "Write /compat/host as a semver range",
    refused: "install",
  },
  {
    code: "TIER_DIRECTION",
    files: withToml(`${GOOD}\n[[dependencies]]\nid = ⟦"PKG-T3-REPORTS-001"\nrange = "^1.0.0"\n`),
    field: "/dependencies/0/id",
    plane: (at) => have(at, "reports", library("PKG-T3-REPORTS-001", 'tier = "T3"\n'), false),
    step: "Remove the dependency on PKG-T3-REPORTS-001",
    refused: "install",
  },
  {
    code: "PLANE_CAPABILITY_MISSING",
    files: broken('requires = ["actions"]', 'requires = [⟦"teleport"]'),
    field: "/plugin/requires/0",
    step: 'Remove "teleport" from plugin.requires',
    mended: broken('requires = ["actions"]', "requires = []"),
    refused: "install",
  },
  {
    code: "ELEVATION_MISSING",
    files: broken(
      "[plugin.permissions.files]",
      '[plugin.permissions]\nnetwork = [⟦"api.example.org"]\n\n[plugin.permissions.files]',
    ),
    field: "/plugin/permissions/network/0",
    step: 'Add { permission = "network:api.example.org", reason = ',
    mended: broken(
      "[plugin.permissions.files]",
      '[[plugin.elevated]]\npermission = "network:api.example.org"\nreason = "fetches the daily rates"\n\n[plugin.permissions]\nnetwork = ["api.example.org"]\n\n[plugin.permissions.files]',
    ),
    refused: "install",
  },
  {
    code: "ELEVATION_NEEDLESS",
    files: withToml(
      `${GOOD}\n[[plugin.⟦elevated]]\npermission = "network:api.example.org"\nreason = "used to fetch rates"\n`,
    ),
    field: "/plugin/elevated/0",
    step: "--fix",
    run: follow,
    refused: "install",
  },
];

const PLUGIN: readonly Case[] = [
  {
    code: "PLUGIN_CAPABILITY_UNBACKED",
    files: {
      "holdfast.toml": exchanged(
        exchanged(GOOD, 'capability = ["actions", "config", ', 'capability = ["actions", ⟦"config", '),
        '[plugin.config]\nschema = { type = "object", properties = { port = { type = "integer" } } }\ndefaults = { port = 80 }\n',
        "",
      ),
    },
    field: "/plugin/capability/1",
    step: "Write the section config or remove /plugin/capability/1",
    refused: "install",
  },
  {
    code: "PLUGIN_SECTION_UNDECLARED",
    files: {
      "holdfast.toml": exchanged(
        exchanged(GOOD, ', "probes"]', "]"),
        "[[plugin.probes]]",
        "[[plugin.⟦probes]]",
      ),
    },
    field: "/plugin/probes",
    step: 'Add "probes" to capability',
    refused: "install",
  },
  {
    code: "PLUGIN_SECTION_LATER",
    files: withToml(`${GOOD}\n[[plugin.⟦templates]]\nid = "daily"\n`),
    field: "/plugin/templates",
    step: "Remove /plugin/templates",
    refused: "install",
  },
  {
    code: "PLUGIN_GENERATION_UNKNOWN",
    files: { "holdfast.toml": null, "manifest.json": GENERATION("").replace('"v2"', '⟦"v3"') },
    field: "/manifestVersion",
    step: 'Write the plugin as "pkg new" does',
    mended: { "manifest.json": null },
    refused: "pack",
  },
  {
    code: "PLUGIN_FIELD_DEAD",
    files: {
      "holdfast.toml": OF_GENERATION,
      "manifest.json": GENERATION(',\n  "lifecycle": { ⟦"defaultEnabled": true }'),
    },
    field: "/lifecycle/defaultEnabled",
    step: "Delete /lifecycle/defaultEnabled",
    mended: { "holdfast.toml": OF_GENERATION, "manifest.json": GENERATION("") },
    refused: "pack",
  },
  {
    code: "PLUGIN_PERMISSION_UNDECLARED",
    files: broken('title = "Echo"', 'title = "Echo"\npermissions = [⟦"tool:shout"]'),
    field: "/plugin/actions/0/permissions/0",
    step: "or remove it at",
    refused: "install",
  },
  {
    code: "PLUGIN_ACTION_UNKNOWN",
    files: broken('action = "echo"', 'action = ⟦"ecko"'),
    field: "/plugin/probes/0/action",
    step: "Name an action of the plugin",
    refused: "install",
  },
  {
    code: "PLUGIN_SCHEMA_INVALID",
    files: broken('output = { type = "object" }', 'output = { type = ⟦"objekt" }'),
    field: "/plugin/actions/0/output/type",
    step: "Correct the schema in holdfast.toml",
    refused: "install",
  },
  {
    code: "PLUGIN_EXAMPLE_INVALID",
    files: broken('examples]]\ninput = { text = "a" }', "examples]]\ninput = { text = ⟦1 }"),
    field: "/plugin/actions/0/examples/0/input/text",
    step: "Correct the example or the schema",
    refused: "install",
  },
  {
    code: "PLUGIN_PROBE_INVALID",
    files: broken('action = "echo"\ninput = { text = "a" }', 'action = "echo"\ninput = { text = ⟦1 }'),
    field: "/plugin/probes/0/input/text",
    step: "Correct the input of the probe",
    refused: "install",
  },
  {
    code: "PLUGIN_DEFAULT_INVALID",
    files: broken("defaults = { port = 80 }", 'defaults = { port = ⟦"80" }'),
    field: "/plugin/config/defaults/port",
    step: "Correct the default",
    refused: "install",
  },
  {
    code: "PLUGIN_SECRET_DEFAULT",
    files: {
      "holdfast.toml": exchanged(
        exchanged(GOOD, 'port = { type = "integer" }', 'port = { type = "integer", "x-secret" = true }'),
        "port = 80",
        "⟦port = 80",
      ),
    },
    field: "/plugin/config/defaults/port",
    step: "the operator names the secret",
    refused: "install",
  },
  {
    code: "PLUGIN_ENTRYPOINT_PATH",
    files: broken('entrypoint = "main.py"', 'entrypoint = ⟦"../main.py"'),
    field: "/plugin/entrypoint",
    step: "Name a file of the plugin's own folder",
    refused: "install",
  },
  {
    code: "PLUGIN_ENTRYPOINT_MISSING",
    files: broken('entrypoint = "main.py"', 'entrypoint = ⟦"absent.py"'),
    field: "/plugin/entrypoint",
    step: "Create the file or correct the entrypoint",
    refused: "install",
  },
  {
    code: "PLUGIN_ENTRYPOINT_KIND",
    files: {
      "holdfast.toml": exchanged(GOOD, 'entrypoint = "main.py"', 'entrypoint = ⟦"folder.py"'),
      "folder.py/x.txt": "a folder\n",
    },
    field: "/plugin/entrypoint",
    step: "Put a regular file there or correct the entrypoint",
    mended: { "holdfast.toml": GOOD, "folder.py": null },
    refused: "pack",
  },
  {
    code: "PLUGIN_ENTRYPOINT_RUNTIME",
    files: broken('runtime = "python"\nentrypoint = "main.py"', 'runtime = "node"\nentrypoint = ⟦"main.py"'),
    field: "/plugin/entrypoint",
    step: "Correct the runtime or the entrypoint",
    refused: "install",
  },
  {
    code: "PLUGIN_PACKAGE_TYPE",
    files: broken('package_type = "plugin"', 'package_type = ⟦"spec"'),
    field: "/package_type",
    step: "Write package_type as plugin",
    refused: "install",
  },
];

const ADVICE: readonly Case[] = [
  {
    code: "ADVICE_LICENSE_MISSING",
    files: withToml(`⟦${exchanged(GOOD, 'license = "MIT"\n', "")}`),
    field: "/",
    step: 'license = "MIT"',
    refused: "advice",
  },
  {
    code: "ADVICE_DESCRIPTION_MISSING",
    files: {
      "holdfast.toml": exchanged(
        exchanged(GOOD, 'description = "Writes daily notes."\n', ""),
        "[plugin]",
        "[⟦plugin]",
      ),
    },
    field: "/plugin",
    step: "Add plugin.description",
    refused: "advice",
  },
  {
    code: "ADVICE_HOST_RANGE_MISSING",
    files: withToml(`⟦${exchanged(GOOD, '[compat]\nhost = "^1.0.0"\n\n', "")}`),
    field: "/",
    step: "Add compat.host",
    refused: "advice",
  },
  {
    code: "ADVICE_HEALTH_MISSING",
    files: {
      "holdfast.toml": exchanged(
        exchanged(
          exchanged(
            GOOD,
            '[[plugin.health.checks]]\nid = "there"\nkind = "file"\npath = "modules/notes/main.py"\n',
            "",
          ),
          '"health", ',
          "",
        ),
        "[plugin]",
        "[⟦plugin]",
      ),
    },
    field: "/plugin",
    step: "Add plugin.health",
    refused: "advice",
  },
  {
    code: "ADVICE_PROBE_MISSING",
    files: {
      "holdfast.toml": exchanged(
        exchanged(
          exchanged(
            GOOD,
            '[[plugin.probes]]\nid = "smoke"\naction = "echo"\ninput = { text = "a" }\nexpect = {}\n',
            "",
          ),
          ', "probes"',
          "",
        ),
        "[plugin]",
        "[⟦plugin]",
      ),
    },
    field: "/plugin",
    step: "Add an entry to plugin.probes",
    refused: "advice",
  },
  {
    code: "ADVICE_EXAMPLES_MISSING",
    files: {
      "holdfast.toml": exchanged(
        exchanged(GOOD, '[[plugin.actions.examples]]\ninput = { text = "a" }\n', ""),
        "[[plugin.actions]]",
        "[[plugin.⟦actions]]",
      ),
    },
    field: "/plugin/actions/0",
    step: "Add an example with input and output to action echo",
    refused: "advice",
  },
  {
    code: "ADVICE_GLOB_WIDE",
    files: {
      "holdfast.toml": exchanged(
        exchanged(
          GOOD,
          'kind = "node"',
          'kind = "node"\nelevated = [{ permission = "files.read:**/*.md", reason = "reads every document" }]',
        ),
        'read = ["data',
        'read = [⟦"**/*.md", "data',
      ),
    },
    field: "/plugin/permissions/files/read/0",
    step: "Name the folder it needs",
    refused: "advice",
  },
  {
    code: "ADVICE_RANGE_OPEN",
    files: broken('host = "^1.0.0"', 'host = ⟦">=1.0.0"'),
    field: "/compat/host",
    step: 'for example "^1.0.0"',
    refused: "advice",
  },
  {
    code: "ADVICE_LIST_UNTIDY",
    files: broken('capability = ["actions", "config",', 'capability = ⟦["config", "actions",'),
    field: "/plugin/capability",
    step: "--fix",
    refused: "advice",
    run: async (_step, { pkg }, folder) => void (await pkg("preflight", folder, "--fix")),
  },
];

const SIGNED_POLICY = (signer: string): string => `[[signatures]]\nsigners = ["${signer}"]\n`;

const PLANE: readonly Case[] = [
  {
    code: "COMPAT_UNMET",
    files: broken('host = "^1.0.0"', 'host = ⟦"^99.0.0"'),
    field: "/compat/host",
    step: 'for example "^99.0.0 || 1.0.0"',
    mended: broken('host = "^1.0.0"', 'host = "^99.0.0 || 1.0.0"'),
    refused: "install",
  },
  {
    code: "DEPENDENCY_MISSING",
    files: withToml(`${GOOD}\n[[⟦dependencies]]\nid = "PKG-T0-BASE-001"\nrange = "^1.0.0"\n`),
    field: "/dependencies/0",
    plane: ({ put }) =>
      put({ "src/base/holdfast.toml": library("PKG-T0-BASE-001"), "src/base/x.py": "base = 1\n" }),
    step: "pkg install --id PKG-T0-BASE-001",
    run: async (step, at) => {
      await at.pkg("pack", "--src", "src/base");
      await follow(step, at);
    },
    refused: "install",
  },
  {
    code: "DEPENDENCY_CONFLICT",
    files: withToml(`${GOOD}\n[[⟦dependencies]]\nid = "PKG-T0-BASE-001"\nrange = "^9.0.0"\n`),
    field: "/dependencies/0",
    plane: (at) => have(at, "base", library("PKG-T0-BASE-001"), true),
    step: "or relax one of the ranges",
    mended: withToml(`${GOOD}\n[[dependencies]]\nid = "PKG-T0-BASE-001"\nrange = "^1.0.0"\n`),
    refused: "install",
  },
  {
    code: "CONFLICT_INSTALLED",
    files: withToml(exchanged(GOOD, 'license = "MIT"', 'license = "MIT"\nconflicts = [⟦"PKG-T1-OLD-001"]')),
    field: "/conflicts/0",
    plane: (at) => have(at, "old", library("PKG-T1-OLD-001"), true),
    step: "pkg uninstall --id PKG-T1-OLD-001",
    run: follow,
    refused: "install",
  },
  {
    code: "SPEC_NOT_REGISTERED",
    files: withToml(exchanged(GOOD, 'license = "MIT"', 'license = "MIT"\nspec_id = ⟦"SPEC-NOTES-001"')),
    field: "/spec_id",
    plane: async (at) => {
      await at.pkg("register", "FMWK-1", "--title", "One");
      at.put({
        "specs/SPEC-NOTES-001/manifest.yaml": "spec_id: SPEC-NOTES-001\ntitle: Notes\nframework_id: FMWK-1\n",
      });
    },
    step: "pkg register SPEC-NOTES-001",
    run: follow,
    refused: "install",
  },
  {
    code: "FRAMEWORK_NOT_REGISTERED",
    files: withToml(exchanged(GOOD, 'license = "MIT"', 'license = "MIT"\nframework_id = ⟦"FMWK-1"')),
    field: "/framework_id",
    plane: () => undefined,
    step: "pkg register FMWK-1 --title TITLE",
    run: follow,
    refused: "install",
  },
  {
    code: "FRAMEWORK_MISMATCH",
    files: withToml(
      exchanged(
        GOOD,
        'license = "MIT"',
        'license = "MIT"\nspec_id = "SPEC-NOTES-001"\nframework_id = ⟦"FMWK-2"',
      ),
    ),
    field: "/framework_id",
    plane: async (at) => {
      for (const id of ["FMWK-1", "FMWK-2"]) await at.pkg("register", id, "--title", id);
      at.put({
        "specs/SPEC-NOTES-001/manifest.yaml": "spec_id: SPEC-NOTES-001\ntitle: Notes\nframework_id: FMWK-1\n",
      });
      await at.pkg("register", "SPEC-NOTES-001");
    },
    step: "Declare framework_id FMWK-1",
    mended: withToml(
      exchanged(
        GOOD,
        'license = "MIT"',
        'license = "MIT"\nspec_id = "SPEC-NOTES-001"\nframework_id = "FMWK-1"',
      ),
    ),
    refused: "install",
  },
  {
    code: "DOWNGRADE_REFUSED",
    field: "/version",
    archive: "forged",
    files: broken('version = "1.0.0"', 'version = "0.9.0"'),
    plane: async (at, folder) => {
      await have(
        at,
        "notes",
        exchanged(GOOD, 'entrypoint = "main.py"', 'entrypoint = "x.py"').replace(
          "modules/notes/main.py",
          "modules/notes/x.py",
        ),
        true,
      );
      at.put({ [`${folder}/x.py`]: "notes = 1\n" });
    },
    step: "--allow-downgrade",
    mended: broken('version = "1.0.0"', 'version = "1.1.0"'),
    refused: "install",
  },
  {
    code: "PATH_OWNED",
    files: {},
    plane: (at) => {
      at.put({ "src/other/main.py": "other = 1\n" });
      return have(at, "other", library("PKG-T1-OTHER-001", 'target = "modules/notes"\n'), true);
    },
    step: "Uninstall PKG-T1-OTHER-001 first",
    run: async (_step, { pkg }) => void (await pkg("uninstall", "PKG-T1-OTHER-001")),
    refused: "install",
  },
  {
    code: "PATH_OCCUPIED",
    files: {},
    plane: ({ put }) => put({ "modules/notes/main.py": "somebody's work\n" }),
    step: "Move modules/notes/main.py away",
    run: async (_step, { put }) => put({ "modules/notes/main.py": null }),
    refused: "install",
  },
  {
    code: "PATH_THROUGH_LINK",
    files: {},
    plane: ({ root, put }) => {
      put({ "elsewhere/x": "x" });
      symlinkSync(join(root, "elsewhere"), join(root, "modules/notes"));
    },
    step: "Replace the link modules/notes by a real folder",
    run: async (_step, { root }) => unlinkSync(join(root, "modules/notes")),
    refused: "install",
  },
  {
    code: "TARGET_REFUSED",
    files: { "holdfast.toml": library(ID, 'target = ⟦"registries/notes"\n') },
    field: "/target",
    step: 'for example "modules/NAME"',
    mended: { "holdfast.toml": library(ID, 'target = "modules/notes"\n') },
    refused: "pack",
  },
  {
    code: "INSTALLED_DRIFTED",
    archive: "forged",
    files: broken('version = "1.0.0"', 'version = "1.1.0"'),
    plane: async (at, folder) => {
      await at.pkg("pack", "--src", folder);
      await have(
        at,
        "notes",
        exchanged(GOOD, 'entrypoint = "main.py"', 'entrypoint = "x.py"').replace(
          "modules/notes/main.py",
          "modules/notes/x.py",
        ),
        true,
      );
      at.put({ "modules/notes/x.py": "edited = 1\n", [`${folder}/x.py`]: "notes = 2\n" });
    },
    step: "--accept-drift",
    run: async (_step, { put }) => put({ "modules/notes/x.py": "notes = 1\n" }),
    refused: "install",
  },
  {
    code: "PLUGIN_NAMESPACE_TAKEN",
    files: withToml(exchanged(GOOD, 'namespace = "notes"', 'namespace = ⟦"notes"')),
    field: "/plugin/namespace",
    plane: async (at) => {
      await have(
        at,
        "other",
        exchanged(
          exchanged(GOOD, ID, "PKG-T1-OTHER-001"),
          'target = "modules/notes"',
          'target = "modules/other"',
        )
          .replace("main.py", "x.py")
          .replace("modules/notes/main.py", "modules/other/x.py")
          .replace('read = ["data/notes/**", "modules/notes/**"]', "read = []"),
        false,
      );
      const ran = await at.pkg("plugin", "register", "PKG-T1-OTHER-001");
      if (ran.status !== 0) throw new Error(ran.stderr);
    },
    step: "Choose another namespace",
    mended: withToml(
      exchanged(
        exchanged(GOOD, 'namespace = "notes"', 'namespace = "notes.two"'),
        'read = ["data/notes/**", "modules/notes/**"]',
        'read = ["modules/notes/**"]',
      ),
    ),
    refused: "install",
  },
  {
    code: "PLUGIN_ROOT_UNTRUSTED",
    files: withToml(
      exchanged(GOOD, 'target = "modules/notes"', 'target = ⟦"lib/notes"').replaceAll(
        "modules/notes/",
        "lib/notes/",
      ),
    ),
    field: "/target",
    step: "Set target to a folder in modules",
    refused: "install",
  },
  {
    code: "PLUGIN_POLICY_DENIED",
    files: withToml(exchanged(GOOD, 'kind = "node"', 'kind = ⟦"node"')),
    field: "/plugin/kind",
    plane: ({ put }) => put({ "config/policy.toml": '[organisation.permissions]\nkinds = ["agent"]\n' }),
    step: `pkg policy why ${ID}`,
    run: async (_step, { put }) =>
      put({ "config/policy.toml": '[organisation.permissions]\nkinds = ["agent", "node"]\n' }),
    refused: "install",
  },
  {
    code: "SIGNATURE_MISSING",
    archive: "packed",
    files: {},
    plane: async ({ put, pkg }, folder) => {
      await pkg("pack", "--src", folder);
      put({ "config/policy.toml": SIGNED_POLICY("ann") });
    },
    step: "pkg pack --src DIR --sign",
    run: async (_step, { put }) =>
      put({
        "config/policy.toml": `${SIGNED_POLICY("ann")}\n[[waivers]]\npackage = "${ID}"\nowner = "ann"\nreason = "until keys are here"\nexpires = 2099-01-01\n`,
      }),
    refused: "install",
  },
  {
    code: "SIGNING_KEY_UNTRUSTED",
    archive: "packed",
    files: {},
    plane: async ({ put, pkg }, folder) => {
      const packed = await pkg("pack", "--src", folder, "--sign");
      if (packed.status !== 0) throw new Error(packed.stderr);
      put({ "config/policy.toml": SIGNED_POLICY("bob") });
    },
    step: "Have it signed by bob",
    run: async (_step, { put }) => put({ "config/policy.toml": "" }),
    refused: "install",
  },
  {
    code: "NOT_REGISTERED",
    archive: "forged",
    files: {},
    plane: () => undefined,
    step: "--digest",
    refused: "install",
  },
  {
    code: "DIGEST_MISMATCH",
    archive: "forged",
    files: {},
    plane: async ({ pkg }, folder) => void (await pkg("pack", "--src", folder)),
    step: `add --digest `,
    refused: "install",
  },
  {
    code: "SOURCE_EMPTY",
    files: { "holdfast.toml": library(ID), ".holdfastignore": "*\n" },
    step: ".holdfastignore",
    mended: { "holdfast.toml": library(ID), ".holdfastignore": null },
    refused: "pack",
  },
  {
    code: "SOURCE_UNPACKABLE",
    files: {},
    plane: ({ root }, folder) => symlinkSync("main.py", join(root, folder, "link.py")),
    step: "Replace link.py by a regular file",
    run: async (_step, { root }, folder) => unlinkSync(join(root, folder, "link.py")),
    refused: "pack",
  },
  {
    code: "SOURCE_NAME_REFUSED",
    files: { "CON.py": "x = 1\n" },
    step: "Rename CON.py",
    mended: { "CON.py": null },
    refused: "pack",
  },
];

export const CASES: readonly Case[] = [...MANIFEST, ...PLUGIN, ...PLANE, ...ADVICE];
export const filesOf = ({ files = {} }: Case): Record<string, string | null> => ({ ...GOOD_FILES, ...files });
export const isMarked = (text: string | null): boolean => text?.includes(MARK) === true;
