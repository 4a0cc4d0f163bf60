/** The order in which findings are reported. */
import type { Finding } from "../contracts/index.ts";
import { compareCodePoints } from "../kernel/index.ts";

/** The same finding may come up on several ways; it is said once. */
export function sorted(findings: readonly Finding[]): Finding[] {
  const distinct = new Map(findings.map((finding) => [JSON.stringify(finding), finding]));
  return [...distinct.values()].sort(
    (a, b) =>
      compareCodePoints(a.path ?? "", b.path ?? "") ||
      (a.line ?? 0) - (b.line ?? 0) ||
      compareCodePoints(a.code, b.code) ||
      compareCodePoints(a.message, b.message),
  );
}
