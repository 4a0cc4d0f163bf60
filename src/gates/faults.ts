import { defineFaults, kind } from "../kernel/index.ts";

export const { catalogue: gatesFaults, make } = defineFaults({
  GATE_CONFIG_INVALID: kind<{ path: string; field: string }>(
    2,
    (d) => `Correct ${d.field} in ${d.path}, then run "golden gate" again.`,
  ),
  GATE_SUBJECT_UNKNOWN: kind<{ package_id: string; version: string }>(
    1,
    (d) => `Pack it with "pkg pack", or look what is there with "pkg info ${d.package_id}".`,
  ),
  GATE_UNMET: kind<{
    package_id: string;
    version: string;
    digest: string;
    command: string;
    findings: readonly { readonly code: string; readonly message: string; readonly next_step: string }[];
  }>(3, (d) => `Run "${d.command}", then again what was refused.`),
  EVIDENCE_REPORT_INVALID: kind<{ path: string; field: string; refused_next?: string }>(
    2,
    (d) => d.refused_next ?? `Name a report as "golden run --json" prints it.`,
  ),
  EVIDENCE_OF_NOTHING: kind<{ skipped: readonly string[] }>(
    3,
    () => `Pack the version into the store, then run "golden run ID@VERSION --record".`,
  ),
});
