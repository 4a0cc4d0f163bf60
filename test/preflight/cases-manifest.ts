/** Cases of the manifest by itself. */
import { type Case, follow, have, library, withToml } from "./case.ts";
import { broken, exchanged, GOOD, ID } from "./good.ts";

export const MANIFEST_CASES: readonly Case[] = [
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
