/** The checks by name, and which of them a finding belongs to. */
import { PREFLIGHT_CHECKS, type PreflightCheckId } from "../contracts/index.ts";

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

/** Codes by the check they fail. What is not named here and has no prefix below is a matter of the manifest. */
const BY_CODE: Readonly<Record<string, PreflightCheckId>> = {
  PLANE_CAPABILITY_MISSING: "plane-capabilities",
  ELEVATION_MISSING: "permissions",
  ELEVATION_NEEDLESS: "permissions",
  DEPENDENCY_MISSING: "dependencies",
  DEPENDENCY_RANGE: "dependencies",
  DEPENDENCY_CONFLICT: "dependencies",
  DEPENDENT_RANGE: "dependencies",
  CONFLICT_INSTALLED: "dependencies",
  TIER_DIRECTION: "tier-direction",
  SPEC_NOT_REGISTERED: "governance-chain",
  SPEC_SYNTAX: "governance-chain",
  FRAMEWORK_NOT_REGISTERED: "governance-chain",
  FRAMEWORK_MISMATCH: "governance-chain",
  ALREADY_INSTALLED: "version",
  DOWNGRADE_REFUSED: "version",
  VERSION_EXISTS: "version",
  VERSION_WAS_INSTALLED: "version",
  PATH_OWNED: "ownership",
  PATH_OCCUPIED: "ownership",
  PATH_THROUGH_LINK: "ownership",
  PATH_RESERVED: "ownership",
  TARGET_REFUSED: "ownership",
  INSTALLED_DRIFTED: "ownership",
  DIGEST_MISMATCH: "archive-safety",
  NOT_REGISTERED: "archive-safety",
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
];

/** @param runtime what a range is about, for the one code that four checks share */
export function checkOf(code: string, runtime?: unknown): PreflightCheckId {
  if (code === "COMPAT_UNMET")
    return PREFLIGHT_CHECKS.find((id) => id === `${String(runtime)}-range`) ?? "host-range";
  return BY_CODE[code] ?? BY_PREFIX.find(([prefix]) => code.startsWith(prefix))?.[1] ?? "manifest";
}
