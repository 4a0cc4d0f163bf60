/** The checks by name, and which of them a finding belongs to. */
import { PREFLIGHT_CHECKS, type PreflightCheckId } from "../contracts/index.ts";
import { PREFLIGHT_CODES } from "./codes.ts";

export const CHECK_TITLES: Readonly<Record<PreflightCheckId, string>> = {
  manifest: "The manifest follows its contract",
  "host-range": "This host is in the range it asks for",
  "api-range": "The API contract is in the range it asks for",
  "node-range": "Node is in the range it asks for",
  "python-range": "Python is in the range it asks for",
  "plane-capabilities": "The plane offers what it requires",
  profile: "A sandbox profile is assigned",
  permissions: "Every permission above the profile has a reason",
  "permission-policy": "Its permissions are within the policy",
  configuration: "Its configuration fits its schema",
  dependencies: "What it depends on can be had",
  "tier-direction": "It depends on its own tier or lower",
  "governance-chain": "Its spec and framework are registered",
  version: "Its version may enter",
  ownership: "Nobody else owns its paths",
  "signature-policy": "It is signed as the policy wants",
  "archive-safety": "Its files can be packed and unpacked safely",
  advice: "Advice",
};

/** Codes of other rooms that are no matter of the manifest. */
const ELSEWHERE: Readonly<Record<string, PreflightCheckId>> = {
  DEPENDENCY_RANGE: "dependencies",
  DEPENDENT_RANGE: "dependencies",
  PLUGIN_ENTRYPOINT_OUTSIDE: "ownership",
  SPEC_SYNTAX: "governance-chain",
  ALREADY_INSTALLED: "version",
  VERSION_EXISTS: "version",
  VERSION_WAS_INSTALLED: "version",
  PATH_RESERVED: "ownership",
  PLUGIN_RECORD_DAMAGED: "ownership",
  POLICY_LOOSENED: "permission-policy",
  POLICY_INVALID: "permission-policy",
  POLICY_CHANGED: "permission-policy",
  PLAIN_ARCHIVE_FORBIDDEN: "archive-safety",
  MANIFEST_MISSING: "archive-safety",
  MANIFEST_AMBIGUOUS: "archive-safety",
};
const BY_PREFIX: readonly (readonly [string, PreflightCheckId])[] = [
  ["ADVICE_", "advice"],
  ["ARCHIVE_", "archive-safety"],
  ["ASSET_", "archive-safety"],
  ["SOURCE_", "archive-safety"],
  ["SIGNATURE_", "signature-policy"],
  ["SIGNING_", "signature-policy"],
  ["PROVENANCE_", "signature-policy"],
  ["TRUSTED_", "signature-policy"],
  ["WHEEL_", "dependencies"],
];

/** @param runtime what a range is about, for the one code that four checks share */
export function checkOf(code: string, runtime?: unknown): PreflightCheckId {
  if (code === "COMPAT_UNMET")
    return PREFLIGHT_CHECKS.find((id) => id === `${String(runtime)}-range`) ?? "host-range";
  return (
    PREFLIGHT_CODES[code]?.check ??
    ELSEWHERE[code] ??
    BY_PREFIX.find(([prefix]) => code.startsWith(prefix))?.[1] ??
    "manifest"
  );
}
