import type { PreflightCheckId } from "../contracts/index.ts";

/** What a code of preflight means, with the smallest manifest that brings it about. */
export interface PreflightCode {
  readonly check: PreflightCheckId;
  /** What is wrong, in a few words. */
  readonly title: string;
  /** Why it matters. One or two sentences. */
  readonly help: string;
  /** What is wrong in a `holdfast.toml`, or what stands in the plane. */
  readonly broken: string;
  readonly fix: string;
}
