/** What each finding means, for viewers that show rules. Codes of the ledger's many breaks are told by their own messages. */
import type { Rule } from "../reports/index.ts";

const STORE =
  "The store is what installs and restores come from; each archive is named by a registry row with its digest.";
const OWNED = "A receipt vouched for by the ledger says which bytes and mode this path must have.";
const ROOTS = "Every file in a governed folder has an owner, is declared source, or is a finding.";
const ROWS = "Registries and receipts must tell the same story; the receipt is bound to the ledger.";
const ENVIRONMENT =
  "An environment holds what the wheels of a lock brought, and the receipt names the digest of all of it.";
const SIGNED =
  "config/policy.toml says who must have signed what; keys and policy count only as they were accepted.";
const WAIVERS =
  "config/waivers.toml names findings that somebody answers for, each with owner, reason and last day.";
const CONFIG = "The configuration decides what is looked at, so its digest is recorded in the ledger.";

export const INTEGRITY_RULES: Readonly<Record<string, Rule>> = {
  ARCHIVE_DRIFT: { title: "Archive changed", help: STORE },
  ARCHIVE_MISSING: { title: "Archive missing", help: STORE },
  ARCHIVE_NOT_FETCHED: { title: "Archive registered by URL and not fetched", help: STORE },
  ARCHIVE_UNREADABLE: { title: "Archive unreadable", help: STORE },
  ARTIFACT_DRIFT: {
    title: "Registered artifact changed",
    help: "Its content_hash in control_plane_registry names other bytes.",
  },
  ARTIFACT_MISSING: {
    title: "Registered artifact missing",
    help: "control_plane_registry names a path that is not there.",
  },
  BYTECODE_NOT_VERIFIABLE: {
    title: "Bytecode that cannot be checked",
    help: "No interpreter here can compile its source to compare.",
  },
  BYTECODE_UNOWNED: { title: "Bytecode without a source", help: ROOTS },
  CHAIN_BROKEN: {
    title: "Broken governance chain",
    help: "Package, spec and framework must each be registered.",
  },
  CHAIN_FILE_MISSING: {
    title: "Document missing",
    help: "A registered spec or framework has no document in the plane.",
  },
  CONFIG_EDITED: { title: "Configuration edited", help: CONFIG },
  CONFIG_UNRECORDED: { title: "Configuration never recorded", help: CONFIG },
  FILE_DRIFT: { title: "Installed file changed", help: OWNED },
  FILE_LEFT: {
    title: "File left by its package",
    help: "Edited configuration outlives its package and waits for a decision.",
  },
  FILE_MISSING: { title: "Installed file missing", help: OWNED },
  ENVIRONMENT_DRIFT: { title: "Python environment changed", help: ENVIRONMENT },
  ENVIRONMENT_NOT_BUILT: { title: "Python environment not built", help: ENVIRONMENT },
  ENVIRONMENT_UNNEEDED: { title: "Python environment of nothing installed", help: ENVIRONMENT },
  FILE_MODE_WIDENED: {
    title: "Permissions widened",
    help: "An install gives 0644 or 0755; more than that lets others change what runs.",
  },
  FILE_UNOWNED: { title: "File without an owner", help: ROOTS },
  FILE_UNREADABLE: { title: "File unreadable", help: OWNED },
  FOLDER_MODE_WIDENED: {
    title: "Folder writable by anybody",
    help: "Whoever writes a folder can exchange what lies in it.",
  },
  FOLDER_UNREADABLE: { title: "Folder unreadable", help: ROOTS },
  GENERATION_MISSING: {
    title: "Record of the last change missing",
    help: "Each plane records what its registries were committed with; without it an edit by hand looks like none.",
  },
  GOLDEN_EVIDENCE_CHANGED: {
    title: "Evidence changed",
    help: "Evidence that a package passed is recorded in the ledger by digest, and nothing else adds to it.",
  },
  INDEX_DIVERGED: {
    title: "Index differs from its files",
    help: "The index is derived: it may be behind the files, and is thrown away where it says something else.",
  },
  INSTALLED_FROM_OTHER_BYTES: { title: "Installed from other bytes than registered", help: STORE },
  NOTHING_VERIFIED: { title: "Nothing was verified", help: "A check that saw nothing fails." },
  OWNERSHIP_DIFFERS: { title: "Ownership row differs from its receipt", help: ROWS },
  OWNERSHIP_ROW_MISSING: { title: "Ownership row missing", help: ROWS },
  OWNERSHIP_WITHOUT_RECEIPT: { title: "Ownership row of nothing installed", help: ROWS },
  OWNERS_CONFLICT: { title: "Two owners of one path", help: "Every installed path has exactly one owner." },
  PACKAGE_UNREGISTERED: { title: "Installed and not registered", help: ROWS },
  PLANTED_BYTECODE: {
    title: "Planted bytecode",
    help: "Python would run it instead of the source beside it.",
  },
  PLUGIN_NOT_INSTALLED: {
    title: "Plugin counted as installed and not there",
    help: "The record of a plugin says it is installed; its package is not, or has another manifest.",
  },
  PLUGIN_RECORD_DAMAGED: {
    title: "Record of a plugin is not what was sealed",
    help: "State and grants are sealed with the plane's secret and named in the ledger; an edit or an older record put back is neither.",
  },
  PLUGIN_RECORD_MISSING: {
    title: "Record of a plugin missing",
    help: "The ledger knows a plugin whose state and grants are gone.",
  },
  RECEIPT_DAMAGED: {
    title: "Receipt damaged",
    help: "A receipt lists exactly what its manifest declares and what was installed.",
  },
  RECEIPT_MISSING: {
    title: "Receipt gone without an uninstall",
    help: "A package leaves by an uninstall, which is an entry of the ledger.",
  },
  RECEIPT_NOT_VOUCHED: {
    title: "Receipt without a voucher",
    help: "The newest ledger entry of a package names the digests of its receipt, manifest and archive.",
  },
  REGISTRY_EDITED: {
    title: "Registry edited by hand",
    help: "A valid edit is recorded by the next command that carries a token.",
  },
  SIDECAR_DIFFERS: { title: "Sidecar names another digest", help: STORE },
  SIDECAR_MISSING: { title: "Sidecar missing", help: STORE },
  POLICY_CHANGED: { title: "Policy is not the accepted one", help: SIGNED },
  POLICY_INVALID: { title: "Policy unreadable", help: SIGNED },
  PROVENANCE_INVALID: { title: "Provenance does not hold", help: SIGNED },
  PROVENANCE_MISMATCH: { title: "Provenance of another archive", help: SIGNED },
  PROVENANCE_MISSING: { title: "Provenance missing", help: SIGNED },
  SIGNATURE_INVALID: { title: "Signature does not hold", help: SIGNED },
  SIGNATURE_MISSING: { title: "Installed and not signed", help: SIGNED },
  SIGNING_KEYS_UNKNOWN: { title: "Signatures not verified", help: SIGNED },
  SIGNING_KEY_REVOKED: { title: "Signed by a revoked key", help: SIGNED },
  SIGNING_KEY_UNTRUSTED: { title: "Signed by somebody else", help: SIGNED },
  SPECIAL_FILE_UNOWNED: { title: "Device, pipe or socket", help: ROOTS },
  STATE_DIFFERS: { title: "State row differs from its receipt", help: ROWS },
  STATE_ROW_MISSING: { title: "State row missing", help: ROWS },
  STATE_WITHOUT_RECEIPT: { title: "State row of nothing installed", help: ROWS },
  STORE_COPIES_DIFFER: { title: "Latest archive is no stored version", help: STORE },
  STORE_COPY_MISSING: { title: "Installed archive not in the store", help: STORE },
  STORE_UNKNOWN: { title: "Unknown file in the store", help: STORE },
  TRUSTED_KEYS_CHANGED: { title: "Trusted keys differ from those pinned", help: SIGNED },
  SYMLINK_UNOWNED: { title: "Symlink without an owner", help: ROOTS },
  WAIVERS_INVALID: { title: "Waivers unreadable", help: WAIVERS },
  WAIVERS_UNRECORDED: { title: "Waivers not recorded", help: WAIVERS },
  WAIVER_EXPIRED: { title: "Waiver expired", help: WAIVERS },
  WAIVER_INCOMPLETE: { title: "Waiver incomplete", help: WAIVERS },
  WAIVER_REFUSED: { title: "Waiver for what nobody can waive", help: WAIVERS },
  WAIVER_UNUSED: { title: "Waiver that covers nothing", help: WAIVERS },
};
