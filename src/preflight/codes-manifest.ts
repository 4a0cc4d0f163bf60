/** Codes of the manifest by itself. */
import type { PreflightCode } from "./code.ts";

export const MANIFEST_CODES = {
  METADATA_SYNTAX: {
    check: "manifest",
    title: "No JSON or TOML",
    help: "The file cannot be read at all, so nothing in it is believed.",
    broken: 'id = "PKG-T1-NOTES-001',
    fix: 'id = "PKG-T1-NOTES-001"',
  },
  METADATA_INVALID: {
    check: "manifest",
    title: "A value of the wrong kind or form",
    help: "Every field that is accepted has an effect; one that cannot have its effect is refused.",
    broken: 'version = "1.0"',
    fix: 'version = "1.0.0"',
  },
  METADATA_FIELD_UNKNOWN: {
    check: "manifest",
    title: "A field nobody knows",
    help: "A misspelt field would be ignored in silence, so it is refused with the nearest known name.",
    broken: 'verson = "1.0.0"',
    fix: 'version = "1.0.0"',
  },
  METADATA_KEY_DUPLICATE: {
    check: "manifest",
    title: "A key written twice",
    help: "JSON readers keep the first or the last of them; which one counts must not depend on the reader.",
    broken: '{ "version": "1.0.0", "version": "2.0.0" }',
    fix: '{ "version": "2.0.0" }',
  },
  METADATA_DUPLICATE: {
    check: "manifest",
    title: "Something named twice",
    help: "Of two things with one name the second would be found by nobody.",
    broken: '[[plugin.actions]]\nid = "echo"\n[[plugin.actions]]\nid = "echo"',
    fix: '[[plugin.actions]]\nid = "echo"\n[[plugin.actions]]\nid = "shout"',
  },
  METADATA_TOO_LARGE: {
    check: "manifest",
    title: "Too large or too deep to be read",
    help: "A manifest is read whole before anything is known about it, so it has limits of size and depth.",
    broken: "metadata = [[[[ … a hundred levels … ]]]]",
    fix: "metadata = { }",
  },
  METADATA_CONFLICT: {
    check: "manifest",
    title: "Two files say different things",
    help: "A package may be described in several files, but no field may have two values.",
    broken: 'holdfast.toml: version = "1.0.0"\npyproject.toml: [project] version = "1.1.0"',
    fix: 'holdfast.toml: (no version)\npyproject.toml: [project] version = "1.1.0"',
  },
  METADATA_ID_MISSING: {
    check: "manifest",
    title: "No package id",
    help: "A package is registered, installed and traced by its id.",
    broken: 'version = "1.0.0"',
    fix: 'id = "PKG-T1-NOTES-001"\nversion = "1.0.0"',
  },
  RANGE_INVALID: {
    check: "manifest",
    title: "A range that is none",
    help: "A range nobody can read would hold for every version or for none.",
    broken: '[compat]\nhost = "newest"',
    fix: '[compat]\nhost = "^1.0.0"',
  },
  TIER_DIRECTION: {
    check: "tier-direction",
    title: "A dependency on a higher tier",
    help: "A package depends on its own tier or a lower one, so that a lower one never breaks with a higher one.",
    broken: 'id = "PKG-T1-NOTES-001"\n[[dependencies]]\nid = "PKG-T3-REPORTS-001"\nrange = "^1.0.0"',
    fix: 'id = "PKG-T1-NOTES-001"\n(no dependency on PKG-T3-REPORTS-001)',
  },
  PLANE_CAPABILITY_MISSING: {
    check: "plane-capabilities",
    title: "The plane does not offer what it requires",
    help: "A plugin that starts without what it needs fails in use; it is refused before it enters.",
    broken: '[plugin]\nrequires = ["teleport"]',
    fix: "[plugin]\nrequires = []",
  },
  ELEVATION_MISSING: {
    check: "permissions",
    title: "A permission above the profile without a reason",
    help: "What a kind of plugin may do by itself is its profile; anything above it needs a reason that a second person approves.",
    broken: '[plugin]\nkind = "node"\n[plugin.permissions]\nnetwork = ["api.example.org"]',
    fix: '[plugin]\nkind = "node"\n[plugin.permissions]\nnetwork = ["api.example.org"]\n[[plugin.elevated]]\npermission = "network:api.example.org"\nreason = "fetches the daily rates"',
  },
  ELEVATION_NEEDLESS: {
    check: "permissions",
    title: "A reason for a permission that needs none",
    help: "An elevated entry that raises nothing would ask a person to approve nothing; approvals must mean something.",
    broken:
      '[[plugin.elevated]]\npermission = "network:api.example.org"\nreason = "used to fetch rates"\n(and plugin.permissions asks for no network)',
    fix: "(no entry in plugin.elevated)",
  },
} as const satisfies Readonly<Record<string, PreflightCode>>;
