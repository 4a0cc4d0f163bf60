/** What health checks found, as data and as lines of text. */
import type { HealthCheck } from "../../contracts/index.ts";
import type { LayerName, LayerRefusal } from "../../sandbox/index.ts";

/** `unknown`: it could not be started, did not end in time, or no jail held. It is not healthy. */
export type HealthVerdict = "healthy" | "unhealthy" | "unknown";
/** `not needed`: nothing was run (kind `file`). `none`: the check was not run. */
export type HealthLayer = LayerName | "none (approved)" | "not needed" | "none";

export interface Judged {
  readonly verdict: HealthVerdict;
  /** Continues "health-check "imports" of PKG-X: "; one line. */
  readonly reason: string;
}

export interface HealthResult extends Judged {
  readonly package_id: string;
  readonly version: string;
  readonly id: string;
  readonly kind: HealthCheck["kind"];
  readonly duration_ms: number;
  readonly layer: HealthLayer;
}

export interface HealthReport {
  /** In the order in which they ran: packages as given, checks as declared. */
  readonly checks: readonly HealthResult[];
  readonly checks_count: number;
  readonly healthy_count: number;
  readonly unhealthy_count: number;
  readonly unknown_count: number;
  /** Layers looked at and not used, with reasons; empty when no check ran code. */
  readonly layers_refused: readonly LayerRefusal[];
}

export function healthReport(
  checks: readonly HealthResult[],
  layers_refused: readonly LayerRefusal[],
): HealthReport {
  const count = (verdict: HealthVerdict): number => checks.filter((one) => one.verdict === verdict).length;
  return {
    checks,
    checks_count: checks.length,
    healthy_count: count("healthy"),
    unhealthy_count: count("unhealthy"),
    unknown_count: count("unknown"),
    layers_refused,
  };
}

/** The first check that is not healthy; undefined when every one is, also when there is none. */
export const firstNotHealthy = ({ checks }: HealthReport): HealthResult | undefined =>
  checks.find(({ verdict }) => verdict !== "healthy");

/** One line a check, without a newline: `PKG-X 1.1.0 imports (import): healthy, 41 ms, bubblewrap`. */
export function healthLines({ checks }: HealthReport): string[] {
  return checks.map(({ package_id, version, id, kind, verdict, reason, duration_ms, layer }) => {
    const said = verdict === "healthy" ? "" : `: ${reason}`;
    return `${package_id} ${version} ${id} (${kind}): ${verdict}, ${duration_ms} ms, ${layer}${said}`;
  });
}
