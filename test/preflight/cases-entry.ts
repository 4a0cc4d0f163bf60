/** Cases of what is in the way: owners, policy, signatures, files. */
import { symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { type Case, have, library, withToml } from "./case.ts";
import { broken, exchanged, GOOD, ID } from "./good.ts";

const SIGNED_POLICY = (signer: string): string => `[[signatures]]\nsigners = ["${signer}"]\n`;

export const ENTRY_CASES: readonly Case[] = [
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
    code: "PLUGIN_CONFIG_INVALID",
    files: broken(
      'schema = { type = "object", properties = { port = { type = "integer" } } }\ndefaults = { port = 80 }',
      'schema = ⟦{ type = "object", properties = { port = { type = "string" } } }',
    ),
    field: "/plugin/config/schema",
    plane: async (at) => {
      const theirs = exchanged(GOOD, 'entrypoint = "main.py"', 'entrypoint = "x.py"').replace(
        "modules/notes/main.py",
        "modules/notes/x.py",
      );
      await have(at, "notes", theirs, false);
      for (const words of [
        ["plugin", "register", ID],
        ["plugin", "install", ID],
        ["configure", "notes", "port=90"],
      ]) {
        const ran = await at.pkg(...words);
        if (ran.status !== 0) throw new Error(ran.stderr);
      }
    },
    step: "pkg configure notes --show",
    refused: "advice",
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
