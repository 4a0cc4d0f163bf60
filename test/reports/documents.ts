/** Documents for the renderers: ordinary ones, and one in which every text tries to break out. */
import type { Finding } from "../../src/contracts/index.ts";
import type { FindingsDocument } from "../../src/reports/index.ts";

export const HOSTILE =
  "a'b\"<c>&amp;]]>`|*_[x](y)\\%0A::error::\u001b[2J\u0000\u202e\ufffe\ud800,:\r\n::notice::x -->";

export const aFinding = (changes: Partial<Finding> = {}): Finding => ({
  code: "FILE_DRIFT",
  severity: "error",
  message: "lib/a.py of PKG-T1-A-001 does not hold the bytes that were recorded",
  next_step: 'Run "integrity-check --fix" to restore it from the store.',
  path: "lib/a.py",
  line: 3,
  column: 2,
  package_id: "PKG-T1-A-001",
  expected: "0".repeat(64),
  actual: "1".repeat(64),
  ...changes,
});

const FINDINGS: readonly Finding[] = [
  aFinding(),
  aFinding({ waived: { owner: "ann", reason: "known until the move", expires: "2026-12-31" } }),
  aFinding({ code: "REGISTRY_EDITED", severity: "note", path: "registries/packages_registry.csv" }),
  { code: "NOTHING_VERIFIED", severity: "info", message: "no file", next_step: 'Run "pkg list".' },
];

export const hostile = (): Finding =>
  aFinding({
    message: HOSTILE,
    next_step: HOSTILE,
    path: `lib/${HOSTILE}`,
    package_id: HOSTILE,
    expected: HOSTILE,
    waived: { owner: HOSTILE, reason: HOSTILE, expires: "2026-12-31" },
  });

export const aDocument = (changes: Partial<FindingsDocument> = {}): FindingsDocument => ({
  tool: { name: "integrity-check", version: "1.2.3" },
  title: "Integrity of plane test",
  passed: false,
  findings: FINDINGS,
  counts: { match: 10, drift: 1 },
  rules: { FILE_DRIFT: { title: "Installed file changed", help: "A receipt says otherwise." } },
  home_path: "config/plane.toml",
  ...changes,
});

export const FAULT = {
  code: "PLANE_NOT_FOUND",
  message: "/x is not a plane",
  next_step: 'Run "pkg init /x".',
};

/** The same finding, not waived. */
export const bare = (finding: Finding): Finding => ({ ...finding, waived: undefined });
